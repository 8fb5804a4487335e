/* SPDX-License-Identifier: MIT
 *
 * gorc_group: a count of goroutines that have not ended, the first error, and a limit.
 *
 * One lock guards all. Whoever ends last unlocks for the last time before gorc_group_wait can see
 * that nobody is left and free the group (L1): the unlock is one store, and wait takes the lock.
 *
 * The limit orders as a channel of that capacity does in Go: the k-th end before the (k + n)-th
 * start; the race library has a key for each place.
 */
#include <gorc/errgroup.h>

#include "base/alloc.h"
#include "base/quarantine.h"
#include "context/ctx_impl.h"
#include "sched/g.h"

struct gorc_group {
    struct gorc__lock lock;
    bool waiting; /* gorc_group_wait was called */
    bool freed;
    int error;
    int64_t limit; /* < 0: none */
    int64_t active;
    int64_t free;             /* places; limit - active, but for those handed to a waiter */
    struct gorc__waitq queue; /* of gorc_group_go */
    struct gorc__g *waiter;   /* of gorc_group_wait */
    struct gorc_ctx *ctx;     /* with a reference; NULL: none */
    char *places;             /* race library: a key for each place */
    int64_t next_start, next_end;
    gorc__place created, last_go;
    uint64_t last_goid;
    gorc__place waited_at; /* guarded by lock; of the first wait */
};

struct task {
    struct gorc_group *group;
    int (*fn)(void *);
    void *arg;
};

static void misuse(struct gorc_group *g, const char *rule, const char *message, const char *role,
    gorc__place earlier, uint64_t goid, const void *pc)
{
    struct gorc__misuse m = {
        .rule = rule,
        .message = message,
        .object_kind = GORC__OBJ_GROUP,
        .object = g,
        .object_created = g ? g->created : 0,
        .earlier_role = earlier ? role : NULL,
        .earlier = earlier,
        .earlier_goid = goid,
    };
    gorc__misuse_raise(&m, pc);
}

static bool check(struct gorc_group *g, const void *pc)
{
    if (g && !g->freed)
        return true;
    if (g)
        misuse(g, "use-after-unref", "use of an errgroup after its wait", "waited for by",
            g->waited_at, 0, pc);
    else
        misuse(NULL, "nil-group", "nil errgroup", NULL, 0, 0, pc);
    return false;
}

gorc_group *gorc_group_new(gorc_ctx *parent, gorc_ctx **ret_ctx)
{
    const void *pc = GORC__PC();
    struct gorc__canceller *c = NULL;
    if (ret_ctx && !gorc__ctx_check_parent(parent, pc))
        return NULL;
    struct gorc_group *g = gorc__alloc(sizeof *g);
    if (g && ret_ctx)
        c = gorc__canceller_new(parent, sizeof *c, GORC__CTX_CANCEL, pc);
    if (!g || (ret_ctx && !c)) {
        gorc__free(g);
        errno = ENOMEM;
        return NULL;
    }
    g->limit = -1;
    g->created = gorc__hook_place(pc);
    if (c) {
        gorc__ctx_ref(&c->base);
        *ret_ctx = g->ctx = &c->base;
    }
    return g;
}

/* --- the limit --- */

void gorc_group_set_limit(gorc_group *g, int n)
{
    const void *pc = GORC__PC();
    if (!check(g, pc))
        return;
    char *places = NULL;
    if (n > 0 && gorc__hook_active()) {
        places = gorc__alloc((size_t)n);
        if (!places)
            gorc__fatal("gorc_group_set_limit: out of memory");
    }
    gorc__lock(&g->lock);
    bool busy = g->active > 0 || !gorc__waitq_empty(&g->queue);
    gorc__place last = g->last_go;
    uint64_t goid = g->last_goid;
    if (!busy) {
        char *old = g->places;
        if (old)
            gorc__hook_forget(old, (size_t)g->limit);
        g->limit = n < 0 ? -1 : n;
        g->free = n;
        g->places = places;
        g->next_start = g->next_end = 0;
        places = old;
    }
    gorc__unlock(&g->lock);
    gorc__free(places);
    if (busy)
        misuse(g, "group-limit", "errgroup limit changed while goroutines in the group are active",
            "started by", last, goid, pc);
}

static int64_t step(const struct gorc_group *g, int64_t *next)
{
    int64_t place = *next;
    *next = place + 1 == g->limit ? 0 : place + 1;
    return place;
}

/* Lock held: the current task passes through a place. */
static void hook_place(struct gorc_group *g, int64_t *next)
{
    if (!g->places)
        return;
    gorc__hook_pass(&g->places[step(g, next)]);
}

