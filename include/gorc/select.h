/* SPDX-License-Identifier: MIT
 *
 * Select: wait for the first of several channel operations.
 */
#ifndef GORC_SELECT_H
#define GORC_SELECT_H

#include <gorc/base.h>

GORC_BEGIN_DECLS

struct gorc_chan;

/* One case of a select. Made by the gorc_case_* functions; the fields but `ok` are the library's.
 */
typedef struct gorc_case {
    struct gorc_chan *chan;
    void *value;
    int64_t ns;
    int kind;
    bool ok; /* after the select, for the receive case that ran: false when closed and drained */
} gorc_case;

/* Send *value to c; the value is read when the case runs. A NULL channel is never ready. */
GORC_API gorc_case gorc_case_send(struct gorc_chan *c, const void *value);
/* Receive into *value (NULL: drop it). A closed and drained channel is ready, with ok == false. */
GORC_API gorc_case gorc_case_recv(struct gorc_chan *c, void *value);
/* A time-out of ns nanoseconds, counted from each gorc_select call; with several the shortest
 * counts. gorc_select_try takes it when ns <= 0. */
GORC_API gorc_case gorc_case_after(int64_t ns);

/* Blocks until one case can run, runs it, returns its index. Among several that are ready the
 * choice is uniformly random. n == 0 blocks for ever. The same channel may be in several cases. */
GORC_API int gorc_select(gorc_case *cases, size_t n);
/* As gorc_select, but returns -1 when no case is ready (Go's default clause). */
GORC_API int gorc_select_try(gorc_case *cases, size_t n);

GORC_END_DECLS

#endif
