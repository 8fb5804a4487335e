/* SPDX-License-Identifier: MIT
 *
 * Finds which segments, contexts, task records and task indices are still referred to, and frees
 * the others (docs/shadow.md).
 */
#ifndef DT_SWEEP_H
#define DT_SWEEP_H

#include "core/task.h"

/* Called inside the core, outermost: no lock held, no id in a register. Returns
 * without effect when another task sweeps meanwhile or the gate cannot be closed. */
void dt_sweep(struct dt_task *me);
uint64_t dt_sweep_count(void);
/* No sweep begins until it is let in; false: one is going on. */
bool dt_sweep_keep_out(void);
void dt_sweep_let_in(void);

/* --- what the core needs of tasks beyond task.h --- */

void dt_task_init(void);
struct dt_task_info *dt_task_info_at(uint32_t id);
/* Sets t->epoch for a new record: later than what was published. Takes a new index at the end of
 * the old one's range. */
void dt_task_renew_epoch(struct dt_task *t);
/* t's past now includes clock and all of (index, epoch). False: it did already. */
bool dt_task_learn(
    struct dt_task *t, const struct dt_clock *clock, struct dt_moment latest, struct dt_moment own);
void dt_task_each(void (*fn)(struct dt_task *t, void *arg), void *arg);
uint32_t dt_task_live(void);
/* Forked child: t does not exist any more. */
void dt_task_gone(struct dt_task *t);
/* Frees the records that were marked neither in this round nor in the one before. */
void dt_task_info_sweep(uint32_t round);

/* An index for a task that `creator` makes (NULL: unrelated), and its first epoch. */
dt_index dt_index_take(const struct dt_task *creator, dt_epoch *ret_first);
void dt_index_retire(dt_index i, dt_epoch epoch);
uint32_t dt_index_end(void);        /* indices are below */
dt_epoch dt_index_last(dt_index i); /* 0 while its task lives */
/* seen[i] = 1 for i that is not retired. */
void dt_index_mark_live(uint8_t *seen, uint32_t n);
/* Retired indices below n of which no segment was seen may be used by anybody. */
void dt_index_free_unseen(const uint8_t *seen, uint32_t n);

/* Of sync objects and races. */
void dt_sync_each_single(void (*fn)(dt_index i)); /* whose past is told by (index, epoch) */
void dt_race_forget_recent(void);

#endif
