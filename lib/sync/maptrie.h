/* SPDX-License-Identifier: MIT
 *
 * The hash trie behind gorc_map: nodes of 16 slots, four bits of the hash to a level, as the trie
 * of Go's sync.Map (1.24).
 *
 * A slot is empty, or a node (lowest bit set), or the first of a chain of entries, which all have
 * the same hash. Readers walk without a lock inside a grace period (base/grace.h). A writer locks
 * the one node whose slot it changes; the program's functions never run under a lock, so what was
 * found before is checked again under it: an insertion always changes the slot's word.
 *
 * An entry's value goes from one to the next by compare-and-swap, without a lock, until it is GONE:
 * that is the deletion, for ever. Who has made it GONE takes the entry out; who takes it out, under
 * the node's lock, retires it. A node that was emptied by a deletion is taken out of its parent,
 * and is `dead`: nothing is added to it any more.
 *
 * Lock order: a node, then its parent.
 */
#ifndef GORC_LIB_SYNC_MAPTRIE_H
#define GORC_LIB_SYNC_MAPTRIE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/grace.h"
#include "base/lock.h"

#define GORC__MAP_SLOTS 16u

struct gorc__map_entry {
    struct gorc__grace_item item;
    uint64_t hash;
    void *key;
    _Atomic(void *) value;
    _Atomic(struct gorc__map_entry *) next;
    struct gorc__lock lock; /* race library: makes a change and its happens-before one step */
};

struct gorc__map_node {
    struct gorc__grace_item item;
    struct gorc__lock lock;
    bool dead; /* guarded by lock */
    uint32_t shift;
    struct gorc__map_node *parent;
    _Atomic(uintptr_t) slot[GORC__MAP_SLOTS];
};

typedef _Atomic(struct gorc__map_node *) gorc__map_root;

extern char gorc__map_gone;
#define GORC__MAP_GONE ((void *)&gorc__map_gone)

static inline bool gorc__map_is_node(uintptr_t slot)
{
    return slot & 1;
}

static inline struct gorc__map_node *gorc__map_node_of(uintptr_t slot)
{
    return (struct gorc__map_node *)(slot - 1);
}

static inline bool gorc__map_is_live(const struct gorc__map_entry *e)
{
    return atomic_load_explicit(&e->value, memory_order_acquire) != GORC__MAP_GONE;
}

/* Where a hash belongs: a slot that is no node, as it was. */
struct gorc__map_place {
    struct gorc__map_node *node;
    _Atomic(uintptr_t) *slot;
    uintptr_t was;
};

/* All of these inside a grace period, but the last. */
struct gorc__map_place gorc__map_place_of(struct gorc__map_node *root, uint64_t hash);
/* False, and nothing has changed: the place is not as it was. Aborts when memory is out. */
bool gorc__map_insert(const struct gorc__map_place *p, struct gorc__map_entry *e);
/* e, which the caller has found under the root and made GONE, leaves the trie. The gorc_map itself
 * is not looked at: who sees that the key is gone may have freed it (L1). */
void gorc__map_unlink(struct gorc__map_node *root, struct gorc__map_entry *e);
/* The first of the chain with the smallest hash >= `hash` that holds a live entry; NULL: none. */
struct gorc__map_entry *gorc__map_seek(struct gorc__map_node *root, uint64_t hash);
/* Takes out all that is under the root, which is in the map no more. */
void gorc__map_drop(struct gorc__map_node *root);
struct gorc__map_node *gorc__map_node_new(struct gorc__map_node *parent, uint32_t shift);
void gorc__map_entry_retire(struct gorc__map_entry *e);

#endif
