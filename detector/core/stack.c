/* SPDX-License-Identifier: MIT
 *
 * Interning of calling contexts. The hash chains are read and extended without a lock. When the
 * table grows, chains are relinked under the readers' feet: a reader may then miss a node and make
 * a second one of the same meaning. That is harmless, since nothing relies on ids being unique, and
 * chains stay free of cycles: a node's link only ever leads to nodes that were linked before it.
 *
 * Nodes are freed by the sweep only, while nobody is inside the core.
 */
#include <string.h>

#include "base/dalloc.h"
#include "base/out.h"
#include "core/core.h"
#include "core/node.h"
#include "core/task.h"

enum { MAX_PAIRS = 1u << 28, FIRST_BITS = 12, LEAST_SWEEP = 2 << 20 };

struct table {
    uint32_t bits;
    struct table *older; /* freed when nobody is inside the core */
    uint32_t heads[];
};

struct dt_pool dt_node_pool;
static struct table *nodes; /* atomic */
static dt_lock growing;
static uint32_t *marks; /* a bit per id while a sweep marks, else NULL */
static size_t marks_size;
static uint32_t n_pairs; /* atomic */
static uint32_t sweep_at = LEAST_SWEEP;

static size_t table_size(uint32_t bits)
{
    return sizeof(struct table) + (sizeof(uint32_t) << bits);
}

static struct table *new_table(uint32_t bits)
{
    struct table *t = dt_alloc(table_size(bits));
    t->bits = bits;
    return t;
}

void dt_node_init(void)
{
    /* The last id is all ones in a cell's field, which no cell may hold. */
    dt_pool_init(&dt_node_pool, "call stacks", 2 * sizeof(struct dt_node), 0, MAX_PAIRS - 1);
    nodes = new_table(FIRST_BITS);
}

/* Contexts made one after the other have ids, and are called from contexts, that are near each
 * other: for the same place, so are their buckets. */
static uint32_t bucket(const struct table *t, dt_stackid parent, uint64_t pc)
{
    uint64_t h = pc * 0x9e3779b97f4a7c15u;
    h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9u;
    return (parent / 2 + (uint32_t)(h >> 32)) & ((1u << t->bits) - 1);
}

static uint64_t identity(const struct dt_node *n)
{
    return n->pc & ~(DT_NODE_PINNED | DT_NODE_USED);
}

static void relink_all(struct table *from, struct table *to)
{
    for (uint32_t b = 0; b < 1u << from->bits; b++) {
        uint32_t id = __atomic_load_n(&from->heads[b], __ATOMIC_ACQUIRE);
        while (id) {
            struct dt_node *n = dt_node(id);
            uint32_t next = n->even.next;
            uint32_t *head = &to->heads[bucket(to, n->even.parent, identity(n))];
            __atomic_store_n(&n->even.next, *head, __ATOMIC_RELEASE);
            *head = id;
            id = next;
        }
    }
}

static void grow(struct table *t)
{
    if (!dt_lock_try(&growing))
        return;
    if (t == __atomic_load_n(&nodes, __ATOMIC_RELAXED) && t->bits < 28) {
        struct table *bigger = new_table(t->bits + 1);
        relink_all(t, bigger);
        bigger->older = t;
        __atomic_store_n(&nodes, bigger, __ATOMIC_RELEASE);
    }
    dt_lock_drop(&growing);
}

void dt_node_mark(dt_stackid id)
{
    while (id) {
        uint32_t bit = 1u << (id & 31);
        if (__atomic_load_n(&marks[id >> 5], __ATOMIC_RELAXED) & bit)
            return;
        __atomic_fetch_or(&marks[id >> 5], bit, __ATOMIC_RELAXED);
        if (dt_node(id)->pc & DT_NODE_OVERLAY)
            dt_node_mark((dt_stackid)dt_node(id)->pc);
        id = dt_node_parent(id);
    }
}

