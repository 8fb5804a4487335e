/* SPDX-License-Identifier: MIT
 *
 * gorc_mutex: Go's mutex. Uncontended, one compare-and-swap each way.
 *
 * State: LOCKED and a tag of the mutex's address while it is locked (so that a moved mutex is
 * noticed at no cost), QUEUED, WOKEN, STARVING (sync_impl.h).
 *
 * Normal mode: unlock wakes the first waiter, which competes with newcomers; a loser goes back to
 * the front. A waiter that loses after 1 ms switches to starvation mode: unlock hands the lock to
 * the first waiter, LOCKED stays set, newcomers queue at the tail. The last waiter, or one that
 * waited less than 1 ms, switches back (M3, M4).
 *
 * Invariants: QUEUED is set iff the queue is not empty, outside the internal lock. Waiters enqueue
 * only while LOCKED. STARVING implies LOCKED and QUEUED. With the internal lock held and LOCKED set
 * only spinners change the state (they set WOKEN).
 */
#include "sync/sync_impl.h"

#define TAG_MASK 0xffffff00u

_Static_assert(sizeof(struct gorc__mutex) <= sizeof(gorc_mutex), "reserved storage");
_Static_assert(_Alignof(struct gorc__mutex) <= _Alignof(gorc_mutex), "alignment");
_Static_assert(offsetof(struct gorc__mutex, waiters) == GORC__MUTEX_QUEUE, "sched/queues.h");

/* LOCKED with the address's tag: the state of a mutex that is held and that nobody waits for. */
static inline uint32_t held_state(const struct gorc__mutex *m)
{
    uint64_t hash = (uint64_t)(uintptr_t)m * 0x9e3779b97f4a7c15u;
    return ((uint32_t)(hash >> 32) & TAG_MASK) | GORC__LOCKED;
}

static inline void locked(struct gorc__mutex *m, struct gorc__g *self, unsigned how, const void *pc)
{
    atomic_store_explicit(&m->holder, self->goid, memory_order_relaxed);
    gorc__hook_locked(m, NULL, GORC__OBJ_MUTEX, how, pc);
}

/* Spinning makes sense while the holder runs. Tells the holder not to wake anybody. */
static void spin(struct gorc__mutex *m, uint32_t state, bool *woken)
{
    if (!*woken && (state & GORC__QUEUED) && !(state & GORC__WOKEN))
        *woken = gorc__state_cas(&m->word.state, &state, state | GORC__WOKEN, memory_order_relaxed);
    gorc__spin_round();
}

/* Waits in the queue, unless the mutex is free meanwhile (then false). */
static bool wait_in_queue(struct gorc__mutex *m, struct gorc__waiter *w, bool again, bool woken)
{
    bool starving = again && gorc__now() - gorc__waiter_since(w) > GORC__STARVING_NS;
    if (!again)
        w->flag = (uintptr_t)gorc__now();
    gorc__lock(&m->word.lock);
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    uint32_t to;
    do {
        if (!(s & GORC__LOCKED)) {
            gorc__unlock(&m->word.lock);
            return false;
        }
        to = s | GORC__QUEUED | (starving ? GORC__STARVING : 0);
        if (woken)
            to &= ~GORC__WOKEN;
    } while (!gorc__state_cas(&m->word.state, &s, to, memory_order_relaxed));
    if (again)
        gorc__waitq_push_front(&m->waiters, w);
    else
        gorc__waitq_push(&m->waiters, w);
    gorc__park(w->g, &m->word.lock, GORC__WAIT_MUTEX_LOCK, m, &m->holder);
    return true;
}

static __attribute__((noinline)) void lock_slow(struct gorc__mutex *m, struct gorc__g *self)
{
    struct gorc__waiter w = {.g = self};
    bool again = false; /* has waited */
    bool woken = false; /* WOKEN is on our behalf */
    int rounds = 0;
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    for (;;) {
        if (!(s & GORC__LOCKED)) {
            uint32_t to = s | held_state(m);
            if (woken)
                to &= ~GORC__WOKEN;
            if (gorc__state_cas(&m->word.state, &s, to, memory_order_acquire))
                return;
            continue;
        }
        if (!(s & GORC__STARVING) && rounds < GORC__SPIN_ROUNDS && gorc__can_spin(self)) {
            spin(m, s, &woken);
            rounds++;
        } else if (wait_in_queue(m, &w, again, woken)) {
            if (gorc__waiter_handed(&w))
                return;
            again = woken = true;
            rounds = 0;
        }
        s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    }
}

void gorc__mutex_lock_at(struct gorc__mutex *m, const void *pc)
{
    struct gorc__g *self = gorc__self();
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    if (__builtin_expect((s & GORC__LOCKED) || !gorc__state_cas(&m->word.state, &s,
                                                   s | held_state(m), memory_order_acquire),
            0))
        lock_slow(m, self);
    locked(m, self, 0, pc);
}

/* The state after w was taken out of the queue and woken to compete, or was handed the lock. */
static uint32_t state_after(struct gorc__mutex *m, uint32_t s, struct gorc__waiter *w)
{
    bool last = gorc__waitq_empty(&m->waiters);
    uint32_t to = last ? s & ~GORC__QUEUED : s;
    if (!(s & GORC__STARVING))
        return (to & ~(TAG_MASK | GORC__LOCKED)) | GORC__WOKEN;
    if (last || gorc__now() - gorc__waiter_since(w) < GORC__STARVING_NS)
        to &= ~GORC__STARVING;
    return to;
}

