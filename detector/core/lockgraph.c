/* SPDX-License-Identifier: MIT
 *
 * Recording of nestings; see lockgraph.h.
 *
 * A task that nests the same locks at the same places again and has, by the clock of order.h, done
 * nothing since has nothing to record: a cache of its own tells that without any lock. A nesting
 * that cannot be on a cycle takes its own lock only.
 *
 * Tables are bounded. Nestings all of whose held locks are gone, or whose wanted lock is, can never
 * meet a new event; they are freed when that many locks have died.
 */
#include <string.h>

#include "base/dalloc.h"
#include "core/abandoned.h"
#include "core/core.h"
#include "core/depend.h"
#include "core/lockgraph.h"
#include "core/nesting.h"
#include "core/order.h"
#include "core/sync.h"

enum {
    MAX_LOCKS = 1 << 22,
    MAX_NESTINGS = 1 << 18,
    MAX_HELD = 64,
    MAX_ONCES = 4, /* those further in are left out */
    CACHE = 8,
    FIRST_TABLE = 256,
    LEAST_DEAD = 512
};

struct dt_pool dt_lock_pool;
struct dt_lockgraph_stats dt_lockgraph_stats;
void (*dt_on_lock_cycle)(const struct dt_lock_cycle *c);

static dt_lock graph_lock;
static struct dt_nesting **table;
static size_t table_size, nestings;
static uint32_t locks_live, locks_dead; /* dead: and not freed; atomic */
static uint32_t generation = 1;         /* of what caches point to; changes with the gate closed */
static uint64_t last_number;

struct dt_onces {
    uint32_t n;
    struct dt_held_lock at[MAX_ONCES];
};

struct dt_order_cache {
    struct cached {
        uint64_t hash;
        struct dt_nesting *nesting;
        uint32_t generation;
        uint32_t root, epoch; /* the task's clock when it was recorded last */
    } slot[CACHE];
};

void dt_lockgraph_init(void)
{
    dt_pool_init(&dt_lock_pool, "lock order", sizeof(struct dt_lock_node), 0, MAX_LOCKS);
    dt_order_init();
}

/* --- locks --- */

static uint32_t new_lock(uintptr_t addr, enum dt_lock_kind kind)
{
    if (__atomic_add_fetch(&locks_live, 1, __ATOMIC_RELAXED) >= MAX_LOCKS - 1024) {
        __atomic_sub_fetch(&locks_live, 1, __ATOMIC_RELAXED);
        return 0;
    }
    uint32_t id = dt_pool_alloc(&dt_lock_pool);
    *dt_lock_node(id) = (struct dt_lock_node){
        .addr = addr, .kind = (uint8_t)kind, .refs = 1, .group = id, .group_next = id};
    return id;
}

static void number_lock(struct dt_held_lock *h)
{
    struct dt_sync *s = dt_sync_lock(h->lock, true);
    if (!s->order_id)
        s->order_id = new_lock((uintptr_t)h->lock, (enum dt_lock_kind)h->kind);
    h->id = s->order_id;
    dt_sync_unlock(s);
}

void dt_lockgraph_number(struct dt_held_lock *h)
{
    if (!h->id)
        number_lock(h);
}

const void *dt_lockgraph_lock(uint32_t id, enum dt_lock_kind *ret_kind)
{
    *ret_kind = (enum dt_lock_kind)dt_lock_node(id)->kind;
    return (const void *)dt_lock_node(id)->addr;
}

bool dt_lockgraph_lock_lives(uint32_t id)
{
    return id && !__atomic_load_n(&dt_lock_node(id)->dead, __ATOMIC_RELAXED);
}

void dt_lockgraph_lock_died(uint32_t id)
{
    __atomic_store_n(&dt_lock_node(id)->dead, true, __ATOMIC_RELAXED);
    __atomic_add_fetch(&locks_dead, 1, __ATOMIC_RELAXED);
}

uint64_t dt_lockgraph_last_event(void)
{
    return __atomic_load_n(&last_number, __ATOMIC_ACQUIRE);
}

/* --- nestings --- */

static uint64_t mix(uint64_t h, uint64_t v)
{
    h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
    h ^= h >> 31;
    h *= 0xbf58476d1ce4e5b9u;
    return h ^ (h >> 29);
}

