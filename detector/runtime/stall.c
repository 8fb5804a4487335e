/* SPDX-License-Identifier: MIT
 *
 * Deadlocks among some of the goroutines; see stall.h. Every goroutine blocked without a time limit
 * is a node; one that waits for a lock has an edge to the lock's holder. Following the edges from a
 * lock wait ends
 *  - in a cycle: certain, whatever else runs;
 *  - at a goroutine that holds the lock and waits on a channel, wait group or cond: a deadlock when
 *    nobody is left to wake it, which is as likely as that it leaks;
 *  - at one that runs, sleeps or has ended: not a deadlock.
 * The holder of a lock held for reading is found in the lists of held locks: a waiting writer waits
 * for any reader that is blocked; a waiting reader for the writer before it.
 */
#include <string.h>

#include "base/dalloc.h"
#include "core/lockgraph.h"
#include "core/task.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "runtime/cases.h"
#include "runtime/describe.h"
#include "runtime/leak.h"
#include "runtime/reach.h"
#include "runtime/runtime.h"
#include "runtime/stall.h"
#include "runtime/watch.h"

enum {
    NONE = UINT32_MAX,
    UNSEEN = 0,
    NOT_STUCK = 1,
    FIRST_GROUP = 2,
    FIRST_NODES = 64,
    MAX_MIXED = 20000
};

struct node {
    struct gorc__inspect_g g;
    const struct dt_task *task;
    dt_stackid stack, took; /* where it waits; where the next one took the lock */
    uint32_t next;          /* the node that it waits for, NONE */
    uint32_t group;         /* UNSEEN, NOT_STUCK, or the number of its deadlock */
    uint32_t visit;
    struct dt_cases *cases; /* of one that is to be reported and waits on channels, else NULL */
    bool no_cycle;          /* blocked for good, and in no cycle */
};

struct dt_stalls {
    struct node *nodes;
    size_t n, cap;
    uint32_t *by_goid; /* open addressing, node index + 1 */
    uint32_t *by_lock; /* the same for writers that wait for a rwmutex */
    size_t slots;
    uint32_t *first; /* of each group: a node of its cycle, or the holder that is blocked */
    uint32_t groups;
    size_t lock_waits;
    uint64_t below;
    bool busy;      /* somebody may still run */
    bool meanwhile; /* found in the middle of the run */
    bool by_holders;
};

static bool waits_for_lock(const struct node *n)
{
    return gorc__inspect_is_lock(n->g.object_kind);
}

static bool waits_to_write(const struct node *n)
{
    return n->g.object_kind == GORC__OBJ_RWMUTEX && strcmp(n->g.reason, "rwmutex lock") == 0;
}

/* --- the nodes --- */

static bool add_node(const struct gorc__inspect_g *g, void *arg)
{
    struct dt_stalls *s = arg;
    const struct dt_task *task = g->task ? g->task->detect : NULL;
    if (g->is_system || g->state == GORC__G_DEAD)
        return true;
    if (g->state != GORC__G_BLOCKED || g->timed) {
        s->busy |= task != dt_self;
        return true;
    }
    if (!task || (s->below && !dt_task_descends(task->info, s->below)))
        return true;
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : FIRST_NODES;
        s->nodes = dt_regrow(
            s->nodes, s->n * sizeof *s->nodes, s->cap * sizeof *s->nodes, cap * sizeof *s->nodes);
        s->cap = cap;
    }
    struct node *n = &s->nodes[s->n++];
    *n = (struct node){.g = *g, .task = task, .next = NONE};
    s->lock_waits += waits_for_lock(n);
    return true;
}

static size_t slot_of(const struct dt_stalls *s, uint64_t key)
{
    return (key * 0x9e3779b97f4a7c15u >> 20) & (s->slots - 1);
}

static uint32_t find_goid(const struct dt_stalls *s, uint64_t goid)
{
    for (size_t i = slot_of(s, goid); s->by_goid[i]; i = (i + 1) & (s->slots - 1))
        if (s->nodes[s->by_goid[i] - 1].g.goid == goid)
            return s->by_goid[i] - 1;
    return NONE;
}

