/* SPDX-License-Identifier: MIT
 *
 * Timers and tickers. One record, in one block with a channel: its lock guards the record, its
 * references keep both. A timer with a function has a channel that nobody sees.
 *
 * A timer of a channel is no event that happens by itself: a receive compares `when` with the
 * clock. So there is no value that can grow stale, nothing to count or to drain (T8), and a timer
 * that nobody waits for costs nothing. It is in a heap (sched/timerheap.h) only while a receiver is
 * parked on the channel; a timer with a function is in one while it is pending.
 *
 * `heaped` stands for one reference to the channel: from the push into a heap until the one who
 * takes it out, or the end of fire(). Whoever changes `when` while fire() is on its way leaves it
 * to fire(), which looks at `when` under the lock and puts the timer back.
 *
 * Locks: the channel's, then a heap's.
 */
#include <gorc/time.h>

#include <errno.h>

#include "base/misuse.h"
#include "chan/chan_impl.h"
#include "sched/g.h"
#include "sched/hidden_list.h"

#define NEVER INT64_MAX
#define FAR (INT64_MAX - 1) /* durations that overflow end here: pending, for ever (T9) */

struct gorc_timer {
    struct gorc__timer heap; /* first: fire() gets its address */
    struct gorc_chan *chan;
    _Atomic int64_t when; /* NEVER: not pending. Written under the lock */
    int64_t period;       /* 0: once */
    gorc_fn fn;
    void *arg;
    bool heaped;
    bool freed;
    uint64_t creator;
    /* Detector on, a function pending: the goroutine that will run it, as of the timer's start. */
    struct gorc__hook_task task;
    uint64_t goid;
    struct gorc__hidden_link link; /* in `listed` */
};

/* Timers and tickers that were not freed. */
static struct gorc__hidden_list listed;

static int64_t from_now(int64_t ns)
{
    int64_t now = gorc__now();
    if (ns < 0)
        ns = 0;
    return ns > FAR - now ? FAR : now + ns;
}

static int64_t when_of(const struct gorc_timer *t)
{
    return atomic_load_explicit(&t->when, memory_order_relaxed);
}

static const void *key(struct gorc_chan *c)
{
    return &c->keys->slot[0];
}

/* --- with the channel's lock held --- */

static void set_when(struct gorc_timer *t, int64_t when)
{
    atomic_store_explicit(&t->when, when, memory_order_relaxed);
    gorc__chan_changed(t->chan);
}

/* It has fired at `now`. Ticks that nobody took are dropped; the beat stays (T7). */
static void advance(struct gorc_timer *t, int64_t now)
{
    int64_t when = when_of(t), skip, next;
    if (!t->period)
        next = NEVER;
    else if (__builtin_mul_overflow((now - when) / t->period + 1, t->period, &skip) ||
             __builtin_add_overflow(when, skip, &next) || next > FAR)
        next = FAR;
    set_when(t, next);
}

static bool is_awaited(const struct gorc_timer *t)
{
    return t->fn || !gorc__waitq_empty(&t->chan->recvq);
}

/* False: memory is out. */
static bool into_heap(struct gorc_timer *t)
{
    t->heap.when = when_of(t);
    if (!gorc__timer_add(&t->heap))
        return false;
    t->heaped = true;
    atomic_fetch_add_explicit(&t->chan->refs, 1, memory_order_relaxed);
    return true;
}

/* The caller has a reference of its own. */
static void out_of_heap(struct gorc_timer *t)
{
    if (!t->heaped || !gorc__timer_cancel(&t->heap))
        return;
    t->heaped = false;
    atomic_fetch_sub_explicit(&t->chan->refs, 1, memory_order_relaxed);
}

/* What is to run the function knows what was done until now, and no more. */
static void prepare_task(struct gorc_timer *t, bool wanted)
{
    if (t->task.detect)
        gorc__hook_end(&t->task);
    if (!wanted || !gorc__hook_active())
        return;
    t->goid = gorc__goid_reserve();
    gorc__hook_go(&t->task, t->goid, NULL, t->chan->created);
}

/* True: it was pending. *ret_failed: memory is out, and it is not. */
static bool set(struct gorc_timer *t, int64_t when, bool *ret_failed)
{
    bool was = when_of(t) != NEVER;
    if (t->fn)
        prepare_task(t, when != NEVER);
    else if (t->chan->keys && when != NEVER) /* the start happens before the value */
        gorc__hook_release(key(t->chan));
    out_of_heap(t);
    set_when(t, when);
    *ret_failed = when != NEVER && !t->heaped && is_awaited(t) && !into_heap(t);
    if (*ret_failed) {
        set_when(t, NEVER);
        prepare_task(t, false);
    }
    return was;
}

/* --- for the channel --- */

