/* SPDX-License-Identifier: MIT
 *
 * Making and freeing contexts. In the race library freed contexts are kept for a while, so that a
 * late use is reported and not undefined.
 */
#include "context/ctx_impl.h"

#include <string.h>

#include "base/alloc.h"
#include "base/quarantine.h"
#include "sched/fork.h"

static struct gorc_ctx background = {.deadline = INT64_MAX, .kind = GORC__CTX_BACKGROUND};

gorc_ctx *gorc_ctx_background(void)
{
    return &background;
}

/* --- misuse --- */

static void raise_nil(const char *message, const void *pc)
{
    gorc__misuse_simple("nil-context", message, GORC__OBJ_CONTEXT, NULL, pc);
}

static void raise_freed(struct gorc_ctx *ctx, const char *message, const void *pc)
{
    gorc__place by = atomic_load_explicit(&ctx->freed_by, memory_order_relaxed);
    struct gorc__misuse m = {
        .rule = "use-after-unref",
        .message = message,
        .object_kind = GORC__OBJ_CONTEXT,
        .object = ctx,
        .object_created = ctx->created,
        .earlier_role = by ? "freed by" : NULL,
        .earlier = by,
    };
    gorc__misuse_raise(&m, pc);
}

static bool is_freed(struct gorc_ctx *ctx)
{
    return atomic_load_explicit(&ctx->freed, memory_order_relaxed) != 0;
}

bool gorc__ctx_check(struct gorc_ctx *ctx, const void *pc)
{
    if (GORC__UNLIKELY(!ctx)) {
        raise_nil("nil context", pc);
        return false;
    }
    if (GORC__UNLIKELY(is_freed(ctx))) {
        raise_freed(ctx, "use of a context after it was freed", pc);
        return false;
    }
    return true;
}

bool gorc__ctx_check_parent(struct gorc_ctx *parent, const void *pc)
{
    if (parent)
        return gorc__ctx_check(parent, pc);
    raise_nil("cannot create context from nil parent", pc);
    return false;
}

/* --- references --- */

void gorc__ctx_ref(struct gorc_ctx *ctx)
{
    if (ctx->kind != GORC__CTX_BACKGROUND)
        atomic_fetch_add_explicit(&ctx->refs, 1, memory_order_relaxed);
}

static void destroy(struct gorc_ctx *ctx)
{
    gorc__name_forget(ctx);
    gorc__ctx_list_remove(&ctx->link);
    if (ctx->kind >= GORC__CTX_CANCEL) {
        struct gorc__canceller *c = ctx->canceller;
        gorc_chan_unref(atomic_load_explicit(&c->done, memory_order_relaxed));
        gorc__hook_forget(&c->err, sizeof c->err);
    }
    gorc__quarantine(ctx);
}

void gorc__ctx_unref(struct gorc_ctx *ctx)
{
    while (ctx && ctx->kind != GORC__CTX_BACKGROUND &&
           atomic_fetch_sub_explicit(&ctx->refs, 1, memory_order_acq_rel) == 1) {
        struct gorc_ctx *parent = ctx->parent;
        destroy(ctx);
        ctx = parent;
    }
}

void gorc__ctx_drop(struct gorc_ctx *ctx, struct gorc__ctx_by by)
{
    if (ctx->kind == GORC__CTX_SIGNAL)
        gorc__ctx_signal_stop(ctx->canceller);
    if (ctx->kind >= GORC__CTX_CANCEL)
        gorc__ctx_cancel(ctx->canceller, -ECANCELED, -ECANCELED, by);
    gorc__ctx_unref(ctx);
}

void gorc_ctx_free(gorc_ctx *ctx)
{
    const void *pc = GORC__PC();
    if (!ctx || ctx->kind == GORC__CTX_BACKGROUND)
        return;
    struct gorc__ctx_by by = gorc__ctx_by_caller(pc);
    if (atomic_exchange_explicit(&ctx->freed, 1, memory_order_relaxed)) {
        raise_freed(ctx, "context freed twice", pc);
        return;
    }
    atomic_store_explicit(&ctx->freed_by, by.place, memory_order_relaxed);
    gorc__ctx_drop(ctx, by);
}

/* --- constructors --- */

static struct gorc_ctx *make(
    struct gorc_ctx *parent, size_t size, enum gorc__ctx_kind kind, const void *pc)
{
    struct gorc_ctx *ctx = gorc__alloc(size);
    if (!ctx) {
        errno = ENOMEM;
        return NULL;
    }
    gorc__ctx_ref(parent);
    ctx->parent = parent;
    ctx->canceller = parent->canceller;
    ctx->values = parent->values;
    ctx->deadline = parent->deadline;
    ctx->kind = kind;
    ctx->created = gorc__hook_place(pc);
    ctx->creator = gorc__g_id(gorc__self());
    atomic_store_explicit(&ctx->refs, 1, memory_order_relaxed);
    gorc__ctx_list_add(&ctx->link, false);
    return ctx;
}

/* Becomes a child of c->up, or is cancelled like it. */
static void join(struct gorc__canceller *c)
{
    struct gorc__canceller *up = c->up;
    _Atomic uint32_t *whole = gorc__undivided_begin();
    gorc__lock(&up->lock);
    int err = gorc__canceller_err(up);
    if (err == 0) {
        c->place = GORC__CTX_LISTED;
        c->next = up->child;
        if (c->next)
            c->next->prev = c;
        up->child = c;
    }
    gorc__unlock(&up->lock);
    gorc__undivided_end(whole);
    if (err == 0)
        return;
    gorc__hook_acquire(&up->err);
    gorc__ctx_cancel(c, err, up->cause, (struct gorc__ctx_by){0});
}