/* What t has just taken, and what it held before, the oldest first and none twice. */
struct now {
    struct dt_task *t;
    const struct dt_held_lock *wanted;
    uint32_t n, n_held; /* n_held: of the task's list */
    bool wants_held;
    uint64_t hash;
    const struct dt_held_lock *held[MAX_HELD + MAX_ONCES];
    bool shared[MAX_HELD + MAX_ONCES];
};

static void add_held(struct now *w, const struct dt_held_lock *h)
{
    for (uint32_t i = 0; i < w->n; i++) {
        if (w->held[i]->id != h->id)
            continue;
        w->shared[i] &= h->shared;
        return;
    }
    w->held[w->n] = h;
    w->shared[w->n++] = h->shared;
}

/* Nestings differ by the places of the lock calls, not by who called those. */
static uint64_t site_of(const struct dt_held_lock *h)
{
    uintptr_t pc = 0;
    dt_stack_pcs(h->where, &pc, 1);
    return pc;
}

static bool number(struct dt_held_lock *h)
{
    dt_lockgraph_number(h);
    return h->id != 0;
}

/* What is wanted while the first n of t's locks are held. False: nothing that could be a part of a
 * cycle. */
static bool look(struct now *w, struct dt_task *t, struct dt_held_lock *wanted, uint32_t n)
{
    w->t = t;
    w->wanted = wanted;
    w->n_held = n;
    w->n = 0;
    w->wants_held = false;
    if (w->wanted->how & DT_HOW_TRY)
        return false;
    uint32_t from = n > MAX_HELD ? n - MAX_HELD : 0;
    bool numbered = number(wanted);
    for (uint32_t i = 0; t->onces && i < t->onces->n; i++)
        if ((numbered &= number(&t->onces->at[i])))
            add_held(w, &t->onces->at[i]);
    for (uint32_t i = from; i < n; i++)
        if ((numbered &= number(&t->held[i])))
            add_held(w, &t->held[i]);
    if (!numbered) {
        __atomic_fetch_add(&dt_lockgraph_stats.nestings_left_out, 1, __ATOMIC_RELAXED);
        return false;
    }
    for (uint32_t i = 0; i < w->n; i++) {
        if (w->held[i]->id != w->wanted->id)
            continue;
        if (!w->shared[i] || !w->wanted->shared)
            return false; /* recursive, or stale */
        w->wants_held = true;
    }
    uint64_t h = mix(w->wanted->id, site_of(w->wanted) << 1 | w->wanted->shared);
    for (uint32_t i = 0; i < w->n; i++)
        h = mix(mix(h, w->held[i]->id), site_of(w->held[i]) << 1 | w->shared[i]);
    w->hash = h + (h == 0);
    return true;
}

static void link_to(struct dt_nesting_link *l, struct dt_nesting *n, struct dt_nesting_link **list)
{
    l->nesting = n;
    l->next = *list;
    l->prev = list;
    if (l->next)
        l->next->prev = &l->next;
    *list = l;
}

static void unlink_from(struct dt_nesting_link *l)
{
    *l->prev = l->next;
    if (l->next)
        l->next->prev = l->prev;
}

static size_t nesting_size(uint32_t n)
{
    return sizeof(struct dt_nesting) + n * sizeof(struct dt_nesting_hold);
}

static struct dt_nesting *new_nesting(const struct now *w)
{
    struct dt_nesting *n = dt_alloc(nesting_size(w->n));
    n->hash = w->hash;
    n->wants = w->wanted->id;
    n->wants_shared = w->wanted->shared;
    n->wants_held = w->wants_held;
    n->n = w->n;
    dt_lock_node(n->wants)->refs++;
    link_to(&n->want_link, n, &dt_lock_node(n->wants)->wanters);
    for (uint32_t i = 0; i < w->n; i++) {
        struct dt_nesting_hold *h = &n->holds[i];
        h->lock = w->held[i]->id;
        h->shared = w->shared[i];
        h->link.index = i;
        dt_lock_node(h->lock)->refs++;
        link_to(&h->link, n, &dt_lock_node(h->lock)->holders);
    }
    for (uint32_t i = 0; i < w->n; i++)
        if (n->holds[i].lock != n->wants)
            dt_lockrank_edge(n->holds[i].lock, n->wants);
    return n;
}

