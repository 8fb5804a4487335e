/* SPDX-License-Identifier: MIT
 *
 * Invariants: a node with more than one reference is never written. A node with one reference is
 * written only by the owner of the clock that holds it; values in it only grow, so that somebody
 * who is kept from freeing it (task.c's clock_lock) may read along. The empty clock has depth 0;
 * every clock of depth >= 1 has a root node.
 *
 * Joins take over the other side's node where it covers ours: clocks that exchange their pasts come
 * to share nodes, and joins of shared nodes cost one comparison.
 */
#include <stddef.h>
#include <string.h>

#include "core/clock_node.h"

struct dt_pool dt_clock_pool;

enum { NO_INDEX = 0xffffffffu };

static uint32_t *refs(uint32_t id)
{
    return (uint32_t *)dt_clock_pool.side_base + id;
}

static uint32_t new_node(void)
{
    uint32_t id = dt_pool_alloc(&dt_clock_pool);
    __atomic_store_n(refs(id), 1, __ATOMIC_RELAXED);
    return id;
}

static void ref(uint32_t id)
{
    __atomic_fetch_add(refs(id), 1, __ATOMIC_RELAXED);
}

static bool only_ours(uint32_t id)
{
    return __atomic_load_n(refs(id), __ATOMIC_ACQUIRE) == 1;
}

static void unref(uint32_t id, uint32_t level)
{
    if (!id)
        return;
    if (!only_ours(id) && __atomic_sub_fetch(refs(id), 1, __ATOMIC_ACQ_REL) != 0)
        return;
    if (level > 1)
        for (unsigned i = 0; i < 16; i++)
            unref(dt_clock_node(id)->v[i], level - 1);
    dt_pool_free(&dt_clock_pool, id);
}

static uint32_t copy_node(uint32_t id, uint32_t level)
{
    uint32_t copy = new_node();
    struct dt_clock_node *n = dt_clock_node(copy);
    *n = *dt_clock_node(id);
    if (level > 1)
        for (unsigned i = 0; i < 16; i++)
            if (n->v[i])
                ref(n->v[i]);
    return copy;
}

static uint32_t zero_node(void)
{
    uint32_t id = new_node();
    memset(dt_clock_node(id), 0, sizeof(struct dt_clock_node));
    return id;
}

static bool beyond(uint32_t depth, dt_index i)
{
    return depth < 8 && (uint64_t)i >> (4 * depth) != 0;
}

const uint32_t *dt_clock_leaf(const struct dt_clock *c, dt_index i)
{
    if (c->depth == 0 || beyond(c->depth, i))
        return NULL;
    uint32_t id = c->root;
    for (uint32_t level = c->depth; level > 1 && id; level--)
        id = dt_clock_node(id)->v[i >> (4 * (level - 1)) & 15];
    return id ? dt_clock_node(id)->v : NULL;
}

dt_epoch dt_clock_get(const struct dt_clock *c, dt_index i)
{
    const uint32_t *leaf = dt_clock_leaf(c, i & ~(dt_index)15);
    return leaf ? leaf[i & 15] : 0;
}

static void deepen(struct dt_clock *c, uint32_t depth)
{
    if (c->depth == 0) {
        c->root = zero_node();
        c->depth = depth;
        return;
    }
    while (c->depth < depth) {
        uint32_t root = zero_node();
        dt_clock_node(root)->v[0] = c->root;
        c->root = root;
        c->depth++;
    }
}

/* The node in *slot, made so that we may write it. */
static uint32_t own(uint32_t *slot, uint32_t level)
{
    uint32_t id = *slot;
    if (!id) {
        id = zero_node();
    } else if (!only_ours(id)) {
        uint32_t old = id;
        id = copy_node(old, level);
        unref(old, level);
    }
    __atomic_store_n(slot, id, __ATOMIC_RELEASE);
    return id;
}

void dt_clock_set(struct dt_clock *c, dt_index i, dt_epoch e)
{
    if (dt_clock_get(c, i) == e)
        return;
    uint32_t depth = c->depth ? c->depth : 1;
    while (beyond(depth, i))
        depth++;
    deepen(c, depth);
    uint32_t *slot = &c->root;
    for (uint32_t level = depth; level > 0; level--) {
        uint32_t id = own(slot, level);
        slot = &dt_clock_node(id)->v[i >> (4 * (level - 1)) & 15];
    }
    __atomic_store_n(slot, e, __ATOMIC_RELAXED);
}

void dt_clock_add(struct dt_clock *c, struct dt_moment m)
{
    if (m.epoch && dt_clock_look(c, m.index) < m.epoch)
        dt_clock_set(c, m.index, m.epoch);
}

struct join {
    dt_index own; /* not looked at */
    bool changed;
};

/* Which side covers the other; lane 16: none is left out. */
static void compare_leaf(
    const uint32_t *d, const uint32_t *s, unsigned lane, bool *d_covers, bool *s_covers)
{
    unsigned below = 0, above = 0;
    for (unsigned i = 0; i < 16; i++) {
        below |= d[i] < s[i];
        above |= d[i] > s[i];
    }
    if (lane < 16 && below) {
        below = 0;
        for (unsigned i = 0; i < 16; i++)
            below |= d[i] < s[i] && i != lane;
        above = 1; /* s says nothing of our own component: it cannot take our node's place */
    }
    *d_covers = !below;
    *s_covers = !above;
}

