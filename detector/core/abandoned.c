/* SPDX-License-Identifier: MIT
 *
 * See abandoned.h. An entry is void when the lock's memory is gone, or when another task has given
 * the lock up meanwhile (a mutex may be unlocked by whoever gets it handed over). The list is
 * rid of those when it has doubled, so that it stays as long as what is true.
 */
#include "base/dalloc.h"
#include "base/lock.h"
#include "core/abandoned.h"
#include "core/core.h"
#include "core/lockgraph.h"
#include "core/sync.h"

enum { LEAST = 64 };

static dt_lock lock; /* a leaf, but for that of the hand-overs */
static struct dt_abandoned *list;
static uint32_t entries, clean_at = LEAST;

static bool holds_still(const struct dt_abandoned *a)
{
    return dt_lockgraph_lock_lives(a->id) && !dt_lock_was_handed_over(a->lock, a->handovers);
}

static void clean(void)
{
    for (struct dt_abandoned **p = &list; *p;) {
        struct dt_abandoned *a = *p;
        if (holds_still(a)) {
            p = &a->next;
            continue;
        }
        *p = a->next;
        dt_free(a, sizeof *a);
        entries--;
    }
    clean_at = LEAST + 2 * entries;
}

/* Its memory was freed while it was held. */
static bool is_gone(const struct dt_held_lock *h)
{
    struct dt_sync *s = h->id ? NULL : dt_sync_lock(h->lock, false);
    if (s)
        dt_sync_unlock(s);
    return !h->id && !s;
}

void dt_abandoned_note(struct dt_task *t)
{
    dt_held_refresh(t);
    for (uint32_t i = 0; i < t->nheld; i++) {
        struct dt_held_lock *h = &t->held[i];
        if (h->kind == DT_LOCK_ROBUST || is_gone(h))
            continue;
        dt_lockgraph_number(h);
        struct dt_abandoned *a = dt_alloc(sizeof *a);
        *a = (struct dt_abandoned){
            .lock = h->lock,
            .task = t->info,
            .where = h->where,
            .id = h->id,
            .handovers = h->handovers,
            .kind = (enum dt_lock_kind)h->kind,
            .shared = h->shared,
        };
        dt_lock_take(&lock);
        a->next = list;
        list = a;
        if (++entries > clean_at)
            clean();
        dt_lock_drop(&lock);
    }
}

bool dt_is_abandoned(const void *object)
{
    if (!__atomic_load_n(&list, __ATOMIC_RELAXED))
        return false;
    struct dt_task *me = dt_core_enter();
    dt_lock_take(&lock);
    struct dt_abandoned *a = list;
    while (a && (a->lock != object || !holds_still(a)))
        a = a->next;
    dt_lock_drop(&lock);
    dt_core_leave(me);
    return a != NULL;
}

/* Not reported yet; marked as reported. */
static bool take_next(const void *object, struct dt_abandoned *ret_copy)
{
    struct dt_task *me = dt_core_enter();
    dt_lock_take(&lock);
    struct dt_abandoned *a = list;
    while (a && (a->reported || (object && a->lock != object) || !holds_still(a)))
        a = a->next;
    if (a) {
        a->reported = true;
        *ret_copy = *a;
    }
    dt_lock_drop(&lock);
    dt_core_leave(me);
    return a != NULL;
}

void dt_abandoned_each(const void *object, void (*fn)(const struct dt_abandoned *a))
{
    struct dt_abandoned copy;
    while (take_next(object, &copy))
        fn(&copy);
}

void dt_abandoned_each_task(void (*fn)(struct dt_task_info *info))
{
    for (const struct dt_abandoned *a = list; a; a = a->next)
        fn(a->task);
}