/* The first waiter's turn. False: another unlock came first (a misuse). */
static bool unlock_queued(struct gorc__mutex *m)
{
    gorc__lock(&m->word.lock);
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    struct gorc__waiter *w = (s & GORC__LOCKED) ? gorc__waitq_pop(&m->waiters) : NULL;
    if (!w) {
        gorc__unlock(&m->word.lock);
        return false;
    }
    struct gorc__g *g = w->g;
    if (s & GORC__STARVING) {
        atomic_store_explicit(&m->holder, g->goid, memory_order_relaxed);
        w->value = m;
    }
    while (!gorc__lockword_leave(&m->word, &s, state_after(m, s, w)))
        ;
    gorc__ready(g);
    return true;
}

/* Its state is that of a mutex at `candidate` that is held. */
static bool is_original(const struct gorc__misuse *misuse, const void *candidate)
{
    const struct gorc__mutex *m = misuse->object;
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    return candidate != m && (s & (TAG_MASK | GORC__LOCKED)) == held_state(candidate);
}

static void raise_unlock(struct gorc__mutex *m, uint32_t state, const void *pc)
{
    uint64_t holder = atomic_load_explicit(&m->holder, memory_order_relaxed);
    bool moved = state & GORC__LOCKED;
    struct gorc__misuse misuse = {
        .rule = moved ? "moved-while-locked" : "unlock-of-unlocked",
        .message = moved ? "mutex moved or copied while locked" : "unlock of unlocked mutex",
        .object_kind = GORC__OBJ_MUTEX,
        .object = m,
        .earlier_goid = holder,
        .is_original = moved ? is_original : NULL,
        .used = moved ? NULL : m,
    };
    gorc__misuse_raise(&misuse, pc);
}

/* Locked, in place, and no waiter's turn: nobody waits, or one is on its way already. */
static inline bool wakes_nobody(const struct gorc__mutex *m, uint32_t s)
{
    uint32_t queue = s & (GORC__QUEUED | GORC__WOKEN | GORC__STARVING);
    return (s & (TAG_MASK | GORC__LOCKED)) == held_state(m) && (queue & GORC__STARVING) == 0 &&
           queue != GORC__QUEUED;
}

static __attribute__((noinline)) void unlock_slow(struct gorc__mutex *m, const void *pc)
{
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    for (;;) {
        if ((s & (TAG_MASK | GORC__LOCKED)) != held_state(m)) {
            raise_unlock(m, s, pc);
            return;
        }
        if (!wakes_nobody(m, s)) {
            if (unlock_queued(m))
                return;
            s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
            continue;
        }
        if (gorc__state_cas(
                &m->word.state, &s, s & ~(TAG_MASK | GORC__LOCKED), memory_order_release))
            return;
    }
}

/* True when unlocking m is no misuse; only the detector, whose hooks come before the step that
 * would show it, asks first. */
static bool may_unlock(struct gorc__mutex *m, const void *pc)
{
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    if ((s & (TAG_MASK | GORC__LOCKED)) == held_state(m))
        return true;
    raise_unlock(m, s, pc);
    return false;
}

void gorc__mutex_unlock_at(struct gorc__mutex *m, const void *pc)
{
    if (gorc__detecting && !may_unlock(m, pc))
        return;
    gorc__unlock_hook(m, &m->holder);
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    if (__builtin_expect(
            !wakes_nobody(m, s) || !gorc__state_cas(&m->word.state, &s,
                                       s & ~(TAG_MASK | GORC__LOCKED), memory_order_release),
            0))
        unlock_slow(m, pc);
}

bool gorc__mutex_is_locked(struct gorc__mutex *m)
{
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    return (s & (TAG_MASK | GORC__LOCKED)) == held_state(m);
}

GORC_API void gorc_mutex_lock(gorc_mutex *mutex)
{
    struct gorc__mutex *m = (struct gorc__mutex *)mutex;
    struct gorc__g *self = gorc__self_quick();
    const void *pc = GORC__PC();
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    if (__builtin_expect(
            self && !(s & GORC__LOCKED) &&
                gorc__state_cas(&m->word.state, &s, s | held_state(m), memory_order_acquire),
            1))
        locked(m, self, 0, pc);
    else
        gorc__mutex_lock_at(m, pc);
}

GORC_API bool gorc_mutex_try_lock(gorc_mutex *mutex)
{
    struct gorc__mutex *m = (struct gorc__mutex *)mutex;
    struct gorc__g *self = gorc__self();
    uint32_t s = atomic_load_explicit(&m->word.state, memory_order_relaxed);
    do {
        if (s & (GORC__LOCKED | GORC__STARVING)) {
            gorc__hook_refused();
            return false;
        }
    } while (!gorc__state_cas(&m->word.state, &s, s | held_state(m), memory_order_acquire));
    locked(m, self, GORC__HOW_TRY, GORC__PC());
    return true;
}

GORC_API void gorc_mutex_unlock(gorc_mutex *m)
{
    gorc__mutex_unlock_at((struct gorc__mutex *)m, GORC__PC());
}

GORC_API void gorc_mutex_unlock_fn(void *m)
{
    gorc__mutex_unlock_at(m, GORC__PC());
}
