/* SPDX-License-Identifier: MIT
 *
 * See context.h. A switch changes the running task's shadow stack with the task inside the core, so
 * that a signal handler records nothing meanwhile. The contexts (node ids) of frames that are put
 * away are forgotten: the sweep does not know them.
 */
#include <stddef.h>
#include <string.h>
#include <ucontext.h>

#include "base/dalloc.h"
#include "base/lock.h"
#include "core/task.h"
#include "runtime/context.h"
#include "runtime/jump.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

enum { BUCKETS = 256, FIRST_FRAMES = 32 };

struct stack {
    struct dt_frame *base, *top, *limit; /* base NULL: none */
    struct dt_jumps *jumps;
};

struct dt_context {
    struct dt_context *next;
    const ucontext_t *key;
    struct stack stack; /* while it does not run */
    void (*fn)(void);   /* NULL: made by a switch away from it */
    uintptr_t ret;
};

static struct dt_context *buckets[BUCKETS];
static dt_lock lock;
static bool off;

void dt_context_off(void)
{
    off = true;
}

/* --- the table --- */

static struct dt_context **bucket_of(const void *key)
{
    return &buckets[((uintptr_t)key >> 4) * 0x9e3779b97f4a7c15u >> 56];
}

static struct dt_context *find(const void *key, bool create)
{
    struct dt_context **b = bucket_of(key), *c = *b;
    while (c && c->key != key)
        c = c->next;
    if (c || !create)
        return c;
    c = dt_alloc(sizeof *c);
    c->key = key;
    c->next = *b;
    return *b = c;
}

static void drop(struct dt_context *c)
{
    struct dt_context **p = bucket_of(c->key);
    while (*p && *p != c)
        p = &(*p)->next;
    if (*p)
        *p = c->next;
    dt_free(c, sizeof *c);
}

/* --- stacks --- */

static void stack_free(struct stack *s)
{
    if (s->base)
        dt_free(s->base, (size_t)(s->limit - s->base + 1) * sizeof *s->base);
    s->base = NULL;
    dt_jumps_free(&s->jumps);
}

static struct stack stack_new(void)
{
    struct dt_frame *base = dt_alloc(FIRST_FRAMES * sizeof *base);
    return (struct stack){base, base, base + FIRST_FRAMES - 1, NULL};
}

static struct stack take(struct dt_task *t)
{
    struct dt_jumps **jumps = dt_jumps_of(t);
    struct stack s = {t->base, t->top, t->limit, jumps ? *jumps : NULL};
    for (struct dt_frame *f = s.base; f <= s.top; f++)
        f->node = 0;
    return s;
}

/* As dt_task_grow_stack: a handler in between finds limit 0. */
static void install(struct dt_task *t, struct stack s)
{
    struct dt_jumps **jumps = dt_jumps_of(t);
    __atomic_store_n(&t->limit, NULL, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->base = s.base;
    __atomic_store_n(&t->top, s.top, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&t->limit, s.limit, __ATOMIC_RELAXED);
    if (jumps)
        *jumps = s.jumps;
}

static struct dt_task *enter(void)
{
    struct dt_task *t = off ? NULL : dt_enter_quietly();
    if (!t || !t->base || !dt_thread_self)
        return NULL;
    dt_begin(t);
    dt_lock_take(&lock);
    return t;
}

static void leave(struct dt_task *t)
{
    dt_lock_drop(&lock);
    dt_finish(t);
}

/* --- the life of a context --- */

bool dt_context_made(const void *ucp, void (*fn)(void))
{
    struct dt_task *t = enter();
    if (!t)
        return false;
    struct dt_context *c = find(ucp, true);
    stack_free(&c->stack);
    c->fn = fn;
    c->stack = stack_new();
    leave(t);
    return true;
}

static void save(struct dt_task *t, const void *key)
{
    struct dt_context *c = find(key, true);
    stack_free(&c->stack);
    c->stack = take(t);
}

/* The stack of what is resumed; a record that served the switch away only is no longer needed. */
static bool resume(struct dt_context *c, struct stack *ret)
{
    if (!c || !c->stack.base)
        return false;
    *ret = c->stack;
    c->stack = (struct stack){0};
    if (c->fn)
        dt_thread_self->context = c;
    else
        drop(c);
    return true;
}

void dt_context_switch(const void *from, const void *to, uintptr_t sp)
{
    struct dt_task *t = enter();
    struct stack next;
    if (!t)
        return;
    bool own = from != to && resume(find(to, false), &next);
    if (own && from)
        save(t, from);
    if (own)
        install(t, next);
    leave(t);
    if (!own && !from)
        dt_jump_to(sp);
}

void dt_context_undo(const void *from, const void *to)
{
    struct dt_task *t = enter();
    if (!t)
        return;
    struct dt_context *c = find(from, false);
    if (c && c->stack.base) {
        struct stack now = take(t), before = c->stack;
        c->stack = (struct stack){0};
        install(t, before);
        find(to, true)->stack = now;
    }
    leave(t);
}

struct dt_context *dt_context_started(uintptr_t ret, void (**ret_fn)(void))
{
    struct dt_context *c = dt_thread_self->context;
    c->ret = ret;
    *ret_fn = c->fn;
    return c;
}

uintptr_t dt_context_ended(struct dt_context *c)
{
    uintptr_t ret = c->ret;
    const void *link = c->key->uc_link;
    struct dt_task *t = enter();
    struct stack next;
    if (!t)
        return ret;
    if (link && resume(find(link, false), &next)) {
        struct stack done = take(t);
        install(t, next);
        stack_free(&done);
    }
    if (!c->stack.base)
        drop(c);
    leave(t);
    return ret;
}