static uint32_t find_writer(const struct dt_stalls *s, const void *lock)
{
    for (size_t i = slot_of(s, (uintptr_t)lock); s->by_lock[i]; i = (i + 1) & (s->slots - 1))
        if (s->nodes[s->by_lock[i] - 1].g.object == lock)
            return s->by_lock[i] - 1;
    return NONE;
}

static void insert(struct dt_stalls *s, uint32_t *table, uint64_t key, size_t node)
{
    size_t i = slot_of(s, key);
    while (table[i])
        i = (i + 1) & (s->slots - 1);
    table[i] = (uint32_t)node + 1;
}

static void index_nodes(struct dt_stalls *s)
{
    s->slots = FIRST_NODES;
    while (s->slots < s->n * 2)
        s->slots *= 2;
    s->by_goid = dt_alloc(s->slots * sizeof *s->by_goid);
    s->by_lock = dt_alloc(s->slots * sizeof *s->by_lock);
    for (size_t i = 0; i < s->n; i++) {
        const struct node *n = &s->nodes[i];
        insert(s, s->by_goid, n->g.goid, i);
        if (waits_to_write(n) && !n->g.holder && find_writer(s, n->g.object) == NONE)
            insert(s, s->by_lock, (uintptr_t)n->g.object, i);
    }
}

/* --- the edges --- */

static dt_stackid took_at(const struct dt_task *task, const void *lock)
{
    const struct dt_held_lock *h = dt_task_holds(task, lock);
    return h ? h->where : 0;
}

/* The writer at the head of a rwmutex waits for `reader`, if that is one of its readers. */
static void add_reader_edges(struct dt_stalls *s, uint32_t reader)
{
    const struct dt_task *task = s->nodes[reader].task;
    for (uint32_t i = 0; i < task->nheld; i++) {
        uint32_t w = find_writer(s, task->held[i].lock);
        if (w == NONE)
            continue;
        struct node *writer = &s->nodes[w];
        if (writer->next == NONE || waits_for_lock(&s->nodes[reader]))
            writer->next = reader;
    }
}

/* A wait for a channel, wait group or cond in a circle of which nobody outside has a reference. */
static void add_mixed_edge(struct dt_stalls *s, struct node *n, const struct dt_reach *reach)
{
    uint64_t next = dt_reach_next(reach, n->g.goid, &n->no_cycle);
    if (next)
        n->next = find_goid(s, next);
}

static void add_edges(struct dt_stalls *s, const struct dt_reach *reach)
{
    for (uint32_t i = 0; i < s->n; i++)
        add_reader_edges(s, i);
    for (uint32_t i = 0; i < s->n; i++) {
        struct node *n = &s->nodes[i];
        if (!waits_for_lock(n)) {
            if (s->n <= MAX_MIXED)
                add_mixed_edge(s, n, reach);
            continue;
        }
        if (n->g.holder) {
            n->next = find_goid(s, n->g.holder);
        } else if (n->g.object_kind == GORC__OBJ_RWMUTEX) {
            uint32_t w = find_writer(s, n->g.object);
            if (w != i)
                n->next = w;
        }
        if (n->next != NONE)
            n->took = took_at(s->nodes[n->next].task, n->g.object);
    }
}

/* --- the groups --- */

static void mark_from(struct dt_stalls *s, uint32_t from, uint32_t group)
{
    for (uint32_t i = from; i != NONE && s->nodes[i].group == UNSEEN; i = s->nodes[i].next)
        s->nodes[i].group = group;
}

/* The member that reports begin with, whoever was seen first. */
static uint32_t lowest_of_cycle(const struct dt_stalls *s, uint32_t member)
{
    uint32_t lowest = member;
    for (uint32_t i = s->nodes[member].next; i != member; i = s->nodes[i].next)
        if (s->nodes[i].g.goid < s->nodes[lowest].g.goid)
            lowest = i;
    return lowest;
}

