/* SPDX-License-Identifier: MIT
 *
 * On which channels a parked goroutine waits, kept for a report that is made when it may run again.
 */
#ifndef DT_CASES_H
#define DT_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stack.h"
#include "lib/inspect.h"
#include "runtime/describe.h"

struct dt_finding;

enum { DT_CASES_KEPT = 4, DT_MADE_MAX = 8, DT_MADE_NOTE = 320, DT_CASES_TEXT = 480 };

struct dt_case {
    const void *chan; /* NULL: a nil channel, or a time-out */
    const char *owner;
    char name[24];
    dt_stackid created;
    bool sends, is_timeout;
};

struct dt_cases {
    struct dt_case kept[DT_CASES_KEPT];
    uint32_t n; /* of the kept */
    uint32_t total;
};

/* With the goroutine parked: the first cases of its select, or the channel of its send or receive.
 * total = 0 for other waits. */
void dt_cases_look(struct dt_cases *ret_cases, const struct gorc__inspect_g *g);

/* ": receive from chan 0x... 'quit', send on chan 0x... and 2 more"; nothing of other waits than a
 * select. */
void dt_cases_describe(
    struct dt_text *t, const struct gorc__inspect_g *g, const struct dt_cases *c);

/* Where channels were made, each place once. */
struct dt_made {
    struct dt_made_place {
        dt_stackid created;
        const void *chans[DT_CASES_KEPT];
        uint32_t n, more; /* channels named in the note, and not */
        char note[DT_MADE_NOTE];
    } at[DT_MADE_MAX];
    uint32_t n, left_out;
};

void dt_made_add(struct dt_made *m, const struct dt_cases *c);
/* As "channel created by" stacks, at most as many as there is room for besides `reserve`. `m` must
 * outlive the finding. */
void dt_made_stacks(struct dt_made *m, struct dt_finding *f, size_t reserve);

#endif
