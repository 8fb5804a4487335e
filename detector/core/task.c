/* SPDX-License-Identifier: MIT
 *
 * Tasks, their indices and epochs.
 *
 * An index is used again when no cell of the ended task can be mistaken: either the creator of the
 * new task knows the old one's last epoch (then the new task comes after all that the old one did,
 * and its epochs go on from there), or a sweep found no segment of the old task left.
 *
 * While only one task lives and it knows all that others did, no access can ever race: what it does
 * now happens before every task that it may still create. Its keys are dt_keys_none then.
 *
 * Lock order: list_lock, then index_lock; a task's clock_lock inside list_lock.
 */
#include <string.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "base/out.h"
#include "core/core.h"
#include "core/depend.h"
#include "core/granule.h"
#include "core/lockgraph.h"
#include "core/node.h"
#include "core/order.h"
#include "core/segment.h"
#include "core/sweep.h"
#include "core/synced.h"

enum { FIRST_FRAMES = 32, MAX_TASKS = 1u << 26, LAST_EPOCH = 0xfffffff0u, LEAST_SWEEP = 1 << 19 };

static struct dt_frame unknown_frames[2];
struct dt_task dt_task_unknown = {
    .segment = DT_CELL_LOW,
    .keys = dt_keys_slow,
    .key8 = {~(uint64_t)0, ~(uint64_t)0},
    .reads = &dt_no_reader,
    .top = unknown_frames + 1,
    .base = unknown_frames + 1,
};
__thread struct dt_task *dt_self __attribute__((tls_model("initial-exec"))) = &dt_task_unknown;
struct dt_task *(*dt_task_meet)(void);

static dt_lock list_lock;
static struct dt_task *all_tasks; /* guarded by list_lock; ended ones too, until they are freed */
static uint32_t live;             /* not ended; changed under list_lock */
static bool sole;                 /* nothing needs to be recorded; changed under list_lock */

static struct dt_pool info_pool;
static uint32_t n_infos; /* atomic */
static uint32_t infos_sweep_at = LEAST_SWEEP;

void dt_task_init(void)
{
    dt_pool_init(&info_pool, "tasks", sizeof(struct dt_task_info), 0, MAX_TASKS);
    sole = true;
}

struct dt_task_info *dt_task_info_at(uint32_t id)
{
    return dt_pool_at(&info_pool, id);
}

uint32_t dt_task_live(void)
{
    return __atomic_load_n(&live, __ATOMIC_RELAXED);
}

void dt_task_each(void (*fn)(struct dt_task *t, void *arg), void *arg)
{
    dt_lock_take(&list_lock);
    for (struct dt_task *t = all_tasks; t; t = t->next)
        fn(t, arg);
    dt_lock_drop(&list_lock);
}

/* --- keys --- */

static void choose_keys(struct dt_task *t)
{
    bool none = t->ignore || t->ended || sole || !dt_flags.detect_races;
    const uint64_t *keys = none ? dt_keys_none : dt_keys_real;
    __atomic_store_n(&t->keys, keys, __ATOMIC_RELEASE);
    __atomic_store_n(&t->key8[0], keys[DT_KEY_R8 * 8], __ATOMIC_RELEASE);
    __atomic_store_n(&t->key8[1], keys[DT_KEY_W8 * 8], __ATOMIC_RELEASE);
}

void dt_task_ignore_changed(struct dt_task *t)
{
    struct dt_task *me = dt_core_enter();
    dt_lock_take(&list_lock);
    choose_keys(t);
    dt_lock_drop(&list_lock);
    dt_depend_heard(t);
    dt_core_leave(me);
}

static void set_sole(bool value)
{
    if (sole == value)
        return;
    sole = value;
    for (struct dt_task *t = all_tasks; t; t = t->next)
        choose_keys(t);
}

/* --- clocks --- */

static void set_witness(struct dt_task *t, dt_index index, dt_epoch epoch)
{
    t->witness_index = index;
    t->witness_epoch = epoch;
}