static uint32_t join_leaf(struct join *j, uint32_t d, uint32_t s, dt_index base, bool mine)
{
    unsigned lane = j->own - base < 16 ? j->own - base : 16;
    const struct dt_clock_node *from = dt_clock_node(s);
    bool d_covers, s_covers;
    compare_leaf(dt_clock_node(d)->v, from->v, lane, &d_covers, &s_covers);
    if (d_covers)
        return d;
    j->changed = true;
    if (s_covers) {
        ref(s);
        return s;
    }
    uint32_t out = mine ? d : copy_node(d, 1);
    struct dt_clock_node *to = dt_clock_node(out);
    for (unsigned i = 0; i < 16; i++)
        if (to->v[i] < from->v[i] && i != lane)
            to->v[i] = from->v[i];
    return out;
}

/* `out`, made of d, has become the same as s: take s, so that later joins see it at once. */
static uint32_t shared_if_equal(uint32_t d, uint32_t out, uint32_t s, uint32_t level)
{
    if (memcmp(dt_clock_node(out), dt_clock_node(s), sizeof(struct dt_clock_node)) != 0)
        return out;
    if (out != d)
        unref(out, level);
    ref(s);
    return s;
}

/* What s shares with `known` is covered already.
 * The join of d and s: d itself where it covers s or where it could be changed in place (`mine`:
 * nobody else sees d), else another node with a reference for the caller. */
static uint32_t join_node(struct join *j, uint32_t d, uint32_t s, uint32_t known, uint32_t level,
    dt_index base, bool mine)
{
    if (d == s || !s || s == known)
        return d;
    if (!d) {
        j->changed = true;
        ref(s);
        return s;
    }
    mine = mine && only_ours(d);
    if (level == 1)
        return join_leaf(j, d, s, base, mine);
    uint32_t out = d;
    bool touched = false;
    for (unsigned i = 0; i < 16; i++) {
        uint32_t child = dt_clock_node(out)->v[i];
        dt_index child_base = base + ((dt_index)i << (4 * (level - 1)));
        uint32_t joined = join_node(j, child, dt_clock_node(s)->v[i],
            known ? dt_clock_node(known)->v[i] : 0, level - 1, child_base, mine);
        if (joined == child)
            continue;
        if (!mine) {
            out = copy_node(d, level);
            mine = true;
        }
        touched = true;
        __atomic_store_n(&dt_clock_node(out)->v[i], joined, __ATOMIC_RELEASE);
        unref(child, level - 1);
    }
    return touched ? shared_if_equal(d, out, s, level) : out;
}

bool dt_clock_join_known(struct dt_clock *dst, const struct dt_clock *src,
    const struct dt_clock *known, dt_index own_index)
{
    if (src->depth == 0 || (dst->root == src->root && dst->depth == src->depth))
        return false;
    if (dst->depth == 0 && own_index == NO_INDEX) {
        dt_clock_copy(dst, src);
        return true;
    }
    if (dst->depth < src->depth)
        deepen(dst, src->depth);
    struct join j = {.own = own_index};
    uint32_t *slot = &dst->root;
    uint32_t level = dst->depth;
    bool mine = true;
    for (; level > src->depth; level--)
        slot = &dt_clock_node(own(slot, level))->v[0];
    uint32_t known_root = known && known->depth == src->depth ? known->root : 0;
    uint32_t joined = join_node(&j, *slot, src->root, known_root, level, 0, mine);
    if (joined != *slot) {
        uint32_t old = *slot;
        __atomic_store_n(slot, joined, __ATOMIC_RELEASE);
        unref(old, level);
    }
    return j.changed;
}

bool dt_clock_join(struct dt_clock *dst, const struct dt_clock *src)
{
    return dt_clock_join_known(dst, src, NULL, NO_INDEX);
}

void dt_clock_copy(struct dt_clock *dst, const struct dt_clock *src)
{
    if (dst->root == src->root && dst->depth == src->depth)
        return;
    struct dt_clock old = *dst;
    if (src->root)
        ref(src->root);
    *dst = *src;
    unref(old.root, old.depth);
}

static bool node_covers(uint32_t c, uint32_t o, uint32_t level)
{
    if (c == o || !o)
        return true;
    const struct dt_clock_node *theirs = dt_clock_node(o);
    for (unsigned i = 0; i < 16; i++) {
        uint32_t ours = c ? dt_clock_node(c)->v[i] : 0;
        if (level > 1 ? !node_covers(ours, theirs->v[i], level - 1) : ours < theirs->v[i])
            return false;
    }
    return true;
}

bool dt_clock_covers(const struct dt_clock *c, const struct dt_clock *other)
{
    if (other->depth == 0)
        return true;
    uint32_t ours = c->root, theirs = other->root;
    uint32_t level = other->depth, our_level = c->depth ? c->depth : 1;
    for (; our_level > level; our_level--)
        ours = ours ? dt_clock_node(ours)->v[0] : 0;
    for (; level > our_level && theirs; level--) {
        for (unsigned i = 1; i < 16; i++)
            if (!node_covers(0, dt_clock_node(theirs)->v[i], level - 1))
                return false;
        theirs = dt_clock_node(theirs)->v[0];
    }
    return node_covers(ours, theirs, our_level);
}

void dt_clock_clear(struct dt_clock *c)
{
    unref(c->root, c->depth);
    c->root = c->depth = 0;
}