static void grow_table(void)
{
    size_t size = table_size ? 2 * table_size : FIRST_TABLE;
    struct dt_nesting **more = dt_alloc(size * sizeof(struct dt_nesting *));
    for (size_t i = 0; i < table_size; i++) {
        for (struct dt_nesting *n = table[i], *next; n; n = next) {
            next = n->next;
            n->next = more[n->hash & (size - 1)];
            more[n->hash & (size - 1)] = n;
        }
    }
    dt_free(table, table_size * sizeof(struct dt_nesting *));
    table = more;
    table_size = size;
}

static bool is_same(const struct dt_nesting *n, const struct now *w)
{
    if (n->hash != w->hash || n->n != w->n || n->wants != w->wanted->id ||
        n->wants_shared != w->wanted->shared)
        return false;
    for (uint32_t i = 0; i < n->n; i++)
        if (n->holds[i].lock != w->held[i]->id || n->holds[i].shared != w->shared[i])
            return false;
    return true;
}

/* Under the graph lock. NULL: the table is full. */
static struct dt_nesting *find_nesting(const struct now *w)
{
    if (nestings >= table_size)
        grow_table();
    struct dt_nesting **list = &table[w->hash & (table_size - 1)];
    for (struct dt_nesting *n = *list; n; n = n->next)
        if (is_same(n, w))
            return n;
    if (nestings >= MAX_NESTINGS) {
        dt_lockgraph_stats.nestings_left_out++;
        return NULL;
    }
    struct dt_nesting *n = new_nesting(w);
    list = &table[w->hash & (table_size - 1)];
    n->next = *list;
    *list = n;
    nestings++;
    return n;
}

/* --- events --- */

static size_t event_size(const struct dt_nesting *n)
{
    return sizeof(struct dt_nested) + (n->n + 1) * sizeof(struct dt_nested_lock);
}

static void free_event(const struct dt_nesting *n, struct dt_nested *e)
{
    dt_order_drop(e->index);
    dt_clock_clear(&e->clock);
    dt_clock_clear(&e->needs);
    for (uint32_t i = 0; i < n->n; i++)
        dt_clock_clear(&e->locks[i].order);
    dt_free(e, event_size(n));
}

static struct dt_nested *new_event(const struct dt_nesting *n, const struct now *w)
{
    struct dt_nested *e = dt_alloc(event_size(n));
    e->task = w->t->info;
    e->index = w->t->order.index;
    e->epoch = w->t->order.epoch;
    e->learned = w->t->order.learned;
    e->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
    dt_order_keep(e->index);
    dt_clock_copy(&e->clock, &w->t->order.clock);
    dt_depend_record(w->t, w->wanted, e);
    for (uint32_t i = 0; i < n->n; i++) {
        e->locks[i].where = w->held[i]->where;
        if (w->held[i]->has_order)
            dt_clock_copy(&e->locks[i].order, &w->held[i]->order);
    }
    e->locks[n->n].where = w->wanted->where;
    return e;
}

static void take_out(struct dt_nesting *n, uint32_t i)
{
    free_event(n, n->events[i]);
    n->nevents--;
    memmove(&n->events[i], &n->events[i + 1], (n->nevents - i) * sizeof n->events[0]);
}

/* Every later event that could meet `old` can meet `e`, unless it is of e's own task. */
static bool is_superseded(const struct dt_nested *old, const struct dt_nested *e)
{
    return old->task->uid == e->task->uid || dt_order_knows(&e->clock, old->index, old->epoch);
}

/* An earlier event of the same task that knew as much as e is dropped. Others that are superseded
 * may still be wanted for cycles of three and more, where they meet what e does not, and when e's
 * own task comes the other way: they stay as long as there is room. */
static void make_way(struct dt_nesting *n, const struct dt_nested *e)
{
    for (uint32_t i = n->nevents; i-- > 0;)
        if (n->events[i]->task->uid == e->task->uid && n->events[i]->learned == e->learned)
            take_out(n, i);
    if (n->nevents < DT_NESTED_KEPT)
        return;
    for (uint32_t i = 0; i < n->nevents; i++) {
        if (!is_superseded(n->events[i], e))
            continue;
        take_out(n, i);
        __atomic_fetch_add(&dt_lockgraph_stats.events_superseded, 1, __ATOMIC_RELAXED);
        return;
    }
    __atomic_fetch_add(&dt_lockgraph_stats.events_left_out, 1, __ATOMIC_RELAXED);
    take_out(n, 1); /* the first one stays: it is unlike the others the longest */
}

