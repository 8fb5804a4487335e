/* SPDX-License-Identifier: MIT
 *
 * gorc_rwmutex: readers share, a writer excludes; a writer that waits keeps new readers out (R1),
 * and all readers that waited go before the next writer (R2).
 *
 * State: LOCKED means that a writer owns the writers' side: it writes, or it waits for the readers
 * before it to leave (then `pending` is set). QUEUED, WOKEN and STARVING are the mutex's (mutex.c),
 * for writers among themselves. The rest counts readers, those that wait included: a reader counts
 * itself in by one add, and if it then sees LOCKED it waits.
 *
 * While LOCKED, the readers counted are of two sorts: those that read (only while the writer is
 * pending; reader_wait counts them) and those that wait. Those that wait are in `readers`, or still
 * on their way to it. unlock turns all of them into readers at once: it wakes those in the queue,
 * and leaves one `grant` for each that is on its way, which takes it instead of queuing.
 *
 * LOCKED is set, and cleared, under the internal lock whenever there are readers; so a reader that
 * leaves and sees LOCKED finds reader_wait right once it has the internal lock. unlock clears
 * LOCKED and drops the internal lock in one step (L1).
 *
 * For the detector there are two keys: what a writer did (the rwmutex's address) goes to readers
 * and writers; what readers did (reader_key) only to writers, so that readers stay unordered.
 */
#include "sync/sync_impl.h"

struct rwmutex {
    struct gorc__lockword word;
    _Atomic uint64_t holder; /* goid of the writer; for reports only */
    /* guarded by word.lock: */
    struct gorc__waiter *pending; /* the writer that owns the side but waits for readers */
    uint32_t reader_wait;         /* readers that the pending writer waits for */
    uint32_t grants;              /* waiting readers on their way that may read already */
    struct gorc__waitq writers;
    struct gorc__waitq readers;
    const void *locked_at; /* own address while a writer holds it: a moved rwmutex is noticed */
};

_Static_assert(sizeof(struct rwmutex) <= sizeof(gorc_rwmutex), "reserved storage");
_Static_assert(_Alignof(struct rwmutex) <= _Alignof(gorc_rwmutex), "alignment");
_Static_assert(offsetof(struct rwmutex, pending) == GORC__RWMUTEX_PENDING, "sched/queues.h");
_Static_assert(offsetof(struct rwmutex, writers) == GORC__RWMUTEX_WRITERS, "sched/queues.h");
_Static_assert(offsetof(struct rwmutex, readers) == GORC__RWMUTEX_READERS, "sched/queues.h");
_Static_assert(offsetof(struct rwmutex, word.state) == GORC__RWMUTEX_STATE, "lib/tables.h");

static inline const void *reader_key(const struct rwmutex *rw)
{
    return &rw->reader_wait;
}

static inline uint32_t reader_count(uint32_t state)
{
    return state / GORC__READER;
}

/* --- readers --- */

static inline void read_locked(struct rwmutex *rw, unsigned how, const void *pc)
{
    gorc__hook_locked(rw, NULL, GORC__OBJ_RWMUTEX, how | GORC__HOW_SHARED, pc);
}

/* The reader has counted itself in and a writer owns the writers' side. */
static __attribute__((noinline)) void rlock_slow(struct rwmutex *rw)
{
    struct gorc__waiter w = {.g = gorc__self()};
    gorc__lock(&rw->word.lock);
    if (rw->grants) {
        rw->grants--;
        gorc__unlock(&rw->word.lock);
        return;
    }
    gorc__waitq_push(&rw->readers, &w);
    gorc__park(w.g, &rw->word.lock, GORC__WAIT_RWMUTEX_RLOCK, rw, &rw->holder);
}

GORC_API void gorc_rwmutex_rlock(gorc_rwmutex *rwmutex)
{
    struct rwmutex *rw = (struct rwmutex *)rwmutex;
    if (__builtin_expect(!gorc__self_quick(), 0))
        gorc__self(); /* who only reads gives way to others, too */
    uint32_t old = atomic_fetch_add_explicit(&rw->word.state, GORC__READER, memory_order_acquire);
    if (__builtin_expect(old & GORC__LOCKED, 0))
        rlock_slow(rw);
    read_locked(rw, 0, GORC__PC());
}

