/* SPDX-License-Identifier: MIT
 *
 * All contexts, for inspection (lib/inspect.h).
 */
#include "inspect.h"

#include "context/ctx_impl.h"

static struct gorc__hidden_list listed;

void gorc__ctx_list_add(struct gorc__ctx_link *l, bool is_stop)
{
    if (!gorc__hook_active())
        return;
    l->is_stop = is_stop;
    gorc__hidden_add(&listed, &l->hidden);
}

void gorc__ctx_list_remove(struct gorc__ctx_link *l)
{
    if (gorc__hidden_is_listed(&l->hidden))
        gorc__hidden_remove(&listed, &l->hidden);
}

struct walk {
    bool (*fn)(const struct gorc__inspect_ctx *c, void *arg);
    void *arg;
};

static const char *const kinds[] = {
    "background", "value", "without cancel", "cancel", "deadline", "signal"};

/* The context's own timer or signal, or one of an ancestor. */
static bool comes(const struct gorc_ctx *ctx)
{
    const struct gorc__canceller *c = ctx->canceller;
    for (; c; c = c->up)
        if (c->armed || c->base.kind == GORC__CTX_SIGNAL)
            return true;
    return false;
}

static void describe(struct gorc_ctx *ctx, struct gorc__inspect_ctx *i)
{
    struct gorc__canceller *c = ctx->canceller;
    *i = (struct gorc__inspect_ctx){
        .ctx = ctx,
        .kind = kinds[ctx->kind],
        .name = gorc__name_of(ctx),
        .cancelled = c && gorc__canceller_err(c) != 0,
        .freed = atomic_load_explicit(&ctx->freed, memory_order_relaxed) != 0,
        .comes = comes(ctx),
        .parent = ctx->parent,
        .key = ctx->key,
        .value = ctx->value,
        .deadline = ctx->deadline,
        .created = ctx->created,
        .creator = ctx->creator,
    };
    if (ctx->kind >= GORC__CTX_CANCEL)
        i->done = atomic_load_explicit(&c->done, memory_order_acquire);
}

static bool visit(struct gorc__hidden_link *hidden, void *arg)
{
    struct walk *w = arg;
    struct gorc__ctx_link *l = (struct gorc__ctx_link *)hidden; /* its first member */
    struct gorc__inspect_ctx i;
    if (l->is_stop) {
        struct gorc_ctx_stop *s =
            (struct gorc_ctx_stop *)((char *)l - offsetof(struct gorc_ctx_stop, link));
        describe(s->ctx, &i);
        i.ctx = s;
        i.kind = "after func";
        i.name = NULL;
        i.done = NULL;
        i.key = NULL;
        i.freed = false;
        i.parent = s->ctx;
        i.value = s->arg;
        i.created = s->created;
        i.creator = s->creator;
    } else {
        describe((struct gorc_ctx *)((char *)l - offsetof(struct gorc_ctx, link)), &i);
    }
    return w->fn(&i, w->arg);
}

void gorc__inspect_contexts(bool (*fn)(const struct gorc__inspect_ctx *c, void *arg), void *arg)
{
    struct walk w = {fn, arg};
    gorc__hidden_each(&listed, visit, &w);
}
