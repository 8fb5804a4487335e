/* SPDX-License-Identifier: MIT
 *
 * gorc_once: runs a function once. After that a call is one load.
 *
 * State: 0, RUNNING (with QUEUED when somebody waits), DONE. Waiters set QUEUED only while RUNNING
 * and under the internal lock. The runner takes the waiters out before it sets DONE, in one step
 * with dropping the internal lock: who sees DONE may free the once (L1).
 */
#include "sync/sync_impl.h"

#define RUNNING 1u
#define DONE 4u

struct once {
    struct gorc__lockword word;
    _Atomic uint64_t holder;                /* goid of the runner; for reports only */
    _Atomic(const struct gorc__g *) runner; /* while RUNNING */
    struct gorc__waitq waiters;             /* guarded by word.lock */
};

_Static_assert(sizeof(struct once) <= sizeof(gorc_once), "reserved storage");
_Static_assert(_Alignof(struct once) <= _Alignof(gorc_once), "alignment");
_Static_assert(offsetof(struct once, waiters) == GORC__ONCE_QUEUE, "sched/queues.h");

/* The end of the function, by return or by gorc_goexit. */
static void finish(void *arg)
{
    struct once *o = arg;
    gorc__hook_once_end(o);
    gorc__hook_release_store(o);
    gorc__lock(&o->word.lock);
    struct gorc__waiter *w = o->waiters.head;
    o->waiters = (struct gorc__waitq){0};
    atomic_store_explicit(&o->runner, NULL, memory_order_relaxed);
    uint32_t s = atomic_load_explicit(&o->word.state, memory_order_relaxed);
    while (!gorc__lockword_leave(&o->word, &s, DONE))
        ;
    gorc__ready_list(w);
}

static void run(struct once *o, struct gorc__g *self, gorc_fn fn, void *arg, const void *pc)
{
    atomic_store_explicit(&o->runner, self, memory_order_relaxed);
    atomic_store_explicit(&o->holder, self->goid, memory_order_relaxed);
    gorc_defer(finish, o);
    gorc__hook_once_begin(o, pc);
    bool begun = gorc__hook_call(pc);
    fn(arg);
    gorc__hook_called(begun);
}

/* Waits for the runner, unless it is done meanwhile. */
static void wait_done(struct once *o, struct gorc__g *self)
{
    struct gorc__waiter w = {.g = self};
    gorc__lock(&o->word.lock);
    if (atomic_load_explicit(&o->word.state, memory_order_acquire) == DONE) {
        gorc__unlock(&o->word.lock);
        return;
    }
    gorc__waitq_push(&o->waiters, &w);
    gorc__park(self, &o->word.lock, GORC__WAIT_ONCE_DO, o, &o->holder);
}

static __attribute__((noinline)) void do_slow(struct once *o, gorc_fn fn, void *arg, const void *pc)
{
    struct gorc__g *self = gorc__self();
    uint32_t s = 0;
    if (gorc__state_cas(&o->word.state, &s, RUNNING, memory_order_acquire)) {
        run(o, self, fn, arg, pc);
    } else if (s != DONE && atomic_load_explicit(&o->runner, memory_order_relaxed) == self) {
        gorc__misuse_simple(
            "once-reentered", "once called again from its own function", GORC__OBJ_ONCE, o, pc);
        return;
    } else {
        wait_done(o, self);
    }
    gorc__hook_acquire(o);
}

static inline void do_at(struct once *o, gorc_fn fn, void *arg, const void *pc)
{
    gorc__hook_once_call(o, pc);
    if (__builtin_expect(atomic_load_explicit(&o->word.state, memory_order_acquire) != DONE, 0))
        do_slow(o, fn, arg, pc);
    else
        gorc__hook_acquire(o);
}

GORC_API void gorc_once_do(gorc_once *once, gorc_fn fn, void *arg)
{
    do_at((struct once *)once, fn, arg, GORC__PC());
}

/* --- with the function --- */

void gorc_once_func_call(gorc_once_func *f)
{
    do_at((struct once *)&f->once, f->fn, f->arg, GORC__PC());
}

static void take_value(void *arg)
{
    gorc_once_value *v = arg;
    v->value = v->fn(v->arg);
}

void *gorc_once_value_get(gorc_once_value *v)
{
    do_at((struct once *)&v->once, take_value, v, GORC__PC());
    return v->value;
}