static dt_stackid add(struct table *t, uint32_t *head, dt_stackid parent, uint64_t pc)
{
    uint32_t id = 2 * dt_pool_alloc(&dt_node_pool);
    struct dt_node *n = dt_node(id);
    n->even.parent = parent;
    __atomic_store_n(&n->pc, pc | DT_NODE_USED, __ATOMIC_RELEASE);
    uint32_t first = __atomic_load_n(head, __ATOMIC_RELAXED);
    do
        n->even.next = first;
    while (
        !__atomic_compare_exchange_n(head, &first, id, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    uint32_t made = __atomic_add_fetch(&n_pairs, 1, __ATOMIC_RELAXED);
    if (made >> t->bits >= 1)
        grow(t);
    if (made > sweep_at)
        dt_gate_ask_sweep();
    return id;
}

static dt_stackid find_or_add(dt_stackid parent, uint64_t pc)
{
    struct table *t = __atomic_load_n(&nodes, __ATOMIC_ACQUIRE);
    uint32_t *head = &t->heads[bucket(t, parent, pc)];
    uint32_t id = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    for (; id; id = __atomic_load_n(&dt_node(id)->even.next, __ATOMIC_ACQUIRE))
        if (dt_node(id)->even.parent == parent && identity(dt_node(id)) == pc)
            return id;
    return add(t, head, parent, pc);
}

static bool is_even(dt_stackid id)
{
    return id && !(id & 1);
}

/* The node beside `parent`, if it is pc's or becomes so; else 0. */
static dt_stackid beside(dt_stackid parent, uint64_t pc)
{
    struct dt_node *n = dt_node(parent + 1);
    uint64_t now = __atomic_load_n(&n->pc, __ATOMIC_ACQUIRE), wanted = pc | DT_NODE_USED;
    if (!now)
        __atomic_compare_exchange_n(
            &n->pc, &now, wanted, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return !now || (now & ~DT_NODE_PINNED) == wanted ? parent + 1 : 0;
}

static inline dt_stackid found(dt_stackid id)
{
    if (__builtin_expect(marks != NULL, 0))
        dt_node_mark(id);
    return id;
}

dt_stackid dt_node_intern(dt_stackid parent, uint64_t pc)
{
    dt_stackid id = is_even(parent) ? beside(parent, pc) : 0;
    return found(id ? id : find_or_add(parent, pc));
}

/* What the parent remembers is only taken for what it is; the sweep makes it forget. */
static dt_stackid intern_context(dt_stackid parent, uint64_t pc)
{
    if (!is_even(parent))
        return found(find_or_add(parent, pc));
    uint32_t *context = dt_node(parent + 1)->context, id;
    for (unsigned i = 0; i < 2; i++) {
        id = __atomic_load_n(&context[i], __ATOMIC_ACQUIRE);
        if (!id)
            break;
        if (dt_node(id)->even.parent == parent && identity(dt_node(id)) == pc)
            return found(id);
    }
    id = find_or_add(parent, pc);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t none = 0;
        if (!__atomic_load_n(&context[i], __ATOMIC_RELAXED) &&
            __atomic_compare_exchange_n(
                &context[i], &none, id, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            break;
    }
    return found(id);
}

dt_stackid dt_node_context(struct dt_task *t)
{
    struct dt_frame *f = t->top;
    while (f > t->base && !f->node)
        f--;
    dt_stackid node = f > t->base ? f->node : 0;
    while (f < t->top) {
        f++;
        node = intern_context(node, f->pc & DT_NODE_PC);
        f->node = node;
    }
    return node;
}

dt_stackid dt_node_origin_slow(struct dt_task *t, uint64_t pc)
{
    dt_stackid context = t->top->node;
    if (!context && t->top > t->base)
        context = dt_node_context(t);
    struct dt_origin_cache *c = dt_origin_slot(t, pc);
    if (c->pc == pc && c->context == context && c->origin)
        return c->origin;
    dt_stackid id = dt_node_intern(context, pc);
    *c = (struct dt_origin_cache){.pc = pc, .context = context, .origin = id};
    return id;
}

dt_stackid dt_node_overlay(dt_stackid left, dt_stackid right, uint8_t mask)
{
    uint64_t pc = dt_node(right)->pc;
    if (!(pc & DT_NODE_OVERLAY))
        return dt_node_intern(left, DT_NODE_OVERLAY | (uint64_t)mask << 32 | right);
    left = dt_node_overlay(left, dt_node_parent(right), mask);
    uint8_t top = (uint8_t)(pc >> 32) & mask;
    return top ? dt_node_overlay(left, (dt_stackid)pc, top) : left;
}

dt_stackid dt_node_of_byte(dt_stackid origin, unsigned byte)
{
    for (;; origin = dt_node_parent(origin)) {
        uint64_t pc = dt_node(origin)->pc;
        if (!(pc & DT_NODE_OVERLAY))
            return origin;
        if (pc >> 32 >> byte & 1)
            return (dt_stackid)pc;
    }
}

dt_stackid dt_node_pin(dt_stackid id)
{
    if (!(dt_node(id)->pc & DT_NODE_PINNED))
        __atomic_fetch_or(&dt_node(id)->pc, DT_NODE_PINNED, __ATOMIC_RELAXED);
    return id;
}

dt_stackid dt_stack_here(struct dt_task *t, uintptr_t pc)
{
    struct dt_task *me = dt_core_enter();
    dt_stackid id = dt_node_pin(dt_node_origin(t, pc & DT_NODE_PC));
    dt_core_leave(me);
    return id;
}

dt_stackid dt_stack_intern(const uintptr_t *pcs, size_t n)
{
    struct dt_task *me = dt_core_enter();
    dt_stackid id = 0;
    while (n--)
        id = dt_node_intern(id, pcs[n] & DT_NODE_PC);
    if (id)
        dt_node_pin(id);
    dt_core_leave(me);
    return id;
}

size_t dt_stack_pcs(dt_stackid id, uintptr_t *ret_pcs, size_t max)
{
    size_t n = 0;
    for (; id && n < max; id = dt_node_parent(id))
        ret_pcs[n++] = dt_node(id)->pc & DT_NODE_PC;
    return n;
}

void dt_node_mark_begin(void)
{
    uint32_t end = dt_node_pool.max;
    marks_size = ((size_t)end >> 2) + 8;
    uint32_t *m = dt_map(marks_size);
    if (!m)
        dt_die_no_room("a sweep");
    __atomic_store_n(&marks, m, __ATOMIC_SEQ_CST);
    for (uint32_t id = 2; id < 2 * dt_node_pool.next; id++)
        if (dt_node(id)->pc & DT_NODE_PINNED)
            dt_node_mark(id);
}

static void drop_older_tables(struct table *t)
{
    while (t->older) {
        struct table *older = t->older;
        t->older = older->older;
        dt_free(older, table_size(older->bits));
    }
}

static void mark_locks(dt_stackid id)
{
    uint32_t locks = dt_node(id)->pc & DT_NODE_OVERLAY ? 0 : dt_node_locks(id);
    if (locks < DT_NODE_LOCKS_COUNT)
        dt_lockset_mark(locks);
}

static bool is_marked(dt_stackid id)
{
    return marks[id >> 5] >> (id & 31) & 1;
}

/* A place needs its context: of a pair, at least the even node is in use. */
static void keep_pair(struct table *t, dt_stackid id)
{
    struct dt_node *even = dt_node(id), *odd = dt_node(id + 1);
    uint32_t *head = &t->heads[bucket(t, even->even.parent, identity(even))];
    even->even.next = *head;
    *head = id;
    mark_locks(id);
    odd->context[0] = odd->context[1] = 0;
    if (is_marked(id + 1))
        mark_locks(id + 1);
    else
        odd->pc = 0;
}

void dt_node_drop_unmarked(void)
{
    struct table *t = nodes;
    drop_older_tables(t);
    memset(t->heads, 0, sizeof(uint32_t) << t->bits);
    for (uint32_t pair = 1; pair < dt_node_pool.next; pair++) {
        dt_stackid id = 2 * pair;
        if (!(dt_node(id)->pc & DT_NODE_USED))
            continue;
        if (is_marked(id)) {
            keep_pair(t, id);
        } else {
            memset(dt_node(id), 0, 2 * sizeof(struct dt_node));
            dt_pool_free(&dt_node_pool, pair);
        }
    }
    dt_unmap(marks, marks_size);
    marks = NULL;
    n_pairs = dt_pool_live(&dt_node_pool);
    sweep_at = LEAST_SWEEP + 2 * n_pairs;
}
