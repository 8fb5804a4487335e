/* SPDX-License-Identifier: MIT
 *
 * Deadlocks that pass through channels, wait groups and conds, found while the program goes on: a
 * goroutine waits for one of these with a lock that others wait for, and nobody who can still run
 * refers to it.
 *
 * The proof is a search of memory, with the process stopped. It is done only for goroutines that
 * have stood like that in two looks of the monitor thread's, and takes a hundredth of the time at
 * most; the more often in vain, the more seldom.
 */
#ifndef DT_MEANWHILE_H
#define DT_MEANWHILE_H

#include <stdbool.h>
#include <stdint.h>

struct dt_task;
struct gorc__inspect_g;

/* Of the monitor thread. One look: begin, with the gate closed each goroutine that waits long for a
 * lock, and each other that may hold one; then stands. */
void dt_meanwhile_begin(void);
void dt_meanwhile_waits(const struct gorc__inspect_g *g);
void dt_meanwhile_may_hold(const struct gorc__inspect_g *g, const struct dt_task *task);
/* True: a search is worth while. *ret_soon: somebody stands so for the first time. */
bool dt_meanwhile_stands(int64_t now, bool *ret_soon);
/* With the gate open. Reports what it finds. `floor`: reach.h. */
void dt_meanwhile_search(int64_t now, uintptr_t floor);

#endif