struct gorc__canceller *gorc__canceller_new(
    struct gorc_ctx *parent, size_t size, enum gorc__ctx_kind kind, const void *pc)
{
    struct gorc__canceller *c = (struct gorc__canceller *)make(parent, size, kind, pc);
    if (!c)
        return NULL;
    c->up = parent->canceller;
    c->base.canceller = c;
    c->timer.index = -1;
    if (c->up)
        join(c);
    return c;
}

gorc_ctx *gorc_ctx_with_cancel(gorc_ctx *parent)
{
    const void *pc = GORC__PC();
    if (!gorc__ctx_check_parent(parent, pc))
        return NULL;
    struct gorc__canceller *c = gorc__canceller_new(parent, sizeof *c, GORC__CTX_CANCEL, pc);
    return c ? &c->base : NULL;
}

gorc_ctx *gorc_ctx_without_cancel(gorc_ctx *parent)
{
    const void *pc = GORC__PC();
    if (!gorc__ctx_check_parent(parent, pc))
        return NULL;
    struct gorc_ctx *ctx = make(parent, sizeof *ctx, GORC__CTX_WITHOUT, pc);
    if (!ctx)
        return NULL;
    ctx->canceller = NULL;
    ctx->deadline = INT64_MAX;
    return ctx;
}

gorc_ctx *gorc_ctx_with_value(gorc_ctx *parent, const void *key, void *value)
{
    const void *pc = GORC__PC();
    if (!gorc__ctx_check_parent(parent, pc))
        return NULL;
    if (!key) {
        gorc__misuse_simple("nil-key", "nil context key", GORC__OBJ_CONTEXT, parent, pc);
        return NULL;
    }
    struct gorc_ctx *ctx = make(parent, sizeof *ctx, GORC__CTX_VALUE, pc);
    if (!ctx)
        return NULL;
    ctx->values = ctx;
    ctx->key = key;
    ctx->value = value;
    return ctx;
}

/* --- deadlines --- */

static void expire(struct gorc__timer *t)
{
    struct gorc__canceller *c =
        (struct gorc__canceller *)((char *)t - offsetof(struct gorc__canceller, timer));
    gorc__ctx_cancel(c, -ETIMEDOUT, c->deadline_cause, (struct gorc__ctx_by){0});
    gorc__ctx_unref(&c->base);
}

/* False: no memory for the timer. */
static bool arm(struct gorc__canceller *c)
{
    bool ok = true;
    gorc__hook_release(&c->err); /* the start happens before what expiry lets go on */
    _Atomic uint32_t *whole = gorc__undivided_begin();
    gorc__lock(&c->lock);
    if (gorc__canceller_err(c) == 0) {
        c->timer.when = c->base.deadline;
        c->timer.fn = expire;
        c->timer.owner = &c->lock;
        gorc__ctx_ref(&c->base);
        ok = c->armed = gorc__timer_add(&c->timer);
        if (!ok)
            gorc__ctx_unref(&c->base); /* not the last */
    }
    gorc__unlock(&c->lock);
    gorc__undivided_end(whole);
    return ok;
}

static gorc_ctx *with_deadline(gorc_ctx *parent, int64_t deadline, int cause, const void *pc)
{
    if (!gorc__ctx_check_parent(parent, pc))
        return NULL;
    bool earlier = deadline < parent->deadline;
    struct gorc__canceller *c =
        gorc__canceller_new(parent, sizeof *c, earlier ? GORC__CTX_DEADLINE : GORC__CTX_CANCEL, pc);
    if (!c || !earlier)
        return c ? &c->base : NULL;
    c->base.deadline = deadline;
    c->deadline_cause = cause ? cause : -ETIMEDOUT;
    if (deadline <= gorc__now()) {
        gorc__ctx_cancel(c, -ETIMEDOUT, c->deadline_cause, gorc__ctx_by_caller(pc));
    } else if (!arm(c)) {
        gorc__ctx_drop(&c->base, gorc__ctx_by_caller(pc));
        errno = ENOMEM;
        return NULL;
    }
    return &c->base;
}

static int64_t from_now(int64_t ns)
{
    int64_t now = gorc__now();
    return ns > INT64_MAX - 1 - now ? INT64_MAX - 1 : now + (ns < 0 ? 0 : ns);
}

gorc_ctx *gorc_ctx_with_deadline(gorc_ctx *parent, int64_t deadline)
{
    return with_deadline(parent, deadline, 0, GORC__PC());
}

gorc_ctx *gorc_ctx_with_timeout(gorc_ctx *parent, int64_t ns)
{
    return with_deadline(parent, from_now(ns), 0, GORC__PC());
}

gorc_ctx *gorc_ctx_with_deadline_cause(gorc_ctx *parent, int64_t deadline, int cause)
{
    return with_deadline(parent, deadline, cause, GORC__PC());
}

gorc_ctx *gorc_ctx_with_timeout_cause(gorc_ctx *parent, int64_t ns, int cause)
{
    return with_deadline(parent, from_now(ns), cause, GORC__PC());
}