GORC_API bool gorc_rwmutex_try_rlock(gorc_rwmutex *rwmutex)
{
    struct rwmutex *rw = (struct rwmutex *)rwmutex;
    gorc__self();
    uint32_t s = atomic_load_explicit(&rw->word.state, memory_order_relaxed);
    do {
        if (s & GORC__LOCKED) {
            gorc__hook_refused();
            return false;
        }
    } while (!gorc__state_cas(&rw->word.state, &s, s + GORC__READER, memory_order_acquire));
    read_locked(rw, GORC__HOW_TRY, GORC__PC());
    return true;
}

/* A reader has left while a writer owns the writers' side; the last one lets it go on. False: there
 * was no reader. The pending writer keeps the object alive until it is woken. */
static __attribute__((noinline)) bool runlock_slow(struct rwmutex *rw)
{
    gorc__lock(&rw->word.lock);
    if (rw->reader_wait == 0) {
        atomic_fetch_add_explicit(&rw->word.state, GORC__READER, memory_order_relaxed);
        gorc__unlock(&rw->word.lock);
        return false;
    }
    struct gorc__g *writer = NULL;
    if (--rw->reader_wait == 0) {
        writer = rw->pending->g;
        atomic_store_explicit(&rw->holder, writer->goid, memory_order_relaxed);
        rw->pending = NULL;
    }
    gorc__unlock(&rw->word.lock);
    if (writer)
        gorc__ready(writer);
    return true;
}

/* Not inline, nor is any of it done before it is known to be needed. */
static __attribute__((noinline, cold)) void raise_unlock(
    const struct rwmutex *rw, const char *rule, const char *message, const void *pc)
{
    struct gorc__misuse m = {
        .rule = rule,
        .message = message,
        .object_kind = GORC__OBJ_RWMUTEX,
        .object = rw,
        .used = rw,
        .readers = reader_key(rw),
    };
    gorc__misuse_raise(&m, pc);
}

static void raise_runlock(struct rwmutex *rw, const void *pc)
{
    raise_unlock(rw, "runlock-of-unlocked", "runlock of unlocked rwmutex", pc);
}

static inline void runlock_at(struct rwmutex *rw, const void *pc)
{
    if (gorc__detecting &&
        atomic_load_explicit(&rw->word.state, memory_order_relaxed) < GORC__READER) {
        raise_runlock(rw, pc);
        return;
    }
    gorc__hook_unlocked(rw, reader_key(rw), false);
    uint32_t old = atomic_fetch_sub_explicit(&rw->word.state, GORC__READER, memory_order_release);
    if (__builtin_expect(old < GORC__READER, 0)) {
        atomic_fetch_add_explicit(&rw->word.state, GORC__READER, memory_order_relaxed);
        raise_runlock(rw, pc);
    } else if (__builtin_expect(old & GORC__LOCKED, 0)) {
        if (!runlock_slow(rw))
            raise_runlock(rw, pc);
    }
}

GORC_API void gorc_rwmutex_runlock(gorc_rwmutex *rw)
{
    runlock_at((struct rwmutex *)rw, GORC__PC());
}

GORC_API void gorc_rwmutex_runlock_fn(void *rw)
{
    runlock_at(rw, GORC__PC());
}

/* --- writers --- */

static void write_locked(struct rwmutex *rw, struct gorc__g *self, unsigned how, const void *pc)
{
    rw->locked_at = rw;
    atomic_store_explicit(&rw->holder, self->goid, memory_order_relaxed);
    gorc__hook_locked(rw, reader_key(rw), GORC__OBJ_RWMUTEX, how, pc);
}

