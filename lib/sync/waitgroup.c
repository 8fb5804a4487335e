/* SPDX-License-Identifier: MIT
 *
 * gorc_waitgroup: a counter, and who waits for it to be zero. done is one add while nobody waits.
 *
 * State: the counter in the upper half, in the lower half QUEUED when somebody waits. A waiter sets
 * QUEUED only while the counter is positive, and then always parks; the add that reaches zero with
 * QUEUED set takes all waiters out. So an add that reaches zero without QUEUED has touched the wait
 * group for the last time, and one with QUEUED is kept safe by the waiters, which are still inside
 * gorc_wg_wait (L1).
 */
#include "base/alloc.h"
#include "sync/sync_impl.h"

#define ONE ((uint64_t)1 << 32)

struct waitgroup {
    _Atomic uint64_t state;
    struct gorc__lock lock; /* orders waiters and the waker; guards waiters */
    struct gorc__waitq waiters;
    _Atomic(const void *) self; /* own address since the first use: a copy is noticed (W7) */
};

_Static_assert(sizeof(struct waitgroup) <= sizeof(gorc_waitgroup), "reserved storage");
_Static_assert(_Alignof(struct waitgroup) <= _Alignof(gorc_waitgroup), "alignment");
_Static_assert(offsetof(struct waitgroup, waiters) == GORC__WAITGROUP_QUEUE, "sched/queues.h");
_Static_assert(offsetof(struct waitgroup, state) + 4 == GORC__WAITGROUP_COUNTER, "lib/tables.h");

static inline int32_t counter(uint64_t state)
{
    return (int32_t)(state >> 32);
}

/* W2: an add from zero must be ordered with every wait. For the detector the one reads this byte,
 * the other writes it, so that a run in which it only happened to go well is told too. */
static inline const void *order_key(const struct waitgroup *wg)
{
    return &wg->waiters;
}

static __attribute__((noinline, cold)) void misuse(
    const struct waitgroup *wg, const char *rule, const char *message, const void *pc)
{
    struct gorc__misuse m = {
        .rule = rule,
        .message = message,
        .object_kind = GORC__OBJ_WAITGROUP,
        .object = wg,
        .used = wg,
    };
    gorc__misuse_raise(&m, pc);
}

/* `before`: the negative add before this one. */
static __attribute__((noinline, cold)) void negative(
    const struct waitgroup *wg, gorc__place before, const void *pc)
{
    struct gorc__misuse m = {
        .rule = "negative-waitgroup",
        .message = "negative wait group counter",
        .object_kind = GORC__OBJ_WAITGROUP,
        .object = wg,
        .earlier_role = "last done by",
        .earlier = before,
        .used = wg,
    };
    gorc__misuse_raise(&m, pc);
}

/* An idle wait group may have been moved; one in use may not. */
static __attribute__((noinline)) bool adopt(struct waitgroup *wg, const void *pc)
{
    const void *original = atomic_load_explicit(&wg->self, memory_order_relaxed);
    if (original != NULL && atomic_load_explicit(&wg->state, memory_order_relaxed) != 0) {
        struct gorc__misuse m = {
            .rule = "waitgroup-copied",
            .message = "wait group copied while in use",
            .object_kind = GORC__OBJ_WAITGROUP,
            .object = wg,
            .original = original,
        };
        gorc__misuse_raise(&m, pc);
        return false;
    }
    atomic_store_explicit(&wg->self, wg, memory_order_relaxed);
    gorc__hook_used(wg, GORC__OBJ_WAITGROUP);
    return true;
}

static inline bool in_place(struct waitgroup *wg, const void *pc)
{
    if (__builtin_expect(atomic_load_explicit(&wg->self, memory_order_relaxed) == wg, 1))
        return true;
    return adopt(wg, pc);
}

/* The counter has reached zero and somebody waits. */
static __attribute__((noinline)) void release_waiters(struct waitgroup *wg)
{
    gorc__lock(&wg->lock);
    struct gorc__waiter *w = wg->waiters.head;
    wg->waiters = (struct gorc__waitq){0};
    atomic_fetch_and_explicit(&wg->state, ~(uint64_t)GORC__QUEUED, memory_order_relaxed);
    gorc__unlock(&wg->lock);
    gorc__ready_list(w);
}