bool gorc__timer_chan_due(const struct gorc_chan *c)
{
    int64_t when = when_of(c->timer);
    return when != NEVER && when <= gorc__now();
}

bool gorc__timer_chan_take(struct gorc_chan *c, void *value)
{
    struct gorc_timer *t = c->timer;
    int64_t when = when_of(t), now;
    if (when == NEVER || when > (now = gorc__now()))
        return false;
    if (c->keys)
        gorc__hook_acquire(key(c));
    if (value)
        gorc__chan_copy(value, &when, sizeof when);
    advance(t, now);
    return true;
}

void gorc__timer_chan_awaited(struct gorc_chan *c)
{
    struct gorc_timer *t = c->timer;
    if (!t->heaped && when_of(t) != NEVER && !into_heap(t))
        gorc__fatal("out of memory for a timer");
}

void gorc__timer_chan_idle(struct gorc_chan *c)
{
    out_of_heap(c->timer);
}

bool gorc__timer_chan_pending(const void *chan)
{
    const struct gorc_chan *c = chan;
    return c->timer && !c->timer->freed && when_of(c->timer) != NEVER;
}

bool gorc__timer_chan_owned(const struct gorc_chan *c)
{
    return gorc__hidden_is_listed(&c->timer->link);
}

/* --- firing --- */

/* The goroutine of a timer's function has the reference that the heap had. */
static void run_function(void *arg)
{
    struct gorc_timer *t = arg;
    struct gorc_chan *c = t->chan;
    gorc_fn fn = t->fn;
    void *fn_arg = t->arg;
    gorc_chan_unref(c);
    fn(fn_arg);
}

/* On a worker's scheduler or on sysmon. */
static void fire(struct gorc__timer *heap)
{
    struct gorc_timer *t = (struct gorc_timer *)heap;
    struct gorc_chan *c = t->chan;
    struct gorc__g *wake = NULL;
    struct gorc__hook_task task = {NULL};
    bool run = false;
    int64_t now = gorc__now();
    gorc__lock(&c->lock);
    uint64_t goid = t->goid;
    int64_t when = when_of(t);
    t->heaped = false;
    if (when <= now) {
        run = t->fn != NULL;
        wake = run ? NULL : gorc__chan_fire_locked(c, &when);
        if (run || wake)
            advance(t, now);
        if (run) {
            task = t->task;
            t->task.detect = NULL;
        }
    }
    if (when_of(t) != NEVER && is_awaited(t) && !into_heap(t))
        gorc__fatal("out of memory for a timer");
    gorc__unlock(&c->lock);
    if (wake)
        gorc__ready_tail(wake);
    if (!run)
        gorc_chan_unref(c);
    else if (gorc__spawn_prepared(run_function, t, t->creator, c->created, &task, goid) != 0)
        gorc__fatal("out of memory for a timer's goroutine");
}

/* --- making and freeing --- */

static struct gorc_timer *make(int64_t when, int64_t period, gorc_fn fn, void *arg, const void *pc)
{
    struct gorc__g *self = gorc__self();
    struct gorc_chan *c = gorc__chan_new_timer(sizeof(struct gorc_timer), pc);
    bool failed;
    if (!c) {
        errno = ENOMEM;
        return NULL;
    }
    struct gorc_timer *t = c->timer;
    t->heap.fn = fire;
    t->heap.owner = &c->lock;
    t->heap.index = -1;
    t->chan = c;
    t->period = period;
    t->fn = fn;
    t->arg = arg;
    t->creator = gorc__g_id(self);
    atomic_store_explicit(&t->when, NEVER, memory_order_relaxed);
    gorc__lock(&c->lock);
    set(t, when, &failed);
    gorc__unlock(&c->lock);
    if (failed) {
        gorc_chan_unref(c);
        errno = ENOMEM;
        return NULL;
    }
    return t;
}

static struct gorc_timer *make_listed(
    int64_t when, int64_t period, gorc_fn fn, void *arg, const void *pc)
{
    struct gorc_timer *t = make(when, period, fn, arg, pc);
    if (t && gorc__hook_active())
        gorc__hidden_add(&listed, &t->link);
    return t;
}

/* Raises a misuse where a timer is nil or freed. */
static bool is_usable(struct gorc_timer *t, const void *pc)
{
    if (GORC__LIKELY(t && !t->freed))
        return true;
    if (t) {
        struct gorc__misuse m = {
            .rule = "use-after-free",
            .message = "use of a timer after it was freed",
            .object_kind = GORC__OBJ_TIMER,
            .object = t,
            .object_created = t->chan->created,
            .earlier_role = "freed by",
            .earlier = t->chan->closed_by,
        };
        gorc__misuse_raise(&m, pc);
    } else {
        gorc__misuse_simple("timer-nil", "use of a nil timer", GORC__OBJ_TIMER, NULL, pc);
    }
    return false;
}

