/* SPDX-License-Identifier: MIT
 *
 * Interned lock sets. Chains of the table are read and extended without a lock; nodes are freed,
 * and the table grows, in the sweep only, while nobody is inside the core.
 */
#include <string.h>

#include "base/dalloc.h"
#include "core/core.h"
#include "core/lockset.h"

enum { MAX_SETS = 1u << 26, FIRST_BITS = 10, MOST_BITS = 24, ASK_SWEEP_EACH = 1 << 18 };

struct dt_pool dt_lockset_pool;
dt_lockset *dt_lockset_heads;
uint32_t dt_lockset_shift;
static uint32_t made; /* atomic; since the last sweep */

static size_t table_size(void)
{
    return sizeof *dt_lockset_heads << (64 - dt_lockset_shift);
}

void dt_lockset_init(void)
{
    dt_pool_init(&dt_lockset_pool, "lock sets", sizeof(struct dt_lockset_node), 0, MAX_SETS);
    dt_lockset_shift = 64 - FIRST_BITS;
    dt_lockset_heads = dt_alloc(table_size());
}

static dt_lockset add(dt_lockset *head, dt_lockset parent, const struct dt_lock_taken *l)
{
    dt_lockset id = dt_pool_alloc(&dt_lockset_pool);
    struct dt_lockset_node *n = dt_lockset_at(id);
    n->parent = parent;
    n->lock = (uintptr_t)l->lock;
    n->where = l->where;
    n->bits = (dt_lockset_size(parent) + 1) * DT_LOCKSET_ONE | DT_LOCKSET_USED |
              (l->shared ? DT_LOCKSET_SHARED : 0);
    dt_lockset first = __atomic_load_n(head, __ATOMIC_RELAXED);
    do
        n->next = first;
    while (
        !__atomic_compare_exchange_n(head, &first, id, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    if (__atomic_add_fetch(&made, 1, __ATOMIC_RELAXED) % ASK_SWEEP_EACH == 0)
        dt_gate_ask_sweep();
    return id;
}

/* Two tasks may add the same one at once: nothing relies on there being one only. */
dt_lockset dt_lockset_with_slow(dt_lockset parent, const struct dt_lock_taken *taken)
{
    dt_lockset *head = dt_lockset_head(parent, taken);
    dt_lockset id = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    while (id && !dt_lockset_is(dt_lockset_at(id), parent, taken))
        id = dt_lockset_at(id)->next;
    return id ? id : add(head, parent, taken);
}

uint32_t dt_lockset_size(dt_lockset set)
{
    return set ? dt_lockset_at(set)->bits / DT_LOCKSET_ONE : 0;
}

size_t dt_lockset_locks(dt_lockset set, uint32_t held, struct dt_lock_taken *ret_locks, size_t max)
{
    while (dt_lockset_size(set) > held)
        set = dt_lockset_at(set)->parent;
    size_t n = dt_lockset_size(set);
    for (size_t i = n; set; set = dt_lockset_at(set)->parent)
        if (--i < max)
            ret_locks[i] = (struct dt_lock_taken){.lock = (const void *)dt_lockset_at(set)->lock,
                .where = dt_lockset_at(set)->where,
                .shared = dt_lockset_at(set)->bits & DT_LOCKSET_SHARED};
    return n < max ? n : max;
}

void dt_lockset_mark(dt_lockset set)
{
    for (; set && !(dt_lockset_at(set)->bits & DT_LOCKSET_MARKED); set = dt_lockset_at(set)->parent)
        dt_lockset_at(set)->bits |= DT_LOCKSET_MARKED;
}

static void choose_size(void)
{
    uint32_t bits = 64 - dt_lockset_shift, wanted = bits;
    while (wanted < MOST_BITS && dt_pool_live(&dt_lockset_pool) >> wanted)
        wanted++;
    if (wanted == bits)
        return;
    dt_free(dt_lockset_heads, table_size());
    dt_lockset_shift = 64 - wanted;
    dt_lockset_heads = dt_alloc(table_size());
}

void dt_lockset_drop_unmarked(void)
{
    choose_size();
    memset(dt_lockset_heads, 0, table_size());
    for (dt_lockset id = 1; id < dt_lockset_pool.next; id++) {
        struct dt_lockset_node *n = dt_lockset_at(id);
        if (!(n->bits & DT_LOCKSET_USED))
            continue;
        if (n->bits & DT_LOCKSET_MARKED) {
            struct dt_lock_taken l = {.lock = (const void *)n->lock, .where = n->where};
            dt_lockset *head = dt_lockset_head(n->parent, &l);
            n->bits &= ~(uint32_t)DT_LOCKSET_MARKED;
            n->next = *head;
            *head = id;
        } else {
            n->bits = 0;
            dt_pool_free(&dt_lockset_pool, id);
        }
    }
    __atomic_store_n(&made, 0, __ATOMIC_RELAXED);
}
