/* SPDX-License-Identifier: MIT
 */
#include "sync/maptrie.h"

#include "base/alloc.h"
#include "base/stderr.h"
#include "hooks.h"

#define BITS 4u
#define TOP_SHIFT (64u - BITS)

char gorc__map_gone;

static uint32_t index_of(uint64_t hash, uint32_t shift)
{
    return (uint32_t)(hash >> shift) & (GORC__MAP_SLOTS - 1);
}

static _Atomic(uintptr_t) *slot_of(struct gorc__map_node *n, uint64_t hash)
{
    return &n->slot[index_of(hash, n->shift)];
}

static struct gorc__map_entry *chain_of(uintptr_t slot)
{
    return (struct gorc__map_entry *)slot;
}

/* --- memory --- */

static void free_entry(struct gorc__grace_item *item)
{
    gorc__hook_forget(item, sizeof(struct gorc__map_entry));
    gorc__free(item);
}

static void free_node(struct gorc__grace_item *item)
{
    gorc__free(item);
}

void gorc__map_entry_retire(struct gorc__map_entry *e)
{
    gorc__grace_retire(&e->item, free_entry);
}

struct gorc__map_node *gorc__map_node_new(struct gorc__map_node *parent, uint32_t shift)
{
    struct gorc__map_node *n = gorc__alloc_line(sizeof *n);
    if (!n)
        gorc__fatal("gorc_map: out of memory");
    n->parent = parent;
    n->shift = parent ? shift : TOP_SHIFT;
    return n;
}

/* --- reading --- */

struct gorc__map_place gorc__map_place_of(struct gorc__map_node *root, uint64_t hash)
{
    struct gorc__map_place p = {.node = root};
    for (;;) {
        p.slot = slot_of(p.node, hash);
        p.was = atomic_load_explicit(p.slot, memory_order_acquire);
        if (!gorc__map_is_node(p.was))
            return p;
        p.node = gorc__map_node_of(p.was);
    }
}

static bool has_live(struct gorc__map_entry *e)
{
    while (e && !gorc__map_is_live(e))
        e = atomic_load_explicit(&e->next, memory_order_acquire);
    return e != NULL;
}

/* `bounded`: only hashes from `hash` on; else all. */
static struct gorc__map_entry *seek(struct gorc__map_node *n, uint64_t hash, bool bounded)
{
    uint32_t first = bounded ? index_of(hash, n->shift) : 0;
    for (uint32_t i = first; i < GORC__MAP_SLOTS; i++) {
        uintptr_t s = atomic_load_explicit(&n->slot[i], memory_order_acquire);
        struct gorc__map_entry *e = NULL;
        if (gorc__map_is_node(s)) {
            e = seek(gorc__map_node_of(s), hash, bounded && i == first);
        } else if (s) {
            e = chain_of(s);
            if ((bounded && e->hash < hash) || !has_live(e))
                e = NULL;
        }
        if (e)
            return e;
    }
    return NULL;
}

struct gorc__map_entry *gorc__map_seek(struct gorc__map_node *root, uint64_t hash)
{
    return seek(root, hash, true);
}

/* --- inserting --- */

/* The slot's word that holds e and the chain that was there, which has another hash: nodes down to
 * where the two differ. The lowest node is the last made. */
static uintptr_t expand(const struct gorc__map_place *p, struct gorc__map_entry *e)
{
    uint64_t other = chain_of(p->was)->hash;
    struct gorc__map_node *top = NULL, *n = p->node;
    do {
        struct gorc__map_node *child = gorc__map_node_new(n, n->shift - BITS);
        if (top)
            atomic_store_explicit(slot_of(n, e->hash), (uintptr_t)child | 1, memory_order_relaxed);
        else
            top = child;
        n = child;
    } while (index_of(e->hash, n->shift) == index_of(other, n->shift));
    atomic_store_explicit(slot_of(n, e->hash), (uintptr_t)e, memory_order_relaxed);
    atomic_store_explicit(slot_of(n, other), p->was, memory_order_relaxed);
    return (uintptr_t)top | 1;
}

/* Undoes expand. */
static void free_nodes(uintptr_t slot, uint64_t hash)
{
    while (gorc__map_is_node(slot)) {
        struct gorc__map_node *n = gorc__map_node_of(slot);
        slot = atomic_load_explicit(slot_of(n, hash), memory_order_relaxed);
        gorc__free(n);
    }
}

