/* SPDX-License-Identifier: MIT
 *
 * gorc_pool: a stack of items for each worker, each with a lock that mostly its worker takes.
 *
 * A stack's `low` is the smallest number of items it has held since the last trim: as many, at its
 * bottom, were not needed (Go drops them after two collections).
 *
 * Each item lies in a node, which is the key of its happens-before; nodes are kept for reuse. The
 * program's functions run without a lock.
 */
#include <gorc/sync.h>

#include "base/alloc.h"
#include "inspect.h"
#include "sync/sync_impl.h"

#define MAX_STACKS 64u
#define DROP_ONE_IN 4u /* race library */

struct node {
    struct node *next;
    void *item;
};

struct stack {
    struct gorc__lock lock;
    uint32_t count, low;
    struct node *top;
    struct node *spare;
} __attribute__((aligned(64)));

struct stacks {
    uint32_t mask;
    struct stack stack[];
};

struct pool {
    void *(*make)(void *arg);
    void (*drop)(void *item, void *arg);
    void *arg;
    _Atomic(struct stacks *) stacks;
};

_Static_assert(sizeof(struct pool) <= sizeof(gorc_pool), "reserved storage");
_Static_assert(offsetof(struct pool, arg) == offsetof(gorc_pool, arg), "public fields");

/* --- the stacks --- */

static struct stacks *make_stacks(struct pool *p)
{
    uint32_t n = 1, procs = (uint32_t)gorc_procs(0);
    while (n < procs && n < MAX_STACKS)
        n *= 2;
    struct stacks *none = NULL, *s = gorc__alloc_line(sizeof *s + n * sizeof s->stack[0]);
    if (!s)
        return NULL;
    s->mask = n - 1;
    if (atomic_compare_exchange_strong(&p->stacks, &none, s))
        return s;
    gorc__free(s);
    return none;
}

static struct stacks *stacks_of(struct pool *p)
{
    return atomic_load_explicit(&p->stacks, memory_order_acquire);
}

static uint32_t my_index(void)
{
    struct gorc__m *m = gorc__self()->m;
    struct gorc__p *p = __atomic_load_n(&m->p, __ATOMIC_RELAXED);
    return p ? atomic_load_explicit(&p->id, memory_order_relaxed) : (uint32_t)m->tid;
}

/* lock held */
static void push(struct stack *s, struct node *n, void *item, bool below)
{
    n->item = item;
    gorc__hook_release_store(n);
    struct node **at = below && s->top ? &s->top->next : &s->top;
    n->next = *at;
    *at = n;
    s->count++;
}

/* False: it is empty. */
static bool pop(struct stack *s, void **ret_item)
{
    if (__atomic_load_n(&s->count, __ATOMIC_RELAXED) == 0)
        return false;
    gorc__lock(&s->lock);
    struct node *n = s->top;
    if (n) {
        s->top = n->next;
        if (--s->count < s->low)
            s->low = s->count;
        *ret_item = n->item;
        gorc__hook_acquire(n);
        n->item = NULL;
        n->next = s->spare;
        s->spare = n;
    }
    gorc__unlock(&s->lock);
    return n != NULL;
}

/* --- the program's functions --- */

static void drop(const struct pool *p, void *item, const void *pc)
{
    bool begun = gorc__hook_call(pc);
    p->drop(item, p->arg);
    gorc__hook_called(begun);
}

static void *make(const struct pool *p, const void *pc)
{
    if (!p->make)
        return NULL;
    bool begun = gorc__hook_call(pc);
    void *item = p->make(p->arg);
    gorc__hook_called(begun);
    return item;
}

/* --- get, put --- */

GORC_API void *gorc_pool_get(gorc_pool *pool)
{
    struct pool *p = (struct pool *)pool;
    struct stacks *s = stacks_of(p);
    void *item;
    uint32_t first = my_index();
    for (uint32_t i = 0; s && i <= s->mask; i++)
        if (pop(&s->stack[(first + i) & s->mask], &item))
            return item;
    return make(p, GORC__PC());
}

