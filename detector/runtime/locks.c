/* SPDX-License-Identifier: MIT
 *
 * Lock bookkeeping; see locks.h. The holder is set after the real lock was taken and cleared before
 * it is given up, so that a holder that is seen is one, and "nobody" may be late.
 */
#include <stddef.h>
#include <string.h>

#include "core/depend.h"
#include "core/lockgraph.h"
#include "core/stack.h"
#include "core/sync.h"
#include "core/task.h"
#include "report/finding.h"
#include "runtime/earlier.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"
#include "runtime/waiter.h"

const char dt_wait_mutex[] = "pthread mutex";
const char dt_wait_rwlock[] = "pthread rwlock";
const char dt_wait_spin[] = "pthread spinlock";
const char dt_wait_join[] = "pthread join";

bool dt_wait_is_lock(const char *reason)
{
    return reason == dt_wait_mutex || reason == dt_wait_rwlock || reason == dt_wait_spin;
}

bool dt_wait_is_pthread(const char *reason)
{
    return strncmp(reason, "pthread ", 8) == 0 || strcmp(reason, "semaphore") == 0;
}

void dt_deadline_in(struct timespec *ret_until, int ms)
{
    clock_gettime(CLOCK_MONOTONIC, ret_until);
    ret_until->tv_nsec += ms * 1000000L;
    ret_until->tv_sec += ret_until->tv_nsec / 1000000000;
    ret_until->tv_nsec %= 1000000000;
}

void dt_lock_created(struct dt_task *t, const void *lock, uintptr_t pc)
{
    dt_begin(t);
    dt_sync_forget(lock, 1);
    struct dt_sync *s = dt_sync_lock(lock, true);
    if (s) {
        s->created = dt_here(t, pc);
        dt_sync_unlock(s);
    }
    dt_finish(t);
}

/* What is read of the lock's object for the entry of the held lock. */
struct held_note {
    uint32_t id;
    struct dt_before before;
    struct dt_clock order;
};

/* With s locked. */
static struct held_note note_of(const struct dt_sync *s)
{
    struct held_note n = {.id = s->order_id};
    if (__builtin_expect(s->order.root != 0, 0))
        dt_clock_copy(&n.order, &s->order);
    return n;
}

static uint8_t what_of(enum dt_lock_kind kind)
{
    switch (kind) {
    case DT_LOCK_MUTEX:
        return DT_SYNC_MUTEX;
    case DT_LOCK_SPIN:
        return DT_SYNC_SPIN;
    case DT_LOCK_RWLOCK:
    case DT_LOCK_RWLOCK_WRITERS:
        return DT_SYNC_RWLOCK;
    default:
        return DT_SYNC_SHARED;
    }
}

static struct dt_held_lock *hold(struct dt_task *t, const void *lock, enum dt_lock_kind kind,
    uint32_t how, uintptr_t pc, struct held_note *n)
{
    struct dt_held_lock *h = dt_task_lock_held(t, lock, kind, how, pc);
    h->id = n->id;
    h->before = n->before;
    if (__builtin_expect(n->order.root != 0, 0)) {
        dt_lockgraph_take_order(h, &n->order);
        dt_clock_clear(&n->order);
    }
    return h;
}

/* Of the readers' releases. */
static const void *readers_key(const void *lock)
{
    return (const char *)lock + 1;
}

void dt_lock_acquired(
    struct dt_task *t, const void *lock, enum dt_lock_kind kind, uint32_t how, uintptr_t pc)
{
    struct dt_found_cycle *found = NULL;
    dt_begin(t);
    dt_depend_settle(t);
    uint32_t me = t->info->uid;
    struct dt_sync *s = dt_sync_lock(lock, true);
    if (s && s->owner_uid == me && s->recursion && !(s->flags & DT_LOCK_SHARED)) {
        s->recursion++; /* a recursive mutex: the outermost hold counts */
        dt_sync_unlock(s);
    } else if (s) {
        bool has_readers = s->flags & DT_LOCK_HAS_READERS;
        struct dt_before before = dt_depend_before(t, s);
        dt_sync_acquire_turn(t, s);
        s->owner_uid = me;
        s->recursion = 1;
        s->what = what_of(kind);
        s->flags &= ~DT_LOCK_SHARED;
        struct held_note note = note_of(s);
        note.before = before;
        dt_sync_unlock(s);
        if (has_readers)
            dt_acquire_turn(t, readers_key(lock));
        /* This may make a context, so it is done outside of s's lock. While we hold the real lock
         * nobody else sets `locked`. */
        struct dt_held_lock *h = hold(t, lock, kind, how, pc, &note);
        __atomic_store_n(&s->locked_uid, me, __ATOMIC_RELAXED);
        __atomic_store_n(&s->locked, h->where, __ATOMIC_RELAXED);
        if (dt_lockgraph_wants(t, h))
            found = dt_lockgraph_acquired(t);
        dt_depend_locked(t);
    }
    dt_finish(t);
    if (__builtin_expect(found != NULL, 0))
        dt_lockgraph_deliver(found);
}