/* Takes the writers' side if it is free, and waits for the readers. False: it is not free. */
static bool take_writers_side(struct rwmutex *rw, struct gorc__waiter *w, bool woken)
{
    gorc__lock(&rw->word.lock);
    uint32_t s = atomic_load_explicit(&rw->word.state, memory_order_relaxed);
    uint32_t to;
    do {
        if (s & GORC__LOCKED) {
            gorc__unlock(&rw->word.lock);
            return false;
        }
        to = (s | GORC__LOCKED) & ~(woken ? GORC__WOKEN : 0u);
    } while (!gorc__state_cas(&rw->word.state, &s, to, memory_order_acquire));
    if (reader_count(s) == 0) {
        gorc__unlock(&rw->word.lock);
        return true;
    }
    atomic_store_explicit(&rw->holder, 0, memory_order_relaxed);
    rw->reader_wait = reader_count(s);
    rw->pending = w;
    gorc__park(w->g, &rw->word.lock, GORC__WAIT_RWMUTEX_LOCK, rw, &rw->holder);
    return true;
}

/* Waits in the writers' queue, unless the writers' side is free meanwhile (then false). */
static bool wait_in_queue(struct rwmutex *rw, struct gorc__waiter *w, bool again, bool woken)
{
    bool starving = again && gorc__now() - gorc__waiter_since(w) > GORC__STARVING_NS;
    if (!again)
        w->flag = (uintptr_t)gorc__now();
    gorc__lock(&rw->word.lock);
    uint32_t s = atomic_load_explicit(&rw->word.state, memory_order_relaxed);
    uint32_t to;
    do {
        if (!(s & GORC__LOCKED)) {
            gorc__unlock(&rw->word.lock);
            return false;
        }
        to = s | GORC__QUEUED | (starving ? GORC__STARVING : 0);
        if (woken)
            to &= ~GORC__WOKEN;
    } while (!gorc__state_cas(&rw->word.state, &s, to, memory_order_relaxed));
    if (again)
        gorc__waitq_push_front(&rw->writers, w);
    else
        gorc__waitq_push(&rw->writers, w);
    gorc__park(w->g, &rw->word.lock, GORC__WAIT_RWMUTEX_LOCK, rw, &rw->holder);
    return true;
}

static __attribute__((noinline)) void lock_slow(struct rwmutex *rw, struct gorc__g *self)
{
    struct gorc__waiter w = {.g = self};
    bool again = false; /* has waited in the queue */
    bool woken = false; /* WOKEN is on our behalf */
    int rounds = 0;
    for (;;) {
        uint32_t s = atomic_load_explicit(&rw->word.state, memory_order_relaxed);
        if (!(s & GORC__LOCKED)) {
            if (take_writers_side(rw, &w, woken))
                return;
        } else if (reader_count(s) == 0 && !(s & GORC__STARVING) && rounds < GORC__SPIN_ROUNDS &&
                   gorc__can_spin(self)) {
            gorc__spin_round();
            rounds++;
        } else if (wait_in_queue(rw, &w, again, woken)) {
            if (gorc__waiter_handed(&w))
                return;
            again = woken = true;
            rounds = 0;
        }
    }
}

GORC_API void gorc_rwmutex_lock(gorc_rwmutex *rwmutex)
{
    struct rwmutex *rw = (struct rwmutex *)rwmutex;
    struct gorc__g *self = gorc__self();
    uint32_t s = 0;
    if (__builtin_expect(
            !gorc__state_cas(&rw->word.state, &s, GORC__LOCKED, memory_order_acquire), 0))
        lock_slow(rw, self);
    write_locked(rw, self, 0, GORC__PC());
}

GORC_API bool gorc_rwmutex_try_lock(gorc_rwmutex *rwmutex)
{
    struct rwmutex *rw = (struct rwmutex *)rwmutex;
    struct gorc__g *self = gorc__self();
    uint32_t s = atomic_load_explicit(&rw->word.state, memory_order_relaxed);
    do {
        if ((s & GORC__LOCKED) || reader_count(s)) {
            gorc__hook_refused();
            return false;
        }
    } while (!gorc__state_cas(&rw->word.state, &s, s | GORC__LOCKED, memory_order_acquire));
    write_locked(rw, self, GORC__HOW_TRY, GORC__PC());
    return true;
}

/* What unlock does with the first writer of the queue. */
enum turn { NOBODY, COMPETE, HANDED };

