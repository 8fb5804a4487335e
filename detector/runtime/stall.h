/* SPDX-License-Identifier: MIT
 *
 * Goroutines that can never go on because of a lock, while others may have gone on: cycles of
 * lock waits, and locks whose holder is itself blocked for good.
 */
#ifndef DT_STALL_H
#define DT_STALL_H

#include <stdbool.h>
#include <stdint.h>

struct dt_reach;
struct dt_stalls;

/* Looks at all blocked goroutines, or at the descendants of goroutine `below` (0: all). Call it
 * with the goroutines stopped. `at_end`: nothing of the program will run any more, so that a holder
 * blocked on a channel, wait group or cond is blocked for good. `reach`: what memory says of these.
 * NULL: none. */
struct dt_stalls *dt_stalls_find(uint64_t below, bool at_end, const struct dt_reach *reach);
/* True when the goroutine is part of one; NULL is allowed. */
bool dt_stalls_have(const struct dt_stalls *s, uint64_t goid);
/* Records a finding for each and frees `s`. Calls the report hook: nothing may be stopped. */
void dt_stalls_report(struct dt_stalls *s);

#endif