static void follow(struct dt_stalls *s, uint32_t from, bool at_end)
{
    uint32_t i = from, last = from;
    for (; i != NONE && s->nodes[i].group == UNSEEN && s->nodes[i].visit != from + 1;
         i = s->nodes[i].next) {
        s->nodes[i].visit = from + 1;
        last = i;
    }
    if (i != NONE && s->nodes[i].group != UNSEEN) {
        mark_from(s, from, s->nodes[i].group);
    } else if (i != NONE || (!waits_for_lock(&s->nodes[last]) && !s->nodes[last].no_cycle &&
                                at_end && !s->busy)) {
        s->first[s->groups] = i != NONE ? lowest_of_cycle(s, i) : last;
        mark_from(s, from, FIRST_GROUP + s->groups++);
    } else {
        mark_from(s, from, NOT_STUCK);
    }
}

static void find_groups(struct dt_stalls *s, bool at_end)
{
    s->first = dt_alloc(s->n * sizeof *s->first);
    for (uint32_t i = 0; i < s->n; i++)
        if (s->nodes[i].group == UNSEEN && waits_for_lock(&s->nodes[i]))
            follow(s, i, at_end);
    uintptr_t pcs[DT_MAX_FRAMES];
    for (size_t i = 0; i < s->n; i++) {
        struct node *n = &s->nodes[i];
        if (n->group < FIRST_GROUP)
            continue;
        size_t depth = dt_goroutine_stack(&n->g, pcs, DT_MAX_FRAMES);
        n->stack = depth ? dt_stack_intern(pcs, depth) : 0;
        if (n->g.n_cases || n->g.object_kind == GORC__OBJ_CHAN) {
            n->cases = dt_alloc(sizeof *n->cases);
            dt_cases_look(n->cases, &n->g);
        }
    }
}

static void free_stalls(struct dt_stalls *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->nodes[i].cases)
            dt_free(s->nodes[i].cases, sizeof *s->nodes[i].cases);
    dt_free(s->nodes, s->cap * sizeof *s->nodes);
    dt_free(s->by_goid, s->slots * sizeof *s->by_goid);
    dt_free(s->by_lock, s->slots * sizeof *s->by_lock);
    dt_free(s->first, s->n * sizeof *s->first);
    dt_free(s, sizeof *s);
}

struct dt_stalls *dt_stalls_find(uint64_t below, bool at_end, const struct dt_reach *reach)
{
    struct dt_stalls *s = dt_alloc(sizeof *s);
    s->below = below;
    s->meanwhile = reach && reach->watch.on;
    s->by_holders = reach && reach->by_holders;
    gorc__inspect_goroutines(add_node, s);
    if (s->lock_waits) {
        index_nodes(s);
        add_edges(s, reach);
        find_groups(s, at_end);
    }
    if (s->groups)
        return s;
    free_stalls(s);
    return NULL;
}

bool dt_stalls_have(const struct dt_stalls *s, uint64_t goid)
{
    uint32_t i = s ? find_goid(s, goid) : NONE;
    return i != NONE && s->nodes[i].group >= FIRST_GROUP;
}

/* --- the report --- */

struct stall_report {
    struct dt_finding f;
    char message[200], notes[DT_MAX_STACKS][160 + DT_CASES_TEXT];
    struct dt_made made;
};

/* Room is kept for the creations of two. */
static bool has_room(const struct stall_report *r)
{
    return r->f.nstacks + 4 <= DT_MAX_STACKS;
}

static void add_blocked(struct stall_report *r, const struct dt_stalls *s, const struct node *n)
{
    if (!has_room(r)) {
        r->f.left_out++;
        return;
    }
    char *note = r->notes[r->f.nstacks];
    struct dt_text t = {note, sizeof r->notes[0]};
    dt_describe_wait(&t, &n->g);
    if (n->cases) {
        dt_cases_describe(&t, &n->g, n->cases);
        dt_made_add(&r->made, n->cases);
    }
    dt_describe_holder(&t, &n->g);
    dt_finding_stack(&r->f, "blocked", n->task->info, n->stack, note);
    if (n->took)
        dt_finding_stack(&r->f, "holder", s->nodes[n->next].task->info, n->took,
            "took what the one above waits for");
}