/* False: a misuse, and nothing has changed. */
static bool add_at(struct waitgroup *wg, int delta, const void *pc)
{
    if (!in_place(wg, pc))
        return false;
    gorc__place before = gorc__hook_counted(wg, delta);
    uint64_t step = (uint64_t)(uint32_t)delta << 32;
    if (delta > 0 && counter(atomic_load_explicit(&wg->state, memory_order_relaxed)) == 0)
        gorc__hook_read(order_key(wg), 1, pc);
    uint64_t old = atomic_fetch_add_explicit(&wg->state, step, memory_order_acq_rel);
    int32_t now = counter(old + step);
    if (__builtin_expect(now >= 0 && !(old & GORC__QUEUED), 1))
        return true;
    bool from_zero = delta > 0 && counter(old) == 0;
    if (now < 0 || from_zero) {
        atomic_fetch_sub_explicit(&wg->state, step, memory_order_relaxed);
        if (from_zero)
            misuse(
                wg, "waitgroup-add-with-wait", "wait group add called concurrently with wait", pc);
        else
            negative(wg, before, pc);
        return false;
    }
    if (now == 0)
        release_waiters(wg);
    return true;
}

GORC_API void gorc_wg_add(gorc_waitgroup *wg, int delta)
{
    add_at((struct waitgroup *)wg, delta, GORC__PC());
}

GORC_API void gorc_wg_done(gorc_waitgroup *wg)
{
    add_at((struct waitgroup *)wg, -1, GORC__PC());
}

GORC_API void gorc_wg_done_fn(void *wg)
{
    add_at(wg, -1, GORC__PC());
}

/* Parks until the counter is zero. */
static void wait_slow(struct waitgroup *wg, const void *pc)
{
    struct gorc__waiter w = {.g = gorc__self()};
    gorc__lock(&wg->lock);
    uint64_t s = atomic_load_explicit(&wg->state, memory_order_relaxed);
    do {
        if (counter(s) == 0) {
            gorc__unlock(&wg->lock);
            return;
        }
    } while (!atomic_compare_exchange_strong_explicit(
        &wg->state, &s, s | GORC__QUEUED, memory_order_acquire, memory_order_acquire));
    gorc__waitq_push(&wg->waiters, &w);
    gorc__park(w.g, &wg->lock, GORC__WAIT_WG_WAIT, wg, NULL);
    if (atomic_load_explicit(&wg->state, memory_order_acquire) != 0)
        misuse(
            wg, "waitgroup-reused", "wait group reused before its previous wait has returned", pc);
}

GORC_API void gorc_wg_wait(gorc_waitgroup *waitgroup)
{
    struct waitgroup *wg = (struct waitgroup *)waitgroup;
    if (!in_place(wg, GORC__PC()))
        return;
    gorc__hook_write_shared(order_key(wg), 1, GORC__PC());
    if (counter(atomic_load_explicit(&wg->state, memory_order_acquire)) != 0)
        wait_slow(wg, GORC__PC());
    gorc__hook_waited(wg, GORC__PC());
    gorc__hook_acquire(wg);
}

/* --- gorc_wg_go --- */

struct wg_task {
    gorc_fn fn;
    void *arg;
    struct waitgroup *wg;
};

static void wg_task_run(void *arg)
{
    struct wg_task task = *(struct wg_task *)arg;
    gorc__free(arg);
    gorc_defer(gorc_wg_done_fn, task.wg);
    task.fn(task.arg);
    gorc__hook_caller(NULL);
}

GORC_API void gorc_wg_go(gorc_waitgroup *waitgroup, gorc_fn fn, void *arg)
{
    const void *pc = GORC__PC();
    if (!fn) {
        gorc__misuse_simple("go-nil", "go of nil function", GORC__OBJ_GOROUTINE, NULL, pc);
        return;
    }
    struct wg_task *task = gorc__alloc(sizeof(*task));
    if (!task)
        gorc__fatal("gorc_wg_go: out of memory");
    *task = (struct wg_task){fn, arg, (struct waitgroup *)waitgroup};
    if (!add_at(task->wg, 1, pc)) {
        gorc__free(task);
        return;
    }
    if (gorc__spawn(wg_task_run, task, NULL, 0, false, pc) != 0)
        gorc__fatal("gorc_wg_go: out of memory");
}
