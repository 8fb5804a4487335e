/* SPDX-License-Identifier: MIT
 *
 * Locks of the program's own, for the calls that give up or take all holds at once.
 */
#ifndef DT_HOLD_H
#define DT_HOLD_H

/* How often the lock is held by its holder; at least 1. */
int dt_hold_count(const void *lock);

#endif
