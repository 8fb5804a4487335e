/* SPDX-License-Identifier: MIT
 *
 * gorc_cond: waiters in the order of their calls, woken first come first served (K2).
 *
 * A waiter is in the queue before its mutex is unlocked, so no signal is lost; and the internal
 * lock is held from there until it can be resumed, so whoever finds it in the queue finds it parked
 * (gorc__hook_hb_to needs that). Lock order: this lock, then the mutex's internal lock.
 */
#include "sync/sync_impl.h"

struct cond {
    struct gorc__lock lock;
    struct gorc__waitq waiters; /* guarded by lock */
    _Atomic(const void *) self; /* own address since the first use: a copy is noticed (K5) */
};

_Static_assert(sizeof(struct cond) <= sizeof(gorc_cond), "reserved storage");
_Static_assert(_Alignof(struct cond) <= _Alignof(gorc_cond), "alignment");
_Static_assert(offsetof(struct cond, waiters) == GORC__COND_QUEUE, "sched/queues.h");

static __attribute__((noinline, cold)) void raise_copied(
    const struct cond *c, const void *original, const void *pc)
{
    struct gorc__misuse m = {
        .rule = "cond-copied",
        .message = "cond copied after first use",
        .object_kind = GORC__OBJ_COND,
        .object = c,
        .original = original,
    };
    gorc__misuse_raise(&m, pc);
}

static inline bool in_place(struct cond *c, const void *pc)
{
    const void *self = NULL;
    if (atomic_load_explicit(&c->self, memory_order_relaxed) == c)
        return true;
    if (atomic_compare_exchange_strong_explicit(
            &c->self, &self, c, memory_order_relaxed, memory_order_relaxed)) {
        gorc__hook_used(c, GORC__OBJ_COND);
        return true;
    }
    if (self == c)
        return true;
    raise_copied(c, self, pc);
    return false;
}

static __attribute__((noinline, cold)) void raise_unlocked(
    const struct cond *c, const struct gorc__mutex *mutex, const void *pc)
{
    struct gorc__misuse m = {
        .rule = "cond-wait-unlocked",
        .message = "cond wait while its mutex is not locked",
        .object_kind = GORC__OBJ_COND,
        .object = c,
        .earlier_goid = atomic_load_explicit(&mutex->holder, memory_order_relaxed),
        .used = mutex,
    };
    gorc__misuse_raise(&m, pc);
}

GORC_API void gorc_cond_wait(gorc_cond *cond, gorc_mutex *mutex)
{
    struct cond *c = (struct cond *)cond;
    struct gorc__mutex *m = (struct gorc__mutex *)mutex;
    const void *pc = GORC__PC();
    if (!in_place(c, pc))
        return;
    if (!gorc__mutex_is_locked(m)) {
        raise_unlocked(c, m, pc);
        return;
    }
    struct gorc__waiter w = {.g = gorc__self()};
    gorc__lock(&c->lock);
    gorc__waitq_push(&c->waiters, &w);
    gorc__mutex_unlock_at(m, pc);
    gorc__park(w.g, &c->lock, GORC__WAIT_COND_WAIT, c, NULL);
    gorc__mutex_lock_at(m, pc);
}

GORC_API void gorc_cond_signal(gorc_cond *cond)
{
    struct cond *c = (struct cond *)cond;
    if (!in_place(c, GORC__PC()))
        return;
    gorc__hook_signalled();
    gorc__lock(&c->lock);
    struct gorc__waiter *w = gorc__waitq_pop(&c->waiters);
    struct gorc__g *g = w ? w->g : NULL;
    gorc__unlock(&c->lock);
    if (g) {
        gorc__hook_hb_to(gorc__g_task(g));
        gorc__ready(g);
    }
}

GORC_API void gorc_cond_broadcast(gorc_cond *cond)
{
    struct cond *c = (struct cond *)cond;
    if (!in_place(c, GORC__PC()))
        return;
    gorc__hook_signalled();
    gorc__lock(&c->lock);
    struct gorc__waiter *w = c->waiters.head;
    c->waiters = (struct gorc__waitq){0};
    gorc__unlock(&c->lock);
    for (struct gorc__waiter *i = w; i; i = i->next)
        gorc__hook_hb_to(gorc__g_task(i->g));
    gorc__ready_list(w);
}
