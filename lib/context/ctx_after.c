/* SPDX-License-Identifier: MIT
 *
 * Functions that run when a context is cancelled. A record has two references: the program's, until
 * gorc_ctx_stop_func, and one that belongs to the list, then to the goroutine that runs the
 * function.
 */
#include "base/alloc.h"
#include "context/ctx_impl.h"
#include "sched/g.h"

static void stop_unref(struct gorc_ctx_stop *s)
{
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    gorc__ctx_list_remove(&s->link);
    gorc__hook_forget(s, sizeof *s);
    gorc__ctx_unref(s->ctx);
    gorc__free(s);
}

/* In the new goroutine: what the cancellation and what the registration had behind them. */
static void run(void *arg)
{
    struct gorc_ctx_stop *s = arg;
    gorc_fn fn = s->fn;
    void *fn_arg = s->arg;
    gorc__hook_acquire(&s->ctx->canceller->err);
    gorc__hook_acquire(s);
    stop_unref(s);
    fn(fn_arg);
}

void gorc__ctx_stop_fire(struct gorc_ctx_stop *s)
{
    if (gorc__spawn_for(run, s, s->creator, s->created) != 0)
        gorc__fatal("out of memory for the goroutine of gorc_ctx_after_func");
}

gorc_ctx_stop *gorc_ctx_after_func(gorc_ctx *ctx, gorc_fn fn, void *arg)
{
    const void *pc = GORC__PC();
    if (!gorc__ctx_check(ctx, pc))
        return NULL;
    if (!fn) {
        gorc__misuse_simple("go-nil", "go of nil function", GORC__OBJ_GOROUTINE, NULL, pc);
        return NULL;
    }
    struct gorc_ctx_stop *s = gorc__alloc(sizeof *s);
    if (!s) {
        errno = ENOMEM;
        return NULL;
    }
    s->watch.stop = s;
    gorc__ctx_ref(ctx);
    s->ctx = ctx;
    s->fn = fn;
    s->arg = arg;
    s->created = gorc__hook_place(pc);
    s->creator = gorc__g_id(gorc__self());
    atomic_store_explicit(&s->refs, ctx->canceller ? 2 : 1, memory_order_relaxed);
    gorc__hook_release(s);
    gorc__ctx_list_add(&s->link, true);
    if (ctx->canceller && !gorc__ctx_watch(ctx->canceller, &s->watch))
        gorc__ctx_stop_fire(s);
    return s;
}

bool gorc_ctx_stop_func(gorc_ctx_stop *s)
{
    if (!s)
        return false;
    struct gorc__canceller *c = s->ctx->canceller;
    bool stopped = !c || gorc__ctx_unwatch(c, &s->watch);
    if (c && stopped)
        stop_unref(s);
    stop_unref(s);
    return stopped;
}
