/* SPDX-License-Identifier: MIT
 *
 * gorc_map on a hash trie (maptrie.h). An operation finds the key's entry without a lock and
 * changes its value by compare-and-swap, or inserts an entry, and begins again when the trie has
 * changed there meanwhile.
 *
 * Happens-before (race library): an entry's address is the key of its value; a store replaces what
 * the key carries, what also reads acquires it first, as Go's rules have it. The entry's lock makes
 * the hook and the change one step. What whoever inserted the entry did before to the key is
 * ordered before it is compared or shown, by the address of its field. Reads that find nothing see
 * the deletions before: one of 32 keys in the map stands for those, by hash, so a miss may also be
 * ordered after the deletion of another key.
 */
#include <gorc/sync.h>

#include <string.h>

#include "base/alloc.h"
#include "inspect.h"
#include "sync/maptrie.h"
#include "sync/sync_impl.h"

#define ABSENT_KEYS 32u

struct map {
    size_t (*hash)(const void *key);
    bool (*equal)(const void *a, const void *b);
    gorc__map_root root;
    char absent[ABSENT_KEYS]; /* keys of the happens-before of deletions; race library */
};

_Static_assert(sizeof(struct map) <= sizeof(gorc_map), "reserved storage");
_Static_assert(_Alignof(struct map) <= _Alignof(gorc_map), "alignment");
_Static_assert(offsetof(struct map, equal) == offsetof(gorc_map, equal), "public fields");

/* One operation: what it looks for. */
struct search {
    struct map *m;
    void *key;
    uint64_t hash;
    const void *pc;
    struct gorc__map_node *root;
    struct gorc__map_place place;
    struct gorc__map_entry *found; /* NULL: none that is live */
};

/* --- the program's functions --- */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    return x;
}

static uint64_t hash_of(const struct map *m, const void *key, const void *pc)
{
    if (!m->hash)
        return mix((uint64_t)(uintptr_t)key);
    bool begun = gorc__hook_call(pc);
    uint64_t h = m->hash(key);
    gorc__hook_called(begun);
    return mix(h);
}

static bool is_equal(const struct map *m, const void *a, const void *b, const void *pc)
{
    if (a == b || !m->equal)
        return a == b;
    bool begun = gorc__hook_call(pc);
    bool equal = m->equal(a, b);
    gorc__hook_called(begun);
    return equal;
}

/* --- finding; inside a grace period --- */

static bool is_key(const struct search *s, struct gorc__map_entry *e)
{
    if (s->m->equal)
        gorc__hook_acquire(&e->key);
    return is_equal(s->m, e->key, s->key, s->pc);
}

static struct gorc__map_entry *find_in(const struct search *s, uintptr_t chain)
{
    struct gorc__map_entry *e = (struct gorc__map_entry *)chain;
    if (!e || e->hash != s->hash)
        return NULL;
    while (e && !(gorc__map_is_live(e) && is_key(s, e)))
        e = atomic_load_explicit(&e->next, memory_order_acquire);
    return e;
}

/* False: the map is empty. */
static bool find(struct search *s)
{
    s->found = NULL;
    s->root = atomic_load_explicit(&s->m->root, memory_order_acquire);
    if (!s->root)
        return false;
    s->place = gorc__map_place_of(s->root, s->hash);
    s->found = find_in(s, s->place.was);
    return true;
}

static uint32_t begin(struct search *s, gorc_map *m, void *key, const void *pc)
{
    gorc__self();
    *s = (struct search){.m = (struct map *)m, .key = key, .pc = pc};
    s->hash = hash_of(s->m, key, pc);
    return gorc__grace_enter();
}

static __attribute__((noinline)) void make_root(struct map *m)
{
    static _Atomic bool registered;
    if (!atomic_exchange(&registered, true))
        gorc__at_fork_child(gorc__grace_fork_child);
    struct gorc__map_node *none = NULL, *root = gorc__map_node_new(NULL, 0);
    if (!atomic_compare_exchange_strong(&m->root, &none, root))
        gorc__free(root);
}

/* --- values --- */

static const void *absent_key(const struct map *m, uint64_t hash)
{
    return &m->absent[hash % ABSENT_KEYS];
}

static void entry_lock(struct gorc__map_entry *e)
{
    if (gorc__detecting)
        gorc__lock(&e->lock);
}

static void entry_unlock(struct gorc__map_entry *e)
{
    if (gorc__detecting)
        gorc__unlock(&e->lock);
}

/* False: gone. */
static bool read_value(struct gorc__map_entry *e, void **ret_value)
{
    entry_lock(e);
    *ret_value = atomic_load_explicit(&e->value, memory_order_acquire);
    bool live = *ret_value != GORC__MAP_GONE;
    if (live)
        gorc__hook_acquire(e);
    entry_unlock(e);
    return live;
}

enum result { GONE, OTHER_VALUE, CHANGED };

/* What a write does, and on which condition. */
struct change {
    void *to; /* GORC__MAP_GONE: deletes */
    bool compare;
    void *old;
    bool reads;
};

