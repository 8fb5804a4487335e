/* SPDX-License-Identifier: MIT
 *
 * Words and stacks for the things that leak, deadlock, misuse and dump reports show.
 */
#ifndef DT_DESCRIBE_H
#define DT_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stack.h"
#include "lib/inspect.h"

struct dt_finding_object;
struct dt_task_info;
struct dt_thread;
struct dt_wait;

/* "chan", "mutex" ...; NULL for GORC__OBJ_NONE. */
const char *dt_object_kind(enum gorc__object_kind kind);
/* The name from gorc_set_name. */
bool dt_object_name(const void *object, char ret_name[24]);

/* Text into a fixed buffer; always terminated, cut when too long. */
struct dt_text {
    char *at;
    size_t left;
};
void dt_text_add(struct dt_text *t, const char *s);
void dt_text_u64(struct dt_text *t, uint64_t n);
void dt_text_hex(struct dt_text *t, uint64_t n);
void dt_text_ns(struct dt_text *t, int64_t ns); /* "1.2 s" */

/* "waits to receive from chan 0x... ('jobs')" */
void dt_describe_wait(struct dt_text *t, const struct gorc__inspect_g *g);
/* "chan 0x... 'jobs'": what it waits for. */
void dt_describe_object(struct dt_text *t, const struct gorc__inspect_g *g);
/* ", held by goroutine 7", ", which it holds itself"; nothing when unknown. */
void dt_describe_holder(struct dt_text *t, const struct gorc__inspect_g *g);

/* Where the goroutine that holds what `g` waits for took it, and who it is; 0: unknown. With the
 * goroutines stopped. */
dt_stackid dt_holder_place(const struct gorc__inspect_g *g, const struct dt_task_info **ret_holder);

/* A goroutine that runs may be inside a call that blocks its thread. */
bool dt_goroutine_wait(const struct gorc__inspect_g *g, struct dt_wait *ret_wait);
/* "waits in pthread mutex 0x..." */
void dt_describe_call(struct dt_text *t, const struct dt_wait *w);

/* The stack of a goroutine that does not run, or the shadow stack of one that does. Return
 * addresses, innermost first. */
size_t dt_goroutine_stack(const struct gorc__inspect_g *g, uintptr_t *ret_pcs, size_t max);
/* And where its return addresses lie (report/unwind.h). */
struct dt_unwind_slots;
size_t dt_goroutine_stack_slots(const struct gorc__inspect_g *g, uintptr_t *ret_pcs, size_t max,
    struct dt_unwind_slots *ret_slots);
/* The same for a plain thread: unwound while it waits, else its shadow stack. */
size_t dt_thread_stack(const struct dt_thread *th, uintptr_t *ret_pcs, size_t max);

/* Once, at a safe time: it takes the loader's lock. */
void dt_describe_init(void);
/* dt_describe_task of report/finding.h. */
bool dt_task_runs(const struct dt_task_info *task, int *ret_tid);
/* Whose stack holds addr (dt_describe_address of report/finding.h). */
bool dt_address_owner(uintptr_t addr, struct dt_finding_object *ret_object);

#endif
