/* SPDX-License-Identifier: MIT
 *
 * Who is stuck behind a leaked goroutine: it waits for a lock which that one has.
 */
#ifndef DT_BEHIND_H
#define DT_BEHIND_H

#include <stdint.h>

struct dt_reach;

/* The goroutine (in reach->all) at the end of the chain of lock holders that begins at i: it is
 * blocked, and not on a lock. AN_NONE: i waits for no lock, or there is no such chain. With the
 * goroutines stopped. */
uint32_t dt_stuck_behind(const struct dt_reach *reach, uint32_t i);

#endif