/* Starts or stops it: `when` NEVER. True: it was pending. */
static bool change(struct gorc_timer *t, int64_t when, int64_t period)
{
    struct gorc_chan *c = t->chan;
    bool failed;
    gorc__lock(&c->lock);
    t->period = period;
    bool was = set(t, when, &failed);
    gorc__unlock(&c->lock);
    if (failed)
        gorc__fatal("out of memory for a timer");
    return was;
}

static void free_timer(struct gorc_timer *t, const void *pc)
{
    if (!t || !is_usable(t, pc))
        return;
    change(t, NEVER, t->period);
    gorc__place here = gorc__hook_place_of(pc);
    gorc__lock(&t->chan->lock);
    t->chan->closed_by = here;
    gorc__unlock(&t->chan->lock);
    t->freed = true;
    if (gorc__hook_active())
        gorc__hidden_remove(&listed, &t->link);
    gorc_chan_unref(t->chan);
}

/* --- the public calls --- */

gorc_chan *gorc_after(int64_t ns)
{
    struct gorc_timer *t = make(from_now(ns), 0, NULL, NULL, GORC__PC());
    return t ? t->chan : NULL;
}

gorc_timer *gorc_timer_new(int64_t ns)
{
    return make_listed(from_now(ns), 0, NULL, NULL, GORC__PC());
}

gorc_timer *gorc_timer_after_func(int64_t ns, gorc_fn fn, void *arg)
{
    const void *pc = GORC__PC();
    if (!fn) {
        gorc__misuse_simple("go-nil", "go of nil function", GORC__OBJ_TIMER, NULL, pc);
        errno = EINVAL;
        return NULL;
    }
    return make_listed(from_now(ns), 0, fn, arg, pc);
}

gorc_chan *gorc_timer_chan(gorc_timer *t)
{
    return is_usable(t, GORC__PC()) && !t->fn ? t->chan : NULL;
}

bool gorc_timer_stop(gorc_timer *t)
{
    gorc__self();
    return is_usable(t, GORC__PC()) && change(t, NEVER, 0);
}

bool gorc_timer_reset(gorc_timer *t, int64_t ns)
{
    gorc__self();
    return is_usable(t, GORC__PC()) && change(t, from_now(ns), 0);
}

void gorc_timer_free(gorc_timer *t)
{
    gorc__self();
    free_timer(t, GORC__PC());
}

static bool is_interval(int64_t ns, const void *object, const void *pc)
{
    if (ns > 0)
        return true;
    gorc__misuse_simple(
        "ticker-interval", "ticker interval not positive", GORC__OBJ_TIMER, object, pc);
    return false;
}

gorc_ticker *gorc_ticker_new(int64_t ns)
{
    const void *pc = GORC__PC();
    if (!is_interval(ns, NULL, pc)) {
        errno = EINVAL;
        return NULL;
    }
    return (gorc_ticker *)make_listed(from_now(ns), ns, NULL, NULL, pc);
}

gorc_chan *gorc_ticker_chan(gorc_ticker *ticker)
{
    struct gorc_timer *t = (struct gorc_timer *)ticker;
    return is_usable(t, GORC__PC()) ? t->chan : NULL;
}

void gorc_ticker_stop(gorc_ticker *ticker)
{
    struct gorc_timer *t = (struct gorc_timer *)ticker;
    gorc__self();
    if (is_usable(t, GORC__PC()))
        change(t, NEVER, t->period);
}

void gorc_ticker_reset(gorc_ticker *ticker, int64_t ns)
{
    struct gorc_timer *t = (struct gorc_timer *)ticker;
    const void *pc = GORC__PC();
    gorc__self();
    if (is_usable(t, pc) && is_interval(ns, t, pc))
        change(t, from_now(ns), ns);
}

void gorc_ticker_free(gorc_ticker *t)
{
    gorc__self();
    free_timer((struct gorc_timer *)t, GORC__PC());
}

/* --- inspection --- */

struct walk {
    bool (*fn)(const struct gorc__inspect_timer *t, void *arg);
    void *arg;
};

static bool visit(struct gorc__hidden_link *l, void *arg)
{
    struct walk *w = arg;
    struct gorc_timer *t = (struct gorc_timer *)((char *)l - offsetof(struct gorc_timer, link));
    struct gorc__inspect_timer i = {
        .timer = t,
        .chan = t->fn ? NULL : t->chan,
        .kind = t->period ? "ticker" : "timer",
        .pending = when_of(t) != NEVER,
        .created = t->chan->created,
        .creator = t->creator,
        .fn_arg = t->arg,
    };
    return w->fn(&i, w->arg);
}

void gorc__inspect_timers(bool (*fn)(const struct gorc__inspect_timer *t, void *arg), void *arg)
{
    struct walk w = {fn, arg};
    gorc__hidden_each(&listed, visit, &w);
}