void dt_task_renew_epoch(struct dt_task *t)
{
    if (!t->published)
        return;
    t->published = false;
    if (t->epoch < LAST_EPOCH) {
        t->epoch++;
        return;
    }
    dt_index old = t->index;
    dt_epoch last = t->epoch;
    t->index = dt_index_take(NULL, &t->epoch);
    dt_lock_take(&t->clock_lock);
    dt_clock_set(&t->clock, old, last);
    dt_lock_drop(&t->clock_lock);
    if (t->witness_index != old)
        set_witness(t, 0, 0); /* who knows it need not know what t's clock has of itself now */
    dt_index_retire(old, last);
}

void dt_task_fold(struct dt_task *t)
{
    if (!t->latest.epoch)
        return;
    dt_lock_take(&t->clock_lock);
    dt_clock_add(&t->clock, t->latest);
    t->latest.epoch = 0;
    dt_lock_drop(&t->clock_lock);
}

/* What a task knew when it published it: a clock, what is beside its tree, and its own component.
 */
struct published {
    const struct dt_clock *clock;
    struct dt_moment latest, own;
};

static inline bool says(struct dt_moment m, dt_index index, dt_epoch epoch)
{
    return m.index == index && m.epoch >= epoch;
}

/* Does it cover all that t knows? */
static bool covers_all_of(const struct dt_task *t, const struct published *p)
{
    dt_index index = t->witness_index;
    dt_epoch epoch = t->witness_epoch;
    if (!epoch || p->clock->depth == 0)
        return false;
    return says(p->own, index, epoch) || says(p->latest, index, epoch) ||
           dt_clock_look(p->clock, index) >= epoch;
}

static bool leaf_covers_all_of(const struct dt_task *t, const struct published *p)
{
    const uint32_t *ours = dt_clock_node(t->clock.root)->v;
    const uint32_t *theirs = dt_clock_node(p->clock->root)->v;
    for (dt_index i = 0; i < 16; i++)
        if (ours[i] > theirs[i] && i != t->index && !says(p->own, i, ours[i]) &&
            !says(p->latest, i, ours[i]))
            return false;
    struct dt_moment m = t->latest;
    return says(p->own, m.index, m.epoch) || says(p->latest, m.index, m.epoch) ||
           dt_clock_look(p->clock, m.index) >= m.epoch;
}

/* Does it, component by component? Then both may share one tree: of two small ones that serve as
 * well the one with the lower id, so that their owners do not take turns with them. */
static bool covers_small(const struct dt_task *t, const struct published *p)
{
    return t->clock.depth == 1 && p->clock->depth == 1 && p->clock->root < t->clock.root &&
           leaf_covers_all_of(t, p);
}

/* With clock_lock held, as the following. */
static bool learn_moment(struct dt_task *t, struct dt_moment m)
{
    if (!m.epoch || dt_task_knows(t, m.index, m.epoch))
        return false;
    if (t->latest.index != m.index)
        dt_clock_add(&t->clock, t->latest);
    t->latest = m;
    return true;
}

/* p's clock becomes t's. */
static bool take_over(struct dt_task *t, const struct published *p)
{
    bool changed = t->clock.root != p->clock->root || t->clock.depth != p->clock->depth ||
                   (p->latest.epoch && !dt_task_knows(t, p->latest.index, p->latest.epoch));
    dt_clock_copy(&t->clock, p->clock);
    t->latest = p->latest;
    if (t->latest.index == t->index)
        t->latest.epoch = 0;
    return changed;
}

static bool join(struct dt_task *t, const struct published *p)
{
    bool changed = dt_clock_join_known(&t->clock, p->clock, &t->learned, t->index);
    if (p->clock->depth > 1)
        dt_clock_copy(&t->learned, p->clock);
    return learn_moment(t, p->latest) || changed;
}