bool gorc__map_insert(const struct gorc__map_place *p, struct gorc__map_entry *e)
{
    uintptr_t word = (uintptr_t)e;
    atomic_store_explicit(&e->next, NULL, memory_order_relaxed);
    if (p->was && chain_of(p->was)->hash == e->hash)
        atomic_store_explicit(&e->next, chain_of(p->was), memory_order_relaxed);
    else if (p->was)
        word = expand(p, e);
    gorc__lock(&p->node->lock);
    bool ok = !p->node->dead && atomic_load_explicit(p->slot, memory_order_relaxed) == p->was;
    if (ok)
        atomic_store_explicit(p->slot, word, memory_order_release);
    gorc__unlock(&p->node->lock);
    if (!ok)
        free_nodes(word, e->hash);
    return ok;
}

/* --- taking out --- */

static bool is_empty(const struct gorc__map_node *n)
{
    for (uint32_t i = 0; i < GORC__MAP_SLOTS; i++)
        if (atomic_load_explicit(&n->slot[i], memory_order_relaxed))
            return false;
    return true;
}

/* n is locked, and is unlocked. Empty nodes leave their parents, upwards. */
static void unlock_and_prune(struct gorc__map_node *n, uint64_t hash)
{
    while (n->parent && !n->dead && is_empty(n)) {
        struct gorc__map_node *parent = n->parent;
        gorc__lock(&parent->lock);
        _Atomic(uintptr_t) *slot = slot_of(parent, hash);
        bool ours = atomic_load_explicit(slot, memory_order_relaxed) == ((uintptr_t)n | 1);
        if (ours) {
            atomic_store_explicit(slot, 0, memory_order_release);
            n->dead = true;
        }
        gorc__unlock(&n->lock);
        if (!ours) { /* gorc__map_drop has it */
            gorc__unlock(&parent->lock);
            return;
        }
        gorc__grace_retire(&n->item, free_node);
        n = parent;
    }
    gorc__unlock(&n->lock);
}

/* In the chain of a locked node's slot. */
static bool chain_remove(_Atomic(uintptr_t) *slot, struct gorc__map_entry *e)
{
    struct gorc__map_entry *next = atomic_load_explicit(&e->next, memory_order_relaxed);
    struct gorc__map_entry *i = chain_of(atomic_load_explicit(slot, memory_order_relaxed));
    if (i == e) {
        atomic_store_explicit(slot, (uintptr_t)next, memory_order_release);
        return true;
    }
    while (i) {
        struct gorc__map_entry *after = atomic_load_explicit(&i->next, memory_order_relaxed);
        if (after == e) {
            atomic_store_explicit(&i->next, next, memory_order_release);
            return true;
        }
        i = after;
    }
    return false;
}

/* Locks the node whose slot the hash belongs to now; NULL: the map was cleared. */
static struct gorc__map_node *lock_node(struct gorc__map_node *root, uint64_t hash)
{
    for (;;) {
        struct gorc__map_place p = gorc__map_place_of(root, hash);
        gorc__lock(&p.node->lock);
        if (!p.node->dead && !gorc__map_is_node(atomic_load_explicit(p.slot, memory_order_relaxed)))
            return p.node;
        bool cleared = p.node == root && root->dead;
        gorc__unlock(&p.node->lock);
        if (cleared)
            return NULL;
    }
}

void gorc__map_unlink(struct gorc__map_node *root, struct gorc__map_entry *e)
{
    struct gorc__map_node *n = lock_node(root, e->hash);
    if (!n)
        return;
    uint64_t hash = e->hash;
    bool found = chain_remove(slot_of(n, hash), e);
    unlock_and_prune(n, hash);
    if (found)
        gorc__map_entry_retire(e);
}

static void drop_chain(struct gorc__map_entry *e)
{
    while (e) {
        struct gorc__map_entry *next = atomic_load_explicit(&e->next, memory_order_relaxed);
        atomic_store_explicit(&e->value, GORC__MAP_GONE, memory_order_release);
        gorc__map_entry_retire(e);
        e = next;
    }
}

void gorc__map_drop(struct gorc__map_node *n)
{
    uintptr_t slots[GORC__MAP_SLOTS];
    gorc__lock(&n->lock);
    n->dead = true;
    for (uint32_t i = 0; i < GORC__MAP_SLOTS; i++) {
        slots[i] = atomic_load_explicit(&n->slot[i], memory_order_relaxed);
        atomic_store_explicit(&n->slot[i], 0, memory_order_release);
    }
    gorc__unlock(&n->lock);
    for (uint32_t i = 0; i < GORC__MAP_SLOTS; i++) {
        if (gorc__map_is_node(slots[i]))
            gorc__map_drop(gorc__map_node_of(slots[i]));
        else
            drop_chain(chain_of(slots[i]));
    }
    gorc__grace_retire(&n->item, free_node);
}