static void describe_cycle(struct stall_report *r, size_t length)
{
    struct dt_text t = {r->message, sizeof r->message};
    if (length == 1) {
        dt_text_add(&t, "a goroutine waits for a lock that it holds itself");
        return;
    }
    dt_text_u64(&t, length);
    dt_text_add(&t, " goroutines wait for each other");
}

static void describe_holder(struct stall_report *r, const struct node *n)
{
    struct dt_text t = {r->message, sizeof r->message};
    dt_text_add(&t, n->g.goid == 1 ? "main" : "goroutine ");
    if (n->g.goid != 1)
        dt_text_u64(&t, n->g.goid);
    dt_text_add(&t, " ");
    dt_describe_wait(&t, &n->g);
    dt_text_add(&t, " and holds a lock that others wait for");
}

/* Of a group without a cycle: only its head is looked at. *ret_owned: the locks are their holders',
 * as far as is known. */
static bool is_mixed(const struct dt_stalls *s, uint32_t first, bool *ret_owned)
{
    bool mixed = false;
    uint32_t i = first;
    *ret_owned = true;
    do {
        const struct node *n = &s->nodes[i];
        mixed |= !waits_for_lock(n);
        *ret_owned &= !waits_for_lock(n) || !dt_lock_may_be_handed_over(n->g.object);
        i = n->next;
    } while (i != NONE && i != first);
    return mixed;
}

static void report_group(const struct dt_stalls *s, uint32_t group, struct stall_report *r)
{
    uint32_t first = s->first[group], cycle = s->nodes[first].next != NONE, length = 0;
    const struct node *head = &s->nodes[first];
    bool owned, mixed = is_mixed(s, first, &owned);
    /* Cycles of locks alone the monitor thread has told, or will when it has seen them twice. */
    if (dt_watch_told(head->task) || (s->meanwhile && !mixed))
        return;
    r->made.n = r->made.left_out = 0;
    r->f = (struct dt_finding){
        .kind = "deadlock",
        .words = "deadlock",
        .certainty = cycle && owned && !s->by_holders ? DT_CERTAIN : DT_LIKELY,
        .message = r->message,
        .object = {.kind = dt_object_kind(head->g.object_kind),
            .name = head->g.object_name,
            .addr = (uintptr_t)head->g.object},
        .counts = cycle || dt_certainty_counts(DT_LIKELY),
    };
    uint32_t i = first;
    do {
        add_blocked(r, s, &s->nodes[i]);
        s->nodes[i].visit = NONE;
        i = s->nodes[i].next;
        length++;
    } while (i != NONE && i != first);
    r->f.rule = !cycle        ? "blocked-holder"
                : length == 1 ? "self-deadlock"
                : mixed       ? "mixed-cycle"
                              : "lock-cycle";
    if (cycle)
        describe_cycle(r, length);
    else
        describe_holder(r, head);
    for (size_t k = 0; k < s->n; k++)
        if (s->nodes[k].group == FIRST_GROUP + group && s->nodes[k].visit != NONE)
            add_blocked(r, s, &s->nodes[k]);
    dt_made_stacks(&r->made, &r->f, 2);
    for (size_t k = 0; k < s->n && r->f.nstacks < DT_MAX_STACKS; k++)
        if (s->nodes[k].group == FIRST_GROUP + group)
            dt_finding_creation(&r->f, s->nodes[k].task->info);
    for (size_t k = 0; k < s->n && s->meanwhile; k++)
        if (s->nodes[k].group == FIRST_GROUP + group)
            dt_watch_tell(s->nodes[k].task);
    dt_finding_add(&r->f);
}

void dt_stalls_report(struct dt_stalls *s)
{
    if (!s)
        return;
    struct stall_report *r = dt_alloc(sizeof *r);
    for (uint32_t i = 0; i < s->groups; i++)
        report_group(s, i, r);
    dt_free(r, sizeof *r);
    free_stalls(s);
}