static enum turn next_writer(struct rwmutex *rw, uint32_t s, struct gorc__waiter **ret_w)
{
    *ret_w = NULL;
    if (!(s & GORC__STARVING) && (s & (GORC__QUEUED | GORC__WOKEN)) != GORC__QUEUED)
        return NOBODY;
    *ret_w = gorc__waitq_pop(&rw->writers);
    if (!*ret_w)
        return NOBODY;
    return (s & GORC__STARVING) ? HANDED : COMPETE;
}

static uint32_t state_after(struct rwmutex *rw, uint32_t s, struct gorc__waiter *w, enum turn turn)
{
    bool last = gorc__waitq_empty(&rw->writers);
    uint32_t to = last ? s & ~GORC__QUEUED : s;
    if (turn == HANDED) {
        if (last || gorc__now() - gorc__waiter_since(w) < GORC__STARVING_NS)
            to &= ~GORC__STARVING;
        return to;
    }
    return (to & ~GORC__LOCKED) | (turn == COMPETE ? GORC__WOKEN : 0);
}

/* Lets the readers in, and passes the writers' side on. The caller writes. */
static void unlock_slow(struct rwmutex *rw)
{
    gorc__lock(&rw->word.lock);
    uint32_t s = atomic_load_explicit(&rw->word.state, memory_order_relaxed);
    struct gorc__waiter *w;
    enum turn turn = next_writer(rw, s, &w);
    struct gorc__waiter *readers = rw->readers.head;
    uint32_t queued = 0;
    for (struct gorc__waiter *r = readers; r; r = r->next)
        queued++;
    rw->readers = (struct gorc__waitq){0};
    struct gorc__g *writer = w ? w->g : NULL;
    if (turn == HANDED)
        w->value = rw;
    bool stays = false; /* handed over, but it has to wait for the readers */
    do {
        uint32_t n = reader_count(s);
        rw->grants = n > queued ? n - queued : 0;
        stays = turn == HANDED && n != 0;
        rw->reader_wait = stays ? n : 0;
        rw->pending = stays ? w : NULL;
        if (turn == HANDED)
            atomic_store_explicit(&rw->holder, stays ? 0 : writer->goid, memory_order_relaxed);
    } while (!gorc__lockword_leave(&rw->word, &s, state_after(rw, s, w, turn)));
    gorc__ready_list(readers);
    if (writer && !stays)
        gorc__ready(writer);
}

/* True when the caller may unlock: a writer writes. */
static bool may_unlock(struct rwmutex *rw, const void *pc)
{
    gorc__lock(&rw->word.lock);
    uint32_t s = atomic_load_explicit(&rw->word.state, memory_order_relaxed);
    bool writes = (s & GORC__LOCKED) && !rw->pending;
    const void *original = rw->locked_at;
    bool moved = writes && original != rw;
    gorc__unlock(&rw->word.lock);
    if (moved) {
        struct gorc__misuse m = {
            .rule = "moved-while-locked",
            .message = "rwmutex moved or copied while locked",
            .object_kind = GORC__OBJ_RWMUTEX,
            .object = rw,
            .earlier_goid = atomic_load_explicit(&rw->holder, memory_order_relaxed),
            .original = original,
        };
        gorc__misuse_raise(&m, pc);
    } else if (!writes) {
        raise_unlock(rw, "unlock-of-unlocked", "unlock of unlocked rwmutex", pc);
    }
    return writes && !moved;
}

static void unlock_at(struct rwmutex *rw, const void *pc)
{
    if ((gorc__detecting || rw->locked_at != rw) && !may_unlock(rw, pc))
        return;
    gorc__unlock_hook(rw, &rw->holder);
    uint32_t s = GORC__LOCKED;
    if (__builtin_expect(gorc__state_cas(&rw->word.state, &s, 0, memory_order_release), 1))
        return;
    if (!gorc__detecting && !may_unlock(rw, pc))
        return;
    unlock_slow(rw);
}

GORC_API void gorc_rwmutex_unlock(gorc_rwmutex *rw)
{
    unlock_at((struct rwmutex *)rw, GORC__PC());
}

GORC_API void gorc_rwmutex_unlock_fn(void *rw)
{
    unlock_at(rw, GORC__PC());
}