/* `known`: t knows all that is in p's clock. */
static bool learn(struct dt_task *t, const struct published *p, bool known)
{
    dt_reads_flush(t, t);
    bool changed = false, taken = covers_all_of(t, p) || (!known && covers_small(t, p));
    dt_lock_take(&t->clock_lock);
    if (taken)
        changed = take_over(t, p);
    else if (!known)
        changed = join(t, p);
    changed |= learn_moment(t, p->own);
    dt_lock_drop(&t->clock_lock);
    if (!changed)
        return false;
    if (taken && p->own.epoch)
        set_witness(t, p->own.index, p->own.epoch);
    else
        set_witness(t, 0, 0);
    dt_task_renew_epoch(t);
    return true;
}

bool dt_task_learn(
    struct dt_task *t, const struct dt_clock *clock, struct dt_moment latest, struct dt_moment own)
{
    struct published p = {clock, latest, own};
    return learn(t, &p, false);
}

static struct published past_of(const struct dt_task *t)
{
    return (struct published){&t->clock, t->latest, {t->index, t->epoch}};
}

void dt_task_tick(struct dt_task *t)
{
    dt_reads_flush(t, t);
    set_witness(t, t->index, t->epoch);
    t->published = true;
    dt_segment_close(t);
}

/* Nobody runs as dt_task_unknown, which all threads share. */
static struct dt_task *who_delivers(struct dt_task *me, struct dt_task *t)
{
    return me == &dt_task_unknown ? t : me;
}

void dt_task_edge(struct dt_task *from, struct dt_task *to)
{
    struct dt_task *me = dt_core_enter();
    dt_reads_flush(from, who_delivers(me, from));
    dt_reads_flush(to, who_delivers(me, to));
    dt_synced(from, 0, true);
    dt_synced(to, 0, false);
    bool known = from->witness_epoch && dt_task_knows(to, from->witness_index, from->witness_epoch);
    struct published past = past_of(from);
    learn(to, &past, known);
    dt_order_acquire(to, &from->order.clock);
    from->order.published = true;
    dt_task_tick(from);
    dt_core_leave(me);
    dt_race_deliver(who_delivers(me, from));
}

/* --- life --- */

static void make_stack(struct dt_task *t, size_t frames)
{
    t->base = dt_alloc(frames * sizeof(struct dt_frame));
    t->top = t->base;
    t->limit = t->base + frames - 1;
}

/* A handler may interrupt at any place here. It finds limit 0, hence takes the slow path, which
 * only moves `top` while in_runtime is set. */
