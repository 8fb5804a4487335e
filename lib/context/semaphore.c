/* SPDX-License-Identifier: MIT
 *
 * gorc_sem: Go's golang.org/x/sync/semaphore, first come first served: whoever asks for much is not
 * overtaken by those who ask for little.
 *
 * A waiter with a context waits for two things, so its wake-up is claimed. It gets onto the
 * context's list only once it is parked, with the semaphore's lock held (start_wait): the
 * cancellation may make it ready from then on, and it goes on when that lock is free. Lock order:
 * the semaphore's, then the canceller's.
 *
 * The last access of a release is the unlock, after which those it has served may free the
 * semaphore (L1).
 */
#include <gorc/context.h>
#include <gorc/sync.h>

#include "context/ctx_impl.h"
#include "sched/g.h"
#include "sched/queues.h"

struct sem {
    int64_t size;
    struct gorc__lock lock;
    int64_t held; /* may exceed size by a misuse that was gone on from */
    struct gorc__waitq waiters;
    gorc__place last_release;
    uint64_t last_goid;
};

_Static_assert(sizeof(struct sem) <= sizeof(gorc_sem), "reserved storage");
_Static_assert(_Alignof(struct sem) <= _Alignof(gorc_sem), "alignment");
_Static_assert(offsetof(struct sem, size) == 0, "GORC_SEM_INIT");
_Static_assert(offsetof(struct sem, waiters) == GORC__SEM_QUEUE, "sched/queues.h");

struct sem_waiter {
    struct gorc__waiter w; /* w.value: served; w.flag: not in the queue */
    struct gorc__ctx_watch watch;
    struct sem *sem;
    struct gorc__canceller *canceller; /* NULL: none */
    int64_t n;
};

/* Lock held: takes those out whose turn it is, linked through g->next. */
static struct gorc__g *serve(struct sem *s)
{
    struct gorc__g *first = NULL, **last = &first;
    struct sem_waiter *w;
    while ((w = (struct sem_waiter *)s->waiters.head) != NULL && s->size - s->held >= w->n) {
        gorc__waitq_remove(&s->waiters, &w->w);
        struct gorc__g *g = w->w.g;
        if (w->canceller && !gorc__claim(g)) {
            w->w.flag = 1; /* cancelled */
            continue;
        }
        s->held += w->n;
        w->w.value = s;
        gorc__hook_acquire_for(s, gorc__g_task(g));
        *last = g;
        last = &g->next;
    }
    *last = NULL;
    return first;
}

static void wake(struct gorc__g *g)
{
    while (g) {
        struct gorc__g *next = g->next;
        gorc__ready_tail(g);
        g = next;
    }
}

/* After the park: the semaphore's lock is held, so nobody else can have claimed us. */
static void start_wait(void *arg)
{
    struct sem_waiter *w = arg;
    struct sem *s = w->sem;
    struct gorc__g *g = w->w.g;
    bool cancelled = w->canceller && !gorc__ctx_watch(w->canceller, &w->watch);
    if (cancelled)
        cancelled = gorc__claim(g);
    gorc__unlock(&s->lock);
    if (cancelled)
        gorc__ready(g);
}

static int cancelled(struct gorc__canceller *c)
{
    gorc__canceller_seen(c);
    return gorc__canceller_err(c);
}

/* s->lock is held, and dropped. */
static int wait(struct sem *s, struct gorc__canceller *c, struct gorc__g *self, int64_t n)
{
    struct sem_waiter w = {
        .w = {.g = self}, .watch = {.g = self}, .sem = s, .canceller = c, .n = n};
    gorc__claim_arm(self);
    gorc__hook_used(s, GORC__OBJ_SEM);
    w.w.flag = n > s->size; /* never to be had: it must not be in the way of others */
    if (!w.w.flag)
        gorc__waitq_push(&s->waiters, &w.w);
    if (!c) {
        gorc__park(self, &s->lock, GORC__WAIT_SEM_ACQUIRE, s, NULL);
        return 0;
    }
    gorc__park_call(self, start_wait, &w, GORC__WAIT_SEM_ACQUIRE, s);
    if (w.w.value) { /* s may be gone: whoever released may free it when we have it */
        gorc__ctx_unwatch(c, &w.watch);
        return 0;
    }
    gorc__lock(&s->lock); /* also: start_wait is over */
    struct gorc__g *next = NULL;
    if (!w.w.flag)
        gorc__waitq_remove(&s->waiters, &w.w);
    next = serve(s); /* those behind us may need less */
    gorc__unlock(&s->lock);
    wake(next);
    return cancelled(c);
}

static bool check(const struct sem *s, int64_t n, const void *pc)
{
    if (n >= 0)
        return true;
    gorc__misuse_simple("semaphore-negative", "negative semaphore weight", GORC__OBJ_SEM, s, pc);
    return false;
}

int gorc_sem_acquire(gorc_sem *sem, gorc_ctx *ctx, int64_t n)
{
    struct sem *s = (struct sem *)sem;
    const void *pc = GORC__PC();
    struct gorc__g *self = gorc__self();
    if (!check(s, n, pc) || (ctx && !gorc__ctx_check(ctx, pc)))
        return 0;
    struct gorc__canceller *c = ctx ? ctx->canceller : NULL;
    if (c && gorc__canceller_err(c) != 0)
        return cancelled(c);
    gorc__lock(&s->lock);
    if (s->size - s->held < n || !gorc__waitq_empty(&s->waiters))
        return wait(s, c, self, n);
    s->held += n;
    gorc__unlock(&s->lock);
    gorc__hook_acquire(s);
    return 0;
}

bool gorc_sem_try_acquire(gorc_sem *sem, int64_t n)
{
    struct sem *s = (struct sem *)sem;
    gorc__self();
    if (!check(s, n, GORC__PC()))
        return false;
    gorc__lock(&s->lock);
    bool ok = s->size - s->held >= n && gorc__waitq_empty(&s->waiters);
    if (ok)
        s->held += n;
    gorc__unlock(&s->lock);
    if (ok)
        gorc__hook_acquire(s);
    else
        gorc__hook_refused();
    return ok;
}

void gorc_sem_release(gorc_sem *sem, int64_t n)
{
    struct sem *s = (struct sem *)sem;
    const void *pc = GORC__PC();
    uint64_t goid = gorc__g_id(gorc__self());
    if (!check(s, n, pc))
        return;
    gorc__place here = gorc__hook_place(pc);
    gorc__hook_release(s);
    gorc__lock(&s->lock);
    if (s->held < n) {
        struct gorc__misuse m = {
            .rule = "semaphore-over-released",
            .message = "semaphore over-released",
            .object_kind = GORC__OBJ_SEM,
            .object = s,
            .earlier_role = s->last_release ? "released before by" : NULL,
            .earlier = s->last_release,
            .earlier_goid = s->last_goid,
        };
        gorc__unlock(&s->lock);
        gorc__misuse_raise(&m, pc);
        return;
    }
    s->held -= n;
    s->last_release = here;
    s->last_goid = goid;
    struct gorc__g *served = serve(s);
    gorc__unlock(&s->lock);
    wake(served);
}