/* Takes a place. False: there is none, and `may_wait` is not set. */
static bool enter(struct gorc_group *g, bool may_wait, const void *pc)
{
    struct gorc__waiter w = {.g = gorc__self()};
    gorc__place here = gorc__hook_place(pc);
    gorc__lock(&g->lock);
    bool full = g->limit >= 0 && (g->free == 0 || !gorc__waitq_empty(&g->queue));
    if (full && !may_wait) {
        gorc__unlock(&g->lock);
        return false;
    }
    g->last_go = here;
    g->last_goid = w.g->goid;
    if (full) {
        gorc__waitq_push(&g->queue, &w);
        gorc__park(w.g, &g->lock, GORC__WAIT_GROUP_GO, g, NULL);
        return true; /* leave() has counted us */
    }
    g->active++;
    if (g->limit >= 0) {
        g->free--;
        hook_place(g, &g->next_start);
    }
    gorc__unlock(&g->lock);
    return true;
}

/* Lock held: the place goes to the first who waits for one. */
static struct gorc__g *give_place(struct gorc_group *g)
{
    if (g->limit < 0)
        return NULL;
    hook_place(g, &g->next_end);
    struct gorc__waiter *w = gorc__waitq_pop(&g->queue);
    if (!w) {
        g->free++;
        return NULL;
    }
    g->active++;
    if (g->places)
        gorc__hook_relay(&g->places[step(g, &g->next_start)], &w->g->hook);
    return w->g;
}

/* --- a goroutine of the group --- */

static void leave(void *arg)
{
    struct gorc_group *g = arg;
    gorc__hook_release(g);
    gorc__lock(&g->lock);
    struct gorc__g *next = give_place(g);
    struct gorc__g *waiter = --g->active == 0 ? g->waiter : NULL;
    gorc__unlock(&g->lock);
    if (next)
        gorc__ready_tail(next);
    if (waiter)
        gorc__ready(waiter);
}

/* The group is ours until leave(). */
static void fail(struct gorc_group *g, int error)
{
    gorc__lock(&g->lock);
    bool first = g->error == 0;
    if (first)
        g->error = error;
    gorc__unlock(&g->lock);
    if (first && g->ctx)
        gorc__ctx_cancel(g->ctx->canceller, -ECANCELED, error, gorc__ctx_by_caller(GORC__PC()));
}

static void run(void *arg)
{
    struct task t = *(struct task *)arg;
    gorc__free(arg);
    gorc_defer(leave, t.group);
    int error = t.fn(t.arg);
    gorc__hook_caller(NULL);
    if (error)
        fail(t.group, error);
}

static bool go(struct gorc_group *g, int (*fn)(void *), void *arg, bool may_wait, const void *pc)
{
    if (!check(g, pc))
        return false;
    if (!fn) {
        gorc__misuse_simple("go-nil", "go of nil function", GORC__OBJ_GOROUTINE, NULL, pc);
        return false;
    }
    if (!enter(g, may_wait, pc))
        return false;
    struct task *t = gorc__alloc(sizeof *t);
    if (!t)
        gorc__fatal("gorc_group_go: out of memory");
    *t = (struct task){g, fn, arg};
    if (gorc__spawn(run, t, NULL, 0, false, pc) != 0)
        gorc__fatal("gorc_group_go: out of memory for a goroutine");
    return true;
}

void gorc_group_go(gorc_group *g, int (*fn)(void *arg), void *arg)
{
    go(g, fn, arg, true, GORC__PC());
}

bool gorc_group_try_go(gorc_group *g, int (*fn)(void *arg), void *arg)
{
    return go(g, fn, arg, false, GORC__PC());
}

/* --- wait --- */

static void group_free(struct gorc_group *g)
{
    if (g->places) {
        gorc__hook_forget(g->places, (size_t)g->limit);
        gorc__free(g->places);
    }
    gorc__hook_forget(g, sizeof *g);
    gorc__name_forget(g);
    g->freed = true;
    gorc__quarantine(g);
}

int gorc_group_wait(gorc_group *g)
{
    const void *pc = GORC__PC();
    if (!check(g, pc))
        return 0;
    struct gorc__g *self = gorc__self();
    gorc__place here = gorc__hook_place_of(pc);
    gorc__lock(&g->lock);
    if (g->waiting) {
        gorc__place before = g->waited_at;
        gorc__unlock(&g->lock);
        misuse(g, "group-wait", "errgroup waited for twice", "waited for by", before, 0, pc);
        return 0;
    }
    g->waiting = true;
    g->waited_at = here;
    if (g->active > 0) {
        g->waiter = self;
        gorc__park(self, &g->lock, GORC__WAIT_GROUP_WAIT, g, NULL);
    } else {
        gorc__unlock(&g->lock);
    }
    gorc__hook_acquire(g);
    int error = g->error;
    struct gorc_ctx *ctx = g->ctx;
    g->ctx = NULL;
    if (gorc__waitq_empty(&g->queue)) /* nobody else has it any more */
        group_free(g);
    else /* stays: whoever waits needs it */
        misuse(g, "free-while-waiting", "errgroup freed while a goroutine waits in gorc_group_go",
            "last start by", g->last_go, g->last_goid, pc);
    if (ctx) {
        gorc__ctx_cancel(
            ctx->canceller, -ECANCELED, error ? error : -ECANCELED, gorc__ctx_by_caller(pc));
        gorc__ctx_unref(ctx);
    }
    return error;
}