void dt_task_grow_stack(struct dt_task *t)
{
    struct dt_frame *old = t->base;
    size_t used = (size_t)(t->top - old) + 1, frames = (size_t)(t->limit - old) + 1;
    struct dt_frame *base = dt_alloc(2 * frames * sizeof *base);
    memcpy(base, old, used * sizeof *base);
    __atomic_store_n(&t->limit, NULL, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->base = base;
    __atomic_store_n(&t->top, base + used - 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&t->limit, base + 2 * frames - 1, __ATOMIC_RELAXED);
    dt_free(old, frames * sizeof *old);
}

static struct dt_task_info *new_info(
    struct dt_task *parent, enum dt_task_kind kind, uint64_t id, dt_stackid created)
{
    static uint32_t last_uid;
    uint32_t pool_id = dt_pool_alloc(&info_pool);
    if (__atomic_add_fetch(&n_infos, 1, __ATOMIC_RELAXED) > infos_sweep_at)
        dt_gate_ask_sweep();
    struct dt_task_info *info = dt_pool_at(&info_pool, pool_id);
    *info = (struct dt_task_info){
        .uid = __atomic_add_fetch(&last_uid, 1, __ATOMIC_RELAXED),
        .kind = kind,
        .id = id,
        .created = created,
        .parent = parent ? parent->info : NULL,
        .pool_id = pool_id,
    };
    return info;
}

static void enlist(struct dt_task *t)
{
    dt_lock_take(&list_lock);
    t->next = all_tasks;
    t->link = &all_tasks;
    if (all_tasks)
        all_tasks->link = &t->next;
    all_tasks = t;
    if (__atomic_add_fetch(&live, 1, __ATOMIC_RELAXED) > 1)
        set_sole(false);
    choose_keys(t);
    dt_lock_drop(&list_lock);
}

struct dt_task *dt_task_new(
    struct dt_task *parent, enum dt_task_kind kind, uint64_t id, dt_stackid created)
{
    dt_core_init();
    struct dt_task *me = dt_core_enter();
    struct dt_task *t = dt_alloc(sizeof *t);
    make_stack(t, FIRST_FRAMES);
    t->segment = DT_CELL_LOW;
    t->reads = &dt_no_reader;
    t->info = new_info(parent, kind, id, created);
    t->index = dt_index_take(parent, &t->epoch);
    t->info->first = t->epoch;
    if (parent) {
        dt_task_fold(parent);
        dt_clock_copy(&t->clock, &parent->clock);
        t->latest = (struct dt_moment){parent->index, parent->epoch};
        dt_order_release_store(parent, &t->order.clock);
        dt_synced(parent, 0, true);
        dt_task_tick(parent);
        set_witness(t, parent->index, parent->epoch);
    }
    enlist(t);
    dt_core_leave(me);
    dt_race_deliver(me);
    return t;
}

/* True when t knows all that any other task ever did. */
static bool knows_everything(const struct dt_task *t)
{
    uint32_t end = dt_index_end();
    if (end > 256)
        return false; /* not worth the look */
    for (dt_index i = 0; i < end; i++)
        if (!dt_task_knows(t, i, dt_index_last(i)))
            return false;
    return true;
}

static struct dt_task *first_live_task(void)
{
    struct dt_task *t = all_tasks;
    while (t && t->ended)
        t = t->next;
    return t;
}

static void look_for_sole(struct dt_task *me)
{
    if (dt_task_live() != 1 || sole)
        return;
    dt_lock_take(&list_lock);
    if (live == 1 && first_live_task() == me && knows_everything(me)) {
        dt_task_tick(me);
        set_sole(true);
    }
    dt_lock_drop(&list_lock);
}

/* An epoch that was begun by learning, and neither recorded in nor published, never was: its end is
 * then known to whoever heard of the task last, and its index can be used again. */
static void take_back_epoch(struct dt_task *t)
{
    if (t->published || t->seg)
        return;
    t->epoch--;
    t->published = true;
}

static void end(struct dt_task *t)
{
    t->ended = true;
    take_back_epoch(t);
    dt_reads_end(t);
    choose_keys(t);
    __atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
    dt_index_retire(t->index, t->epoch);
}

void dt_task_end(struct dt_task *t)
{
    struct dt_task *me = dt_core_enter();
    struct dt_task *on = who_delivers(me, t);
    dt_reads_flush(t, on);
    dt_lock_take(&list_lock);
    if (!t->ended)
        end(t);
    dt_lock_drop(&list_lock);
    dt_core_leave(me);
    dt_race_deliver(on);
}

/* In a forked child: called with list_lock held by dt_task_each. */
void dt_task_gone(struct dt_task *t)
{
    t->in_runtime = 0;
    t->clock_lock = 0;
    if (!t->ended)
        end(t);
}

void dt_task_joining(struct dt_task *t, struct dt_task *other)
{
    struct dt_task *me = dt_core_enter();
    dt_lock_take(&list_lock);
    t->joining = other;
    dt_lock_drop(&list_lock);
    dt_core_leave(me);
    dt_race_deliver(me);
}

void dt_task_join(struct dt_task *t, struct dt_task *ended)
{
    struct dt_task *me = dt_core_enter();
    dt_synced(t, 0, false);
    /* What it learnt last it may never have published: its epoch is no witness of that. */
    struct published past = past_of(ended);
    if (learn(t, &past, false))
        set_witness(t, 0, 0);
    dt_order_acquire(t, &ended->order.clock);
    t->joining = NULL;
    look_for_sole(t);
    dt_core_leave(me);
    dt_race_deliver(me);
}

static void unlist(struct dt_task *t)
{
    dt_reads_flush(t, t);
    dt_lock_take(&list_lock);
    if (!t->ended)
        end(t);
    *t->link = t->next;
    if (t->next)
        t->next->link = t->link;
    dt_lock_drop(&list_lock);
}

/* Whoever waits to join t while somebody else frees it: a misuse of the program, but no reason for
 * a dangling pointer. */
static void forget_joiners(struct dt_task *t)
{
    dt_lock_take(&list_lock);
    for (struct dt_task *o = all_tasks; o; o = o->next)
        if (o->joining == t)
            o->joining = NULL;
    dt_lock_drop(&list_lock);
}

void dt_task_free(struct dt_task *t)
{
    struct dt_task *me = dt_core_enter();
    unlist(t);
    if (t->info->kind != DT_TASK_GOROUTINE)
        forget_joiners(t);
    dt_clock_clear(&t->clock);
    dt_clock_clear(&t->learned);
    dt_clock_clear(&t->acquire_fence);
    dt_clock_clear(&t->release_fence);
    dt_lockgraph_task_gone(t);
    dt_free(t->held, t->cap_held * sizeof *t->held);
    dt_free(t->base, (size_t)(t->limit - t->base + 1) * sizeof *t->base);
    dt_free(t, sizeof *t);
    if (me == t)
        return;
    dt_core_leave(me);
    dt_race_deliver(me);
}

void dt_task_set_name(struct dt_task *t, const char *name)
{
    size_t n = 0;
    for (; name && name[n] && n + 1 < sizeof t->info->name; n++)
        t->info->name[n] = name[n];
    t->info->name[n] = '\0';
}

/* --- held locks --- */

static void push_lockset(struct dt_task *t, const struct dt_held_lock *h)
{
    struct dt_lock_taken l = {.lock = h->lock, .where = h->where, .shared = h->shared};
    t->lockset = dt_lockset_with(t->lockset, &l);
}

static void set_held_bits(struct dt_task *t)
{
    uint64_t n = t->lockset;
    if (__builtin_expect(n >= DT_NODE_LOCKS_COUNT, 0)) {
        n = DT_NODE_LOCKS_COUNT + (t->nheld < DT_LOCKSET_MOST ? t->nheld : DT_LOCKSET_MOST);
        dt_segment_locks_grew(t);
    }
    t->held_bits = n << DT_NODE_LOCKS_SHIFT;
}

/* The lock at `at` is gone from t->held; those above it stay. */
void dt_task_lock_gone(struct dt_task *t, uint32_t at)
{
    for (uint32_t n = t->nheld + 1; n > at; n--)
        t->lockset = dt_lockset_parent(t->lockset);
    for (uint32_t i = at; __builtin_expect(i < t->nheld, 0); i++)
        push_lockset(t, &t->held[i]);
    if (__builtin_expect(t->seg != 0, 0))
        dt_task_tick(t); /* given up without a release: the segment's set is not what follows */
    set_held_bits(t);
}

static void grow_held(struct dt_task *t)
{
    dt_held_refresh(t);
    if (t->nheld < t->cap_held)
        return;
    uint32_t cap = t->cap_held ? 2 * t->cap_held : 4;
    t->held = dt_regrow(
        t->held, t->nheld * sizeof *t->held, t->cap_held * sizeof *t->held, cap * sizeof *t->held);
    t->cap_held = cap;
}

dt_stackid (*dt_bare_place)(uintptr_t pc);

dt_stackid dt_task_place(struct dt_task *t, uintptr_t pc)
{
    dt_stackid bare = 0;
    if (__builtin_expect(t->top == t->base, 0) && dt_bare_place)
        bare = dt_bare_place(pc);
    return bare ? bare : dt_node_pin(dt_node_origin(t, pc & DT_NODE_PC));
}

struct dt_held_lock *dt_task_lock_held(
    struct dt_task *t, const void *lock, enum dt_lock_kind kind, uint32_t how, uintptr_t pc)
{
    struct dt_task *me = dt_core_enter();
    if (t->nheld == t->cap_held)
        grow_held(t);
    struct dt_held_lock *h = &t->held[t->nheld++];
    *h = (struct dt_held_lock){
        .lock = lock,
        .where = dt_task_place(t, pc),
        .kind = (uint8_t)kind,
        .how = (uint8_t)how,
        .shared = how & DT_HOW_SHARED,
        .handovers = __atomic_load_n(&dt_handovers, __ATOMIC_RELAXED),
        .n_needs = t->order.n_needs,
        .heard = t->order.heard,
    };
    t->nheld_native += kind < DT_LOCK_NATIVE_KINDS;
    push_lockset(t, h);
    set_held_bits(t);
    dt_core_leave(me);
    return h;
}

bool dt_task_lock_released(struct dt_task *t, const void *lock)
{
    for (uint32_t i = t->nheld; i-- > 0;) {
        struct dt_held_lock *h = &t->held[i];
        if (h->lock != lock)
            continue;
        dt_depend_unlocked(t, h);
        if (__builtin_expect(h->has_order, 0)) {
            dt_order_acquire(t, &h->order);
            dt_clock_clear(&h->order);
        }
        t->nheld_native -= h->kind < DT_LOCK_NATIVE_KINDS;
        t->last_released = lock;
        if (i + 1 < t->nheld)
            memmove(h, h + 1, (t->nheld - i - 1) * sizeof *h);
        t->nheld--;
        dt_task_lock_gone(t, i);
        return true;
    }
    return false;
}

/* --- records --- */

/* The next record in use after *at (0: the first); NULL: there is none. */
static struct dt_task_info *next_info(uint32_t *at)
{
    uint32_t end = __atomic_load_n(&info_pool.next, __ATOMIC_ACQUIRE);
    while (++*at < end) {
        struct dt_task_info *info = dt_pool_at(&info_pool, *at);
        if (info->pool_id == *at)
            return info;
    }
    return NULL;
}

bool dt_task_info_find(enum dt_task_kind kind, uint64_t id, struct dt_task_info *ret_info)
{
    uint32_t at = 0;
    const struct dt_task_info *info = next_info(&at);
    while (info && (info->kind != kind || info->id != id))
        info = next_info(&at);
    if (info)
        *ret_info = *info;
    return info != NULL;
}

bool dt_task_info_find_uid(uint32_t uid, struct dt_task_info *ret_info)
{
    uint32_t at = 0;
    const struct dt_task_info *info = next_info(&at);
    while (info && info->uid != uid)
        info = next_info(&at);
    if (info)
        *ret_info = *info;
    return info != NULL;
}

void dt_task_info_keep(struct dt_task_info *info)
{
    __atomic_store_n(&info->kept, true, __ATOMIC_RELAXED);
}

void dt_task_info_each_kept(void (*fn)(struct dt_task_info *info))
{
    uint32_t at = 0;
    for (struct dt_task_info *info; (info = next_info(&at)) != NULL;)
        if (info->kept)
            fn(info);
}

void dt_task_info_sweep(uint32_t round)
{
    for (uint32_t id = 1; id < info_pool.next; id++) {
        struct dt_task_info *info = dt_pool_at(&info_pool, id);
        if (info->pool_id != id || info->marked + 1 >= round)
            continue; /* free, or referred to now or at the last sweep */
        info->pool_id = 0;
        dt_pool_free(&info_pool, id);
    }
    n_infos = dt_pool_live(&info_pool);
    infos_sweep_at = LEAST_SWEEP + 2 * n_infos;
}
