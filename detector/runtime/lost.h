/* SPDX-License-Identifier: MIT
 *
 * Contexts that nobody cancelled, timers that nobody stopped, channels that nobody freed, and to
 * which nothing refers any more: findings at level suspect.
 */
#ifndef DT_LOST_H
#define DT_LOST_H

struct dt_lost;
struct dt_reach;

/* What a look found; NULL: nothing. To be given to dt_lost_report. */
struct dt_lost *dt_lost_collect(const struct dt_reach *r);
/* Calls the program's report hook. Frees the list. */
void dt_lost_report(struct dt_lost *list);

#endif