static uint64_t remember(struct dt_nesting *n, const struct now *w)
{
    struct dt_nested *e = new_event(n, w);
    uint64_t number = e->number;
    dt_lock_take(&n->lock);
    make_way(n, e);
    n->events[n->nevents++] = e;
    dt_lock_drop(&n->lock);
    return number;
}

/* --- what is gone --- */

static bool is_dead(uint32_t lock)
{
    return __atomic_load_n(&dt_lock_node(lock)->dead, __ATOMIC_RELAXED);
}

static bool is_past(const struct dt_nesting *n)
{
    if (is_dead(n->wants))
        return true;
    for (uint32_t i = 0; i < n->n; i++)
        if (!is_dead(n->holds[i].lock))
            return false;
    return n->n > 0;
}

static void drop_lock(uint32_t id)
{
    dt_lock_node(id)->refs--;
}

static void free_nesting(struct dt_nesting *n)
{
    while (n->nevents)
        take_out(n, n->nevents - 1);
    unlink_from(&n->want_link);
    drop_lock(n->wants);
    for (uint32_t i = 0; i < n->n; i++) {
        unlink_from(&n->holds[i].link);
        drop_lock(n->holds[i].lock);
    }
    dt_free(n, nesting_size(n->n));
    nestings--;
}

/* A group keeps its members while one of them lives: ranks and rings refer to them. */
static bool is_alone(uint32_t id)
{
    return dt_lock_node(id)->group == id && dt_lock_node(id)->group_next == id;
}

static void free_locks(void)
{
    uint32_t freed = 0;
    for (uint32_t id = 1; id < dt_lock_pool.next; id++) {
        struct dt_lock_node *l = dt_lock_node(id);
        if (!l->dead || l->refs != 1 || !is_alone(id))
            continue;
        l->refs = 0;
        l->dead = false;
        dt_clock_clear(&l->needs);
        dt_pool_free(&dt_lock_pool, id);
        freed++;
    }
    locks_live -= freed;
    locks_dead -= freed;
}

/* With every other task out of the core. */
static void collect(void)
{
    for (size_t i = 0; i < table_size; i++) {
        for (struct dt_nesting **n = &table[i]; *n;) {
            struct dt_nesting *gone = *n;
            if (!is_past(gone)) {
                n = &gone->next;
                continue;
            }
            *n = gone->next;
            free_nesting(gone);
        }
    }
    free_locks();
    dt_lockcycle_forget_known();
    generation++;
}

static void collect_if_due(struct dt_task *me)
{
    static uint32_t next_at = LEAST_DEAD;
    uint32_t dead = __atomic_load_n(&locks_dead, __ATOMIC_RELAXED);
    if (__builtin_expect(dead < next_at, 1) || me->in_runtime > 2)
        return;
    if (!dt_gate_close(me))
        return;
    if (locks_dead >= next_at) {
        collect();
        next_at = LEAST_DEAD + 2 * locks_dead + locks_live / 4;
    }
    dt_gate_open();
}

/* --- recording --- */

static struct cached *slot_of(struct dt_task *t, uint64_t hash)
{
    if (!t->order_cache)
        t->order_cache = dt_alloc(sizeof *t->order_cache);
    return &t->order_cache->slot[hash & (CACHE - 1)];
}

static bool has_signals(const struct now *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (w->held[i]->has_order)
            return true;
    return false;
}

void dt_lockgraph_deliver(struct dt_found_cycle *list)
{
    while (list) {
        struct dt_found_cycle *next = list->next;
        if (dt_on_lock_cycle)
            dt_on_lock_cycle(&list->cycle);
        dt_free(list, sizeof *list);
        list = next;
    }
}

