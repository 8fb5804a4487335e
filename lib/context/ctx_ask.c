/* SPDX-License-Identifier: MIT
 *
 * What programs ask a context: done, err, cause, value, deadline. The hot paths of a program that
 * uses contexts: a load or two.
 */
#include "context/ctx_impl.h"

#include "sched/g.h"

/* Best effort where freed memory is not kept: one more load of a line that is needed anyway. */
static inline bool may_ask(struct gorc_ctx *ctx, const void *pc)
{
    if (GORC__LIKELY(ctx && !atomic_load_explicit(&ctx->freed, memory_order_relaxed)))
        return true;
    return gorc__ctx_check(ctx, pc);
}

/* --- done --- */

/* The channel is made without the lock; the first one is kept. Made after the cancellation it is
 * closed before anybody sees it. */
static __attribute__((noinline)) struct gorc_chan *make_done(
    struct gorc__canceller *c, const void *pc)
{
    struct gorc_chan *made = gorc_chan_new(0, 0);
    if (!made)
        return NULL;
    made->created = gorc__hook_place(pc);
    if (made->keys)
        made->keys->close_at = &c->err;
    gorc__lock(&c->lock);
    struct gorc_chan *done = atomic_load_explicit(&c->done, memory_order_relaxed);
    if (!done) {
        done = made;
        made = NULL;
        if (gorc__canceller_err(c) != 0)
            gorc__chan_close_done(done, 0, 0);
        atomic_store_explicit(&c->done, done, memory_order_release);
    }
    gorc__unlock(&c->lock);
    gorc_chan_unref(made);
    return done;
}

gorc_chan *gorc_ctx_done(gorc_ctx *ctx)
{
    const void *pc = GORC__PC();
    if (!may_ask(ctx, pc))
        return NULL;
    struct gorc__canceller *c = ctx->canceller;
    if (!c)
        return NULL;
    struct gorc_chan *done = atomic_load_explicit(&c->done, memory_order_acquire);
    return GORC__LIKELY(done != NULL) ? done : make_done(c, pc);
}

/* --- err, cause --- */

/* err is set a moment before the channel is closed. */
void gorc__canceller_seen(struct gorc__canceller *c)
{
    struct gorc_chan *done = atomic_load_explicit(&c->done, memory_order_acquire);
    if (done && !gorc__chan_peek_recv(done))
        gorc_chan_recv(done, NULL);
    gorc__hook_acquire(&c->err);
}

static inline int err_of(struct gorc_ctx *ctx)
{
    struct gorc__canceller *c = ctx->canceller;
    int err = c ? gorc__canceller_err(c) : 0;
    if (GORC__UNLIKELY(err != 0))
        gorc__canceller_seen(c);
    return err;
}

int gorc_ctx_err(gorc_ctx *ctx)
{
    return may_ask(ctx, GORC__PC()) ? err_of(ctx) : 0;
}

int gorc_ctx_cause(gorc_ctx *ctx)
{
    if (!may_ask(ctx, GORC__PC()) || err_of(ctx) == 0)
        return 0;
    return ctx->canceller->cause;
}

/* --- values, deadline --- */

void *gorc_ctx_value(gorc_ctx *ctx, const void *key)
{
    if (!may_ask(ctx, GORC__PC()))
        return NULL;
    for (const struct gorc_ctx *c = ctx->values; c; c = c->parent->values)
        if (c->key == key)
            return c->value;
    return NULL;
}

bool gorc_ctx_deadline(gorc_ctx *ctx, int64_t *ret_deadline)
{
    if (!may_ask(ctx, GORC__PC()) || ctx->deadline == INT64_MAX)
        return false;
    if (ret_deadline)
        *ret_deadline = ctx->deadline;
    return true;
}