void dt_lock_acquired_shared(
    struct dt_task *t, const void *lock, enum dt_lock_kind kind, uint32_t how, uintptr_t pc)
{
    dt_begin(t);
    dt_depend_settle(t);
    struct held_note note = {0};
    struct dt_held_lock *h = hold(t, lock, kind, how | DT_HOW_SHARED, pc, &note);
    struct dt_sync *s = dt_sync_lock(lock, true);
    if (s) {
        dt_sync_acquire_turn(t, s);
        if (!(s->flags & DT_LOCK_SHARED))
            s->owner_uid = s->recursion = 0;
        s->flags |= DT_LOCK_SHARED | DT_LOCK_HAS_READERS;
        s->owner_uid ^= t->info->uid;
        s->recursion++;
        s->what = what_of(kind);
        dt_sync_taken(s, t, h->where);
        h->id = s->order_id;
        dt_lockgraph_take_order(h, &s->order);
        dt_sync_unlock(s);
    }
    struct dt_found_cycle *found = dt_lockgraph_wants(t, h) ? dt_lockgraph_acquired(t) : NULL;
    dt_depend_locked(t);
    dt_finish(t);
    if (__builtin_expect(found != NULL, 0))
        dt_lockgraph_deliver(found);
}

/* With s locked. True: the task holds it no more. */
static bool release_shared(struct dt_task *t, struct dt_sync *s)
{
    s->owner_uid ^= t->info->uid;
    if (s->recursion)
        s->recursion--;
    if (!s->recursion)
        s->owner_uid = 0;
    return true;
}

static bool release_exclusive(struct dt_task *t, struct dt_sync *s)
{
    bool mine = s->owner_uid == t->info->uid;
    if (mine && s->recursion > 1) {
        s->recursion--;
        return false;
    }
    /* What the holder has not acquired is not to be replaced. */
    if (mine)
        dt_sync_release_store_turn(t, s);
    else
        dt_sync_release_turn(t, s);
    s->owner_uid = s->recursion = 0;
    return true;
}

static bool release(struct dt_task *t, const void *lock, bool any)
{
    dt_begin(t);
    dt_stackid where = dt_earlier_here(t);
    struct dt_sync *s = dt_sync_lock(lock, true);
    bool shared = s && (s->flags & DT_LOCK_SHARED);
    if (s && !any && !shared && s->owner_uid && s->owner_uid != t->info->uid) {
        dt_sync_unlock(s);
        dt_finish(t);
        return false;
    }
    if (shared) {
        dt_sync_unlock(s);
        dt_release_turn(t, readers_key(lock)); /* before the holder count goes down */
        s = dt_sync_lock(lock, true);
    }
    bool given_up = s ? (shared ? release_shared(t, s) : release_exclusive(t, s)) : false;
    if (given_up)
        dt_sync_left(s, t, where);
    if (s)
        dt_sync_unlock(s);
    if (given_up && !dt_task_lock_released(t, lock))
        dt_lock_handed_over(lock);
    dt_finish(t);
    return true;
}

bool dt_lock_releasing(struct dt_task *t, const void *lock)
{
    return release(t, lock, false);
}

void dt_lock_releasing_any(struct dt_task *t, const void *lock)
{
    release(t, lock, true);
}

void dt_lock_destroyed(struct dt_task *t, const void *lock, size_t size)
{
    dt_begin(t);
    dt_sync_forget(lock, size);
    dt_finish(t);
}

uint32_t dt_lock_holder(const void *lock, dt_stackid *ret_where)
{
    struct dt_sync *s = dt_sync_lock(lock, false);
    if (!s)
        return 0;
    uint32_t uid = s->owner_uid;
    if ((s->flags & DT_LOCK_SHARED) && s->recursion != 1)
        uid = 0;
    *ret_where = s->locked;
    dt_sync_unlock(s);
    return uid;
}

void dt_lock_misuse(struct dt_task *t, const void *lock, const char *object_kind, const char *rule,
    const char *words, uintptr_t pc)
{
    dt_begin(t);
    struct dt_uses u;
    struct dt_earlier earlier = {.n = 0};
    dt_uses_of(lock, &u);
    struct dt_finding f = {
        .kind = "misuse",
        .rule = rule,
        .words = words,
        .certainty = DT_CERTAIN,
        .message = u.locked || !u.is_free ? NULL : "it has never been locked",
        .object = {.kind = object_kind, .name = u.name[0] ? u.name : NULL, .addr = (uintptr_t)lock},
        .counts = true,
    };
    dt_finding_stack(&f, "misuse", t->info, dt_here_native(t, pc), NULL);
    dt_earlier_add(&earlier, &f, "last locked by", u.locked, u.locked_uid, NULL);
    if (u.is_free)
        dt_earlier_add(&earlier, &f, "last unlocked by", u.left, u.left_uid, NULL);
    struct dt_waiter w;
    bool waits = strcmp(rule, "destroy-locked") == 0 && dt_waiter_find(lock, &w);
    if (waits)
        dt_finding_stack(&f, "blocked", w.task, w.stack, "waits for it");
    if (u.created)
        dt_finding_stack(&f, "object created by", NULL, u.created, NULL);
    dt_finding_creation(&f, t->info);
    if (waits)
        dt_finding_creation(&f, w.task);
    dt_earlier_creations(&earlier, &f);
    dt_finish(t);
    dt_finding_add(&f);
}