static bool step(struct gorc__map_entry *e, const struct change *c, void **was)
{
    if (!gorc__detecting)
        return atomic_compare_exchange_strong_explicit(
            &e->value, was, c->to, memory_order_acq_rel, memory_order_acquire);
    if (c->reads)
        gorc__hook_acquire(e);
    gorc__hook_release_store(e);
    atomic_store_explicit(&e->value, c->to, memory_order_release);
    return true;
}

static enum result change_value(struct gorc__map_entry *e, const struct change *c, void **ret_was)
{
    enum result result = CHANGED;
    entry_lock(e);
    void *was = atomic_load_explicit(&e->value, memory_order_acquire);
    do {
        if (was == GORC__MAP_GONE)
            result = GONE;
        else if (c->compare && was != c->old)
            result = OTHER_VALUE;
    } while (result == CHANGED && !step(e, c, &was));
    if (result == OTHER_VALUE)
        gorc__hook_acquire(e);
    entry_unlock(e);
    *ret_was = was;
    return result;
}

static void set(void **ret, void *value)
{
    if (ret)
        *ret = value;
}

/* --- operations --- */

GORC_API bool gorc_map_load(gorc_map *m, void *key, void **ret_value)
{
    struct search s;
    void *value = NULL;
    uint32_t grace = begin(&s, m, key, GORC__PC());
    bool there = find(&s) && s.found && read_value(s.found, &value);
    if (!there) {
        value = NULL;
        gorc__hook_acquire(absent_key(s.m, s.hash));
    }
    gorc__grace_leave(grace);
    set(ret_value, value);
    return there;
}

/* The key is not there: puts it there. False: it may be, now. *made is kept for the next try. */
static bool insert(struct search *s, void *value, bool reads, struct gorc__map_entry **made)
{
    if (!s->root) {
        make_root(s->m);
        return false;
    }
    if (!*made) {
        *made = gorc__alloc(sizeof **made);
        if (!*made)
            gorc__fatal("gorc_map: out of memory");
    }
    struct gorc__map_entry *e = *made;
    e->hash = s->hash;
    e->key = s->key;
    atomic_store_explicit(&e->value, value, memory_order_relaxed);
    if (reads)
        gorc__hook_acquire(absent_key(s->m, s->hash));
    gorc__hook_release_store(e);
    gorc__hook_release_store(&e->key);
    if (!gorc__map_insert(&s->place, e))
        return false;
    *made = NULL;
    return true;
}

static void discard(struct gorc__map_entry *made)
{
    if (!made)
        return;
    gorc__hook_forget(made, sizeof *made);
    gorc__free(made);
}

/* store and swap. True: the key was there. */
static bool put(gorc_map *m, void *key, void *value, void **ret_was, bool reads, const void *pc)
{
    struct search s;
    struct gorc__map_entry *made = NULL;
    struct change c = {.to = value, .reads = reads};
    void *was = NULL;
    bool there = false;
    uint32_t grace = begin(&s, m, key, pc);
    for (;;) {
        find(&s);
        there = s.found != NULL;
        if (there ? change_value(s.found, &c, &was) == CHANGED : insert(&s, value, reads, &made))
            break;
    }
    gorc__grace_leave(grace);
    discard(made);
    set(ret_was, there ? was : NULL);
    return there;
}

GORC_API void gorc_map_store(gorc_map *m, void *key, void *value)
{
    put(m, key, value, NULL, false, GORC__PC());
}

GORC_API bool gorc_map_swap(gorc_map *m, void *key, void *value, void **ret_old)
{
    return put(m, key, value, ret_old, true, GORC__PC());
}

GORC_API bool gorc_map_load_or_store(gorc_map *m, void *key, void *value, void **ret_actual)
{
    struct search s;
    struct gorc__map_entry *made = NULL;
    void *actual = NULL;
    bool there = false;
    uint32_t grace = begin(&s, m, key, GORC__PC());
    for (;;) {
        find(&s);
        there = s.found != NULL;
        if (there ? read_value(s.found, &actual) : insert(&s, value, true, &made))
            break;
    }
    gorc__grace_leave(grace);
    discard(made);
    set(ret_actual, there ? actual : value);
    return there;
}

/* Deletes the key, or changes its value. False: not there, or with another value. */
static bool alter(gorc_map *m, void *key, const struct change *c, void **ret_was, const void *pc)
{
    struct search s;
    void *was = NULL;
    uint32_t grace = begin(&s, m, key, pc);
    enum result result = GONE;
    if (c->to == GORC__MAP_GONE)
        gorc__hook_release(absent_key(s.m, s.hash));
    while (find(&s) && s.found && (result = change_value(s.found, c, &was)) == GONE)
        ;
    if (result == GONE && c->reads)
        gorc__hook_acquire(absent_key(s.m, s.hash));
    if (result == CHANGED && c->to == GORC__MAP_GONE)
        gorc__map_unlink(s.root, s.found);
    gorc__grace_leave(grace);
    set(ret_was, result == CHANGED ? was : NULL);
    return result == CHANGED;
}

GORC_API bool gorc_map_load_and_delete(gorc_map *m, void *key, void **ret_value)
{
    struct change c = {.to = GORC__MAP_GONE, .reads = true};
    return alter(m, key, &c, ret_value, GORC__PC());
}