static struct dt_found_cycle *record(struct now *w, struct cached *slot)
{
    struct dt_found_cycle *list = NULL;
    struct dt_nesting *n = slot->nesting;
    bool cached = slot->hash == w->hash && slot->generation == generation;
    if (!cached) {
        dt_lock_take(&graph_lock);
        n = find_nesting(w);
        dt_lock_drop(&graph_lock);
        if (!n)
            return NULL;
    }
    __atomic_store_n(&dt_depend_on, true, __ATOMIC_RELAXED);
    dt_order_event(w->t);
    for (uint32_t i = 0; i < w->n_held; i++)
        w->t->held[i].nested = true;
    uint64_t number = remember(n, w);
    *slot = (struct cached){w->hash, n, generation, w->t->order.clock.root, w->t->order.epoch};
    bool is_writer = !n->wants_shared &&
                     dt_lock_prefers_writers((enum dt_lock_kind)dt_lock_node(n->wants)->kind);
    if (is_writer || dt_nesting_may_cycle(n)) {
        dt_lock_take(&graph_lock);
        dt_lockcycle_search(n, number, &list);
        dt_lock_drop(&graph_lock);
    }
    return list;
}

/* `wanted` is taken, or called, while the first n of t's locks are held. */
static struct dt_found_cycle *take(struct dt_task *t, struct dt_held_lock *wanted, uint32_t n)
{
    struct now w;
    struct dt_found_cycle *list = NULL;
    if (look(&w, t, wanted, n)) {
        struct cached *slot = slot_of(t, w.hash);
        bool same = slot->hash == w.hash && slot->generation == generation && !t->order.published &&
                    slot->root == t->order.clock.root && slot->epoch == t->order.epoch &&
                    !has_signals(&w);
        if (!same)
            list = record(&w, slot);
    }
    return list;
}

struct dt_found_cycle *dt_lockgraph_acquired(struct dt_task *t)
{
    struct dt_task *me = dt_core_enter();
    struct dt_found_cycle *list = NULL;
    dt_held_refresh(t);
    collect_if_due(me);
    if (t->nheld)
        list = take(t, &t->held[t->nheld - 1], t->nheld - 1);
    dt_core_leave(me);
    return list;
}

/* --- onces --- */

static struct dt_held_lock once_at(struct dt_task *t, const void *once, uintptr_t pc)
{
    return (struct dt_held_lock){
        .lock = once, .kind = DT_LOCK_GORC_ONCE, .where = dt_task_place(t, pc)};
}

struct dt_found_cycle *dt_lockgraph_once(struct dt_task *t, const void *once, uintptr_t pc)
{
    if (!t->nheld && !(t->onces && t->onces->n))
        return NULL;
    struct dt_task *me = dt_core_enter();
    struct dt_held_lock wanted = once_at(t, once, pc);
    dt_held_refresh(t);
    dt_depend_settle(t);
    struct dt_found_cycle *list = take(t, &wanted, t->nheld);
    dt_core_leave(me);
    return list;
}

void dt_lockgraph_once_begin(struct dt_task *t, const void *once, uintptr_t pc)
{
    struct dt_task *me = dt_core_enter();
    if (!t->onces)
        t->onces = dt_alloc(sizeof *t->onces);
    if (t->onces->n < MAX_ONCES)
        t->onces->at[t->onces->n++] = once_at(t, once, pc);
    dt_core_leave(me);
}

void dt_lockgraph_once_end(struct dt_task *t, const void *once)
{
    struct dt_onces *o = t->onces;
    if (o && o->n && o->at[o->n - 1].lock == once)
        o->n--;
}

void dt_lockgraph_task_gone(struct dt_task *t)
{
    for (uint32_t i = 0; i < t->nheld; i++)
        dt_clock_clear(&t->held[i].order);
    dt_free(t->order_cache, sizeof *t->order_cache);
    t->order_cache = NULL;
    dt_free(t->onces, sizeof *t->onces);
    t->onces = NULL;
    dt_order_task_gone(t);
    dt_depend_task_gone(t);
}

void dt_lockgraph_each_task(void (*fn)(struct dt_task_info *info))
{
    for (size_t i = 0; i < table_size; i++)
        for (struct dt_nesting *n = table[i]; n; n = n->next)
            for (uint32_t k = 0; k < n->nevents; k++)
                fn(n->events[k]->task);
    dt_abandoned_each_task(fn);
}
