/* SPDX-License-Identifier: MIT
 *
 * Where a task has synchronised last, so that a report of a race can say what each side did before
 * it. Only the newest few places are kept, by whoever synchronises, at the price of four stores.
 */
#ifndef DT_SYNCED_H
#define DT_SYNCED_H

#include "core/task.h"

/* An address has 47 bits; the others are taken up by the epoch's halves. */
enum { DT_SYNCED_EPOCH_SHIFT = 48 };
#define DT_SYNCED_RELEASE ((uint64_t)1 << 47)
#define DT_SYNCED_ADDRESS (DT_SYNCED_RELEASE - 1)

/* t learns something from or releases to `object` (0: a task), in the call that returns to
 * t->caller. */
static inline void dt_synced(struct dt_task *t, uintptr_t object, bool release)
{
    struct dt_task_info *info = t->info;
    struct dt_synced *s = &info->synced[info->nsynced++ % DT_SYNCED];
    uint64_t epoch = t->epoch, kind = release ? DT_SYNCED_RELEASE : 0;
    __atomic_store_n(&s->place,
        (t->caller & DT_SYNCED_ADDRESS) | kind | epoch >> 16 << DT_SYNCED_EPOCH_SHIFT,
        __ATOMIC_RELAXED);
    __atomic_store_n(&s->object, (object & DT_SYNCED_ADDRESS) | epoch << DT_SYNCED_EPOCH_SHIFT,
        __ATOMIC_RELAXED);
    __atomic_store_n(&s->outer, t->top->pc, __ATOMIC_RELAXED);
}

/* One of them, for reports. */
struct dt_synced_place {
    uintptr_t pcs[2]; /* return addresses of the call and of its function's; 0: not known */
    uintptr_t object; /* 0: a task */
    bool release, known;
};
/* What `info`'s task did last before the access that it made in `epoch`: `now`: it has done nothing
 * since, so that the newest one counts. Its first release after that access goes to ret_after.
 * Each may be unknown: not made, or more than DT_SYNCED others came after it, or an acquire of
 * which it cannot be told. False: since its start the task has not synchronised before the access.
 */
bool dt_synced_around(const struct dt_task_info *info, dt_epoch epoch, bool now,
    struct dt_synced_place *ret_before, struct dt_synced_place *ret_after);

#endif