static uint32_t choose(uint32_t n)
{
    struct gorc__m *m = gorc__self()->m;
    struct gorc__p *p = gorc__op_begin(m);
    uint32_t result = gorc__choose(p ? &p->random : &m->random, GORC__CHOOSE_POOL, n);
    gorc__op_end(m);
    return result;
}

/* A node for an item, from the stack's own or new; NULL: no memory. Locks s if there is one. */
static struct node *lock_with_node(struct stack *s)
{
    gorc__lock(&s->lock);
    struct node *n = s->spare;
    if (n) {
        s->spare = n->next;
        return n;
    }
    gorc__unlock(&s->lock);
    n = gorc__alloc(sizeof *n);
    if (n)
        gorc__lock(&s->lock);
    return n;
}

GORC_API void gorc_pool_put(gorc_pool *pool, void *item)
{
    struct pool *p = (struct pool *)pool;
    const void *pc = GORC__PC();
    if (!item)
        return;
    uint32_t index = my_index();
    bool lose = gorc__hook_active() && choose(DROP_ONE_IN) == 0;
    struct stacks *s = lose && p->drop ? NULL : stacks_of(p);
    if (!s && !(lose && p->drop))
        s = make_stacks(p);
    if (s && lose)
        index = choose(s->mask + 1);
    struct stack *to = s ? &s->stack[index & s->mask] : NULL;
    struct node *n = to ? lock_with_node(to) : NULL;
    if (n) {
        push(to, n, item, lose);
        gorc__unlock(&to->lock);
    } else if (p->drop) {
        drop(p, item, pc);
    } else {
        gorc__fatal("gorc_pool_put: out of memory");
    }
}

/* --- trim, clear --- */

/* Takes the lowest `n` items off the stack. Lock held. */
static struct node *cut(struct stack *s, uint32_t n)
{
    struct node **at = &s->top;
    for (uint32_t i = s->count - n; i > 0; i--)
        at = &(*at)->next;
    struct node *rest = *at;
    *at = NULL;
    s->count -= n;
    return rest;
}

static void free_nodes(const struct pool *p, struct node *n, const void *pc)
{
    while (n) {
        struct node *next = n->next;
        if (n->item && p->drop) {
            gorc__hook_acquire(n);
            drop(p, n->item, pc);
        }
        gorc__hook_forget(n, sizeof *n);
        gorc__free(n);
        n = next;
    }
}

GORC_API void gorc_pool_trim(gorc_pool *pool)
{
    struct pool *p = (struct pool *)pool;
    struct stacks *s = stacks_of(p);
    gorc__self();
    for (uint32_t i = 0; s && p->drop && i <= s->mask; i++) {
        struct stack *k = &s->stack[i];
        gorc__lock(&k->lock);
        struct node *unused = cut(k, k->low), *spare = k->spare;
        k->low = k->count;
        k->spare = NULL;
        gorc__unlock(&k->lock);
        free_nodes(p, unused, GORC__PC());
        free_nodes(p, spare, GORC__PC());
    }
}

GORC_API void gorc_pool_clear(gorc_pool *pool)
{
    struct pool *p = (struct pool *)pool;
    struct stacks *s = atomic_exchange(&p->stacks, NULL);
    gorc__self();
    for (uint32_t i = 0; s && i <= s->mask; i++) {
        free_nodes(p, s->stack[i].top, GORC__PC());
        free_nodes(p, s->stack[i].spare, GORC__PC());
    }
    gorc__free(s);
}

/* --- for inspection --- */

void gorc__inspect_pool(const void *pool, void (*fn)(const void *word, void *arg), void *arg)
{
    struct stacks *s = stacks_of((struct pool *)(uintptr_t)pool);
    for (uint32_t i = 0; s && i <= s->mask; i++)
        for (struct node *n = s->stack[i].top; n; n = n->next)
            fn(n->item, arg);
}