GORC_API void gorc_map_delete(gorc_map *m, void *key)
{
    struct change c = {.to = GORC__MAP_GONE};
    alter(m, key, &c, NULL, GORC__PC());
}

GORC_API bool gorc_map_compare_and_swap(gorc_map *m, void *key, void *old, void *value)
{
    struct change c = {.to = value, .compare = true, .old = old, .reads = true};
    return alter(m, key, &c, NULL, GORC__PC());
}

GORC_API bool gorc_map_compare_and_delete(gorc_map *m, void *key, void *old)
{
    struct change c = {.to = GORC__MAP_GONE, .compare = true, .old = old, .reads = true};
    return alter(m, key, &c, NULL, GORC__PC());
}

/* --- range, clear --- */

struct range {
    struct map *m;
    bool (*fn)(void *key, void *value, void *arg);
    void *arg;
    const void *pc;
};

static bool call(const struct range *r, void *key, void *value)
{
    bool begun = gorc__hook_call(r->pc);
    bool go_on = r->fn(key, value, r->arg);
    gorc__hook_called(begun);
    return go_on;
}

/* The keys of a chain, in a block of the caller's; NULL: one, in *ret_one. In a grace period. */
static void **chain_keys(struct gorc__map_entry *e, size_t *ret_n, void **ret_one)
{
    size_t n = 0;
    for (struct gorc__map_entry *i = e; i; i = atomic_load(&i->next))
        n++;
    void **keys = n > 1 ? gorc__alloc(n * sizeof *keys) : ret_one;
    if (!keys)
        gorc__fatal("gorc_map_range: out of memory");
    *ret_n = 0;
    for (struct gorc__map_entry *i = e; i && *ret_n < n; i = atomic_load(&i->next))
        if (gorc__map_is_live(i))
            keys[(*ret_n)++] = i->key;
    return keys == ret_one ? NULL : keys;
}

/* All keys of the chain that begins with e, which is nobody's when fn runs. Ends the grace period.
 * A key that is deleted and stored again meanwhile has the same hash: it is not seen twice. */
static bool visit(const struct range *r, struct gorc__map_entry *e, uint32_t grace)
{
    size_t n;
    void *one, *value;
    void **keys = chain_keys(e, &n, &one);
    bool alone = !keys && n == 1 && read_value(e, &value);
    gorc__hook_acquire(&e->key);
    gorc__grace_leave(grace);
    if (!keys)
        return !alone || call(r, one, value);
    bool go_on = true;
    for (size_t i = 0; i < n && go_on; i++)
        if (gorc_map_load((gorc_map *)r->m, keys[i], &value))
            go_on = call(r, keys[i], value);
    gorc__free(keys);
    return go_on;
}

GORC_API void gorc_map_range(gorc_map *m, bool (*fn)(void *key, void *value, void *arg), void *arg)
{
    struct range r = {(struct map *)m, fn, arg, GORC__PC()};
    uint64_t from = 0;
    gorc__self();
    for (;;) {
        uint32_t grace = gorc__grace_enter();
        struct gorc__map_node *root = atomic_load_explicit(&r.m->root, memory_order_acquire);
        struct gorc__map_entry *e = root ? gorc__map_seek(root, from) : NULL;
        if (!e) {
            gorc__grace_leave(grace);
            break;
        }
        uint64_t hash = e->hash;
        if (!visit(&r, e, grace))
            return;
        if (hash == UINT64_MAX)
            break;
        from = hash + 1;
    }
    for (uint32_t i = 0; i < ABSENT_KEYS && gorc__detecting; i++)
        gorc__hook_acquire(absent_key(r.m, i));
}

GORC_API void gorc_map_clear(gorc_map *map)
{
    struct map *m = (struct map *)map;
    gorc__self();
    for (uint32_t i = 0; i < ABSENT_KEYS && gorc__detecting; i++)
        gorc__hook_release(absent_key(m, i));
    struct gorc__map_node *root = atomic_exchange(&m->root, NULL);
    if (root)
        gorc__map_drop(root);
    gorc__grace_flush();
}

/* --- for inspection --- */

static void inspect_node(
    struct gorc__map_node *n, void (*fn)(const void *word, void *arg), void *arg)
{
    for (uint32_t i = 0; i < GORC__MAP_SLOTS; i++) {
        uintptr_t slot = atomic_load_explicit(&n->slot[i], memory_order_acquire);
        if (gorc__map_is_node(slot)) {
            inspect_node(gorc__map_node_of(slot), fn, arg);
            continue;
        }
        for (struct gorc__map_entry *e = (struct gorc__map_entry *)slot; e;
             e = atomic_load(&e->next)) {
            fn(e->key, arg);
            fn(atomic_load(&e->value), arg);
        }
    }
}

void gorc__inspect_map(const void *map, void (*fn)(const void *word, void *arg), void *arg)
{
    struct gorc__map_node *root = atomic_load(&((struct map *)(uintptr_t)map)->root);
    if (root)
        inspect_node(root, fn, arg);
}
