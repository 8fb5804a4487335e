/* SPDX-License-Identifier: MIT
 *
 * Cancellation: the cascade down the tree, and completion up again (ctx_impl.h).
 *
 * visit() is a canceller's one cancellation. It takes out, under the lock, what the cancellation
 * concerns (children, watches, timer), and then closes the channel and wakes. The closed channel is
 * what others see, and they may free the context then; the references of the visit keep it (L1).
 *
 * May run in a timer's function: then there is no current task, no `by`, and no parking.
 */
#include "context/ctx_impl.h"

#include "sched/fork.h"

/* --- watches --- */

bool gorc__ctx_watch(struct gorc__canceller *c, struct gorc__ctx_watch *w)
{
    _Atomic uint32_t *whole = gorc__undivided_begin();
    gorc__lock(&c->lock);
    bool live = gorc__canceller_err(c) == 0;
    if (live) {
        w->prev = NULL;
        w->next = c->watch;
        if (w->next)
            w->next->prev = w;
        c->watch = w;
        w->listed = true;
    }
    gorc__unlock(&c->lock);
    gorc__undivided_end(whole);
    return live;
}

bool gorc__ctx_unwatch(struct gorc__canceller *c, struct gorc__ctx_watch *w)
{
    _Atomic uint32_t *whole = gorc__undivided_begin();
    gorc__lock(&c->lock);
    bool was = w->listed;
    if (was) {
        if (w->prev)
            w->prev->next = w->next;
        else
            c->watch = w->next;
        if (w->next)
            w->next->prev = w->prev;
        w->listed = false;
    }
    gorc__unlock(&c->lock);
    gorc__undivided_end(whole);
    return was;
}

/* What a cancellation has to do once the lock is dropped. */
struct found {
    struct gorc__g *ready; /* claimed, linked through next */
    struct gorc__ctx_watch *funcs;
    struct gorc_chan *done;
    bool armed;
};

/* Lock held. A parked goroutine's watch lies on its stack: it is claimed here, not later. */
static void take_watches(struct gorc__canceller *c, struct found *f)
{
    struct gorc__ctx_watch *w = c->watch;
    c->watch = NULL;
    while (w) {
        struct gorc__ctx_watch *next = w->next;
        w->listed = false;
        if (w->stop) {
            w->next = f->funcs;
            f->funcs = w;
        } else if (gorc__claim(w->g)) {
            w->g->next = f->ready;
            f->ready = w->g;
        }
        w = next;
    }
}

static void act(struct gorc__canceller *c, struct found *f, const struct gorc__ctx_by *by)
{
    if (f->armed && gorc__timer_cancel(&c->timer))
        gorc__ctx_unref(&c->base);
    if (f->done)
        gorc__chan_close_done(f->done, by->place, by->goid);
    while (f->ready) {
        struct gorc__g *g = f->ready;
        f->ready = g->next;
        gorc__ready_tail(g);
    }
    while (f->funcs) {
        struct gorc__ctx_watch *w = f->funcs;
        f->funcs = w->next;
        gorc__ctx_stop_fire(w->stop);
    }
}

/* --- the tree --- */

/* up's lock held */
static void unlink_child(struct gorc__canceller *up, struct gorc__canceller *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        up->child = c->next;
    if (c->next)
        c->next->prev = c->prev;
    c->next = c->prev = NULL;
}

/* The parent's part of c's completion. True: the parent is complete with it. */
static bool leave_parent(struct gorc__canceller *c)
{
    struct gorc__canceller *up = c->up;
    bool last = false;
    if (!up)
        return false;
    gorc__lock(&up->lock);
    if (c->place == GORC__CTX_LISTED)
        unlink_child(up, c);
    else if (c->place == GORC__CTX_DETACHED)
        last = --up->pending == 0;
    c->place = GORC__CTX_ALONE;
    gorc__unlock(&up->lock);
    return last;
}

