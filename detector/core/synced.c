/* SPDX-License-Identifier: MIT
 *
 * Looking through the last synchronisations of a task. It may go on meanwhile: an entry that is
 * overwritten in between has two halves of different epochs, or one that is too late.
 */
#include "core/synced.h"

static dt_epoch epoch_of(const struct dt_synced *s)
{
    return (dt_epoch)(s->place >> DT_SYNCED_EPOCH_SHIFT << 16 | s->object >> DT_SYNCED_EPOCH_SHIFT);
}

static struct dt_synced_place place_of(const struct dt_synced *s)
{
    return (struct dt_synced_place){.pcs = {(uintptr_t)(s->place & DT_SYNCED_ADDRESS), s->outer},
        .object = (uintptr_t)(s->object & DT_SYNCED_ADDRESS),
        .release = (s->place & DT_SYNCED_RELEASE) != 0,
        .known = true};
}

/* A release ends its epoch, so it was made after all accesses of that epoch. An acquire may have
 * been made anywhere in its own. */
bool dt_synced_around(const struct dt_task_info *info, dt_epoch epoch, bool now,
    struct dt_synced_place *ret_before, struct dt_synced_place *ret_after)
{
    *ret_before = *ret_after = (struct dt_synced_place){.known = false};
    uint32_t n = __atomic_load_n(&info->nsynced, __ATOMIC_RELAXED);
    uint32_t kept = n < DT_SYNCED ? n : DT_SYNCED;
    bool maybe = n > kept;
    for (uint32_t i = 1; i <= kept; i++) {
        const struct dt_synced *from = &info->synced[(n - i) % DT_SYNCED];
        struct dt_synced s = {__atomic_load_n(&from->place, __ATOMIC_RELAXED),
            __atomic_load_n(&from->object, __ATOMIC_RELAXED),
            __atomic_load_n(&from->outer, __ATOMIC_RELAXED)};
        bool later = epoch_of(&s) >= epoch;
        if (now || !later) {
            *ret_before = place_of(&s);
            return true;
        }
        if (s.place & DT_SYNCED_RELEASE)
            *ret_after = place_of(&s);
        else
            maybe |= epoch_of(&s) == epoch;
    }
    if (n > DT_SYNCED) /* the first one after the access may be among the lost */
        ret_after->known = false;
    return maybe;
}
