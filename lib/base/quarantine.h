/* SPDX-License-Identifier: MIT
 *
 * Freed records that a program may still name by mistake. In the race library they are kept,
 * marked by their owner, while the next thousand are freed, so that a late use is a report; in
 * production they are freed at once.
 */
#ifndef GORC_LIB_BASE_QUARANTINE_H
#define GORC_LIB_BASE_QUARANTINE_H

/* Frees p, from gorc__alloc, now or later. */
void gorc__quarantine(void *p);

#endif