/* c and all its descendants are cancelled. Drops the visit's reference to c. */
static void complete(struct gorc__canceller *c)
{
    bool go_on;
    do {
        struct gorc__canceller *up = c->up;
        go_on = leave_parent(c);
        gorc__lock(&c->lock);
        c->complete = true;
        struct gorc__waiter *w = c->waiters.head;
        c->waiters = (struct gorc__waitq){0};
        gorc__unlock(&c->lock);
        while (w) {
            struct gorc__waiter *next = w->next;
            gorc__ready_tail(w->g);
            w = next;
        }
        gorc__ctx_unref(&c->base); /* up has its visit's reference, if we go on */
        c = up;
    } while (go_on);
}

static void wait_complete(struct gorc__canceller *c)
{
    struct gorc__waiter w = {.g = gorc__self()};
    gorc__lock(&c->lock);
    if (c->complete) {
        gorc__unlock(&c->lock);
        return;
    }
    gorc__waitq_push(&c->waiters, &w);
    gorc__park(w.g, &c->lock, GORC__WAIT_CTX_CANCEL, c, NULL);
}

/* Lock held: c's children go to *todo, each with a reference. */
static void detach_children(struct gorc__canceller *c, struct gorc__canceller **todo)
{
    struct gorc__canceller *child = c->child;
    c->child = NULL;
    while (child) {
        struct gorc__canceller *next = child->next;
        child->next = child->prev = NULL;
        child->place = GORC__CTX_DETACHED;
        gorc__ctx_ref(&child->base);
        child->todo = *todo;
        *todo = child;
        c->pending++;
        child = next;
    }
}

/* Takes over one reference to c. Adds its children to *todo. */
static void visit(struct gorc__canceller *c, int err, int cause, const struct gorc__ctx_by *by,
    struct gorc__canceller **todo)
{
    gorc__lock(&c->lock);
    if (gorc__canceller_err(c) != 0) {
        gorc__unlock(&c->lock);
        gorc__ctx_unref(&c->base);
        return;
    }
    struct found f = {.done = atomic_load_explicit(&c->done, memory_order_relaxed)};
    c->cause = cause;
    gorc__hook_release(&c->err);
    atomic_store_explicit(&c->err, err, memory_order_release);
    c->pending = 1;
    detach_children(c, todo);
    take_watches(c, &f);
    f.armed = c->armed;
    c->armed = false;
    gorc__unlock(&c->lock);
    act(c, &f, by);
    gorc__lock(&c->lock);
    bool last = --c->pending == 0;
    gorc__unlock(&c->lock);
    if (last)
        complete(c);
}

void gorc__ctx_cancel(struct gorc__canceller *c, int err, int cause, struct gorc__ctx_by by)
{
    struct gorc__canceller *todo = NULL;
    gorc__ctx_ref(&c->base); /* ours: whoever sees the cancellation may free c */
    gorc__ctx_ref(&c->base); /* the visit's */
    _Atomic uint32_t *whole = gorc__undivided_begin();
    visit(c, err, cause, &by, &todo);
    while (todo) {
        struct gorc__canceller *child = todo;
        todo = child->todo;
        visit(child, err, cause, &by, &todo);
    }
    gorc__undivided_end(whole);
    if (by.may_park)
        wait_complete(c);
    gorc__ctx_unref(&c->base);
}

/* --- public --- */

static void cancel_at(gorc_ctx *ctx, int cause, const void *pc)
{
    if (!gorc__ctx_check(ctx, pc))
        return;
    if (ctx->kind < GORC__CTX_CANCEL)
        return;
    struct gorc__canceller *c = ctx->canceller;
    if (ctx->kind == GORC__CTX_SIGNAL)
        gorc__ctx_signal_stop(c);
    gorc__ctx_cancel(c, -ECANCELED, cause ? cause : -ECANCELED, gorc__ctx_by_caller(pc));
}

void gorc_ctx_cancel(gorc_ctx *ctx)
{
    cancel_at(ctx, 0, GORC__PC());
}

void gorc_ctx_cancel_fn(void *ctx)
{
    cancel_at(ctx, 0, GORC__PC());
}

void gorc_ctx_cancel_cause(gorc_ctx *ctx, int err)
{
    cancel_at(ctx, err, GORC__PC());
}
