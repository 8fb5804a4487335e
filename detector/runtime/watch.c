/* SPDX-License-Identifier: MIT
 *
 * See watch.h. A look is cheap as long as nobody waits long for a lock. Else the core's gate is
 * closed for a moment: then no task ends, and lists of held locks stay as they are.
 *
 * A task that waits has a node, if somebody could wait for it: goroutines that hold nothing have
 * none, however many of them queue. Who can end the wait is looked for among the nodes only:
 * whoever has none runs, or waits for something else, and the chain ends there.
 */
#include <string.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "base/keyset.h"
#include "base/lock.h"
#include "core/core.h"
#include "core/lockgraph.h"
#include "core/stack.h"
#include "core/task.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "runtime/describe.h"
#include "runtime/fatal.h"
#include "runtime/locks.h"
#include "runtime/meanwhile.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"
#include "runtime/watch.h"

#define MS INT64_C(1000000)
enum {
    NONE = -1,
    FIRST_NODES = 256,
    EACH_MS = 500,
    AGAIN_MS = 300,
    LONG_MS = 200,
    STACK_SIZE = 256 << 10
};

struct node {
    const struct dt_task *task;     /* with the gate closed only: it may end afterwards */
    struct dt_task_info *info;      /* of who is in a cycle that is reported: kept */
    const void *lock;               /* NULL: it joins */
    const struct dt_thread *joined; /* the thread that it joins */
    struct gorc__inspect_g g;       /* in_call: of the call's goroutine nothing is kept */
    struct dt_wait wait;
    const struct dt_thread *thread; /* in_call: who waits */
    bool in_call;                   /* of pthread's */
    uint64_t number;                /* of the wait: another one of the same task has another */
    int next;
    dt_stackid took; /* where `next` took the lock */
};

struct watch {
    struct node *nodes;
    int n, room; /* more nodes than there is room for are counted only */
    int64_t now;
};

static dt_lock told_lock;     /* a leaf */
static struct dt_keyset told; /* uids */

bool dt_watch_told(const struct dt_task *t)
{
    dt_lock_take(&told_lock);
    bool is = dt_keyset_has(&told, t->info->uid);
    dt_lock_drop(&told_lock);
    return is;
}

static void tell(const struct dt_task_info *info)
{
    dt_lock_take(&told_lock);
    dt_keyset_add(&told, info->uid);
    dt_lock_drop(&told_lock);
}

void dt_watch_tell(const struct dt_task *t)
{
    tell(t->info);
}

void dt_watch_forked(void)
{
    told_lock = 0;
    told = (struct dt_keyset){0};
}

/* --- who waits --- */

static bool waits_for_lock(const struct gorc__inspect_g *g)
{
    return g->state == GORC__G_BLOCKED && !g->timed && !g->is_system &&
           gorc__inspect_is_lock(g->object_kind);
}

static bool is_long(const struct gorc__inspect_g *g, void *arg)
{
    struct watch *w = arg;
    w->n += waits_for_lock(g) && w->now - g->since > LONG_MS * MS;
    return w->n == 0;
}

static bool in_lock_call(struct dt_thread *th, struct dt_wait *ret_wait)
{
    return th->state == DT_THREAD_RUNNING && dt_wait_read(th, ret_wait) && !ret_wait->timed &&
           ret_wait->task &&
           (ret_wait->reason == dt_wait_join || dt_wait_is_lock(ret_wait->reason));
}

/* A goroutine waits in a call of pthread's. */
static bool is_worker_in_call(struct dt_thread *th, void *arg)
{
    struct watch *w = arg;
    struct dt_wait wait;
    w->n += th->hidden && in_lock_call(th, &wait);
    return w->n == 0;
}

static bool somebody_waits(int64_t now)
{
    struct watch w = {.now = now};
    gorc__inspect_goroutines(is_long, &w);
    if (w.n == 0)
        dt_threads_each(is_worker_in_call, &w);
    return w.n != 0;
}

/* --- with the gate closed --- */

static void add(struct watch *w, const struct node *node)
{
    if (w->n < w->room)
        w->nodes[w->n] = *node;
    w->n++;
}

static bool can_be_waited_for(const struct dt_task *t)
{
    return t->nheld || t->onces || t->info->kind == DT_TASK_THREAD;
}

static bool add_goroutine(const struct gorc__inspect_g *g, void *arg)
{
    const struct dt_task *task = g->task ? g->task->detect : NULL;
    struct watch *w = arg;
    bool for_lock = waits_for_lock(g);
    if (for_lock && w->now - g->since > LONG_MS * MS)
        dt_meanwhile_waits(g);
    else if (task && !for_lock && can_be_waited_for(task))
        dt_meanwhile_may_hold(g, task);
    if (task && for_lock && can_be_waited_for(task))
        add(w, &(struct node){
                   .task = task, .lock = g->object, .g = *g, .number = g->parks, .next = NONE});
    return true;
}

static bool add_thread(struct dt_thread *th, void *arg)
{
    struct dt_wait wait;
    if (!in_lock_call(th, &wait))
        return true;
    bool joins = wait.reason == dt_wait_join;
    add(arg, &(struct node){
                 .task = wait.task,
                 .lock = joins ? NULL : wait.object,
                 .joined = joins ? wait.object : NULL,
                 .wait = wait,
                 .thread = th,
                 .in_call = true,
                 .number = wait.seq,
                 .next = NONE,
             });
    return true;
}

/* The only one who has it, for writing or as its only reader; NONE: nobody of ours, or several. */
static int holder_of(const struct watch *w, const void *lock, dt_stackid *ret_took)
{
    int holder = NONE;
    for (int i = 0; i < w->n; i++) {
        const struct dt_task *t = w->nodes[i].task;
        for (uint32_t k = 0; k < t->nheld; k++) {
            if (t->held[k].lock != lock || holder == i ||
                dt_lock_was_handed_over(lock, t->held[k].handovers))
                continue;
            if (holder != NONE)
                return NONE;
            holder = i;
            *ret_took = t->held[k].where;
        }
    }
    return holder;
}

static int node_of(const struct watch *w, const struct dt_task *task)
{
    for (int i = 0; i < w->n; i++)
        if (w->nodes[i].task == task)
            return i;
    return NONE;
}

static int node_of_goid(const struct watch *w, uint64_t goid)
{
    for (int i = 0; i < w->n; i++)
        if (w->nodes[i].task->info->kind != DT_TASK_THREAD && w->nodes[i].task->info->id == goid)
            return i;
    return NONE;
}

static int next_of(const struct watch *w, struct node *n)
{
    if (n->joined)
        return node_of(w, n->joined->task);
    int holder = holder_of(w, n->lock, &n->took);
    if (n->in_call) { /* a lock that several readers have is held by others than ours, too */
        dt_stackid unused;
        uint32_t uid = dt_lock_holder(n->lock, &unused);
        return holder != NONE && uid == w->nodes[holder].task->info->uid ? holder : NONE;
    }
    if (n->g.object_kind == GORC__OBJ_ONCE)
        return n->g.holder ? node_of_goid(w, n->g.holder) : NONE;
    return holder;
}

/* A lock that others than its holder give up, as one does with a semaphore, is no reason to think
 * that its holder has to go on: such a cycle is told at the end, if it is still there. */
static bool is_owned(const struct node *n)
{
    return n->joined || !dt_lock_may_be_handed_over(n->lock);
}

/* A node of a cycle; NONE: there is none that was not told yet. */
static int find_cycle(struct watch *w)
{
    for (int i = 0; i < w->n; i++)
        w->nodes[i].next = next_of(w, &w->nodes[i]);
    for (int i = 0; i < w->n; i++) {
        int at = w->nodes[i].next;
        bool ours = !w->nodes[i].in_call, owned = is_owned(&w->nodes[i]);
        for (int steps = 0; at != NONE && at != i && steps < w->n; steps++) {
            ours |= !w->nodes[at].in_call || w->nodes[at].thread->hidden;
            owned &= is_owned(&w->nodes[at]);
            at = w->nodes[at].next;
        }
        ours |= w->nodes[i].in_call && w->nodes[i].thread->hidden;
        if (at == i && ours && owned && !dt_watch_told(w->nodes[i].task))
            return i;
    }
    return NONE;
}

static uint64_t sum_of(const struct watch *w, int first)
{
    uint64_t sum = 0;
    int i = first;
    do {
        const struct node *n = &w->nodes[i];
        sum += (n->task->info->uid * 0x9e3779b97f4a7c15u) ^ (n->number << 20);
        i = n->next;
    } while (i != first);
    return sum;
}

static void keep_cycle(struct watch *w, int first)
{
    int i = first;
    do {
        struct node *n = &w->nodes[i];
        n->info = n->task->info;
        dt_task_info_keep(n->info);
        i = n->next;
    } while (i != first);
}

/* --- the report --- */

struct watch_report {
    struct dt_finding f;
    char message[96], notes[DT_MAX_STACKS][160];
};

static void add_stacks(struct watch_report *r, const struct watch *w, const struct node *n)
{
    if (r->f.nstacks + 4 > DT_MAX_STACKS) {
        r->f.left_out++;
        return;
    }
    uintptr_t pcs[DT_MAX_FRAMES];
    char *note = r->notes[r->f.nstacks];
    struct dt_text t = {note, sizeof r->notes[0]};
    size_t depth;
    if (n->in_call) {
        dt_describe_call(&t, &n->wait);
        depth = dt_thread_stack(n->thread, pcs, DT_MAX_FRAMES);
    } else {
        dt_describe_wait(&t, &n->g);
        dt_describe_holder(&t, &n->g);
        depth = dt_goroutine_stack(&n->g, pcs, DT_MAX_FRAMES);
    }
    dt_finding_stack(&r->f, "blocked", n->info, depth ? dt_stack_intern(pcs, depth) : 0, note);
    if (n->took)
        dt_finding_stack(
            &r->f, "holder", w->nodes[n->next].info, n->took, "took what the one above waits for");
}

/* The member that reports begin with. */
static int lowest_of(const struct watch *w, int first)
{
    int lowest = first;
    for (int i = w->nodes[first].next; i != first; i = w->nodes[i].next)
        if (w->nodes[i].info->uid < w->nodes[lowest].info->uid)
            lowest = i;
    return lowest;
}

static void report(const struct watch *w, int some)
{
    struct watch_report *r = dt_alloc(sizeof *r);
    int first = lowest_of(w, some), i = first;
    unsigned length = 0, joins = 0, threads = 0;
    do {
        const struct node *n = &w->nodes[i];
        length++;
        joins += n->joined != NULL;
        threads += n->info->kind == DT_TASK_THREAD;
        tell(n->info);
        i = n->next;
    } while (i != first);
    struct dt_text m = {r->message, sizeof r->message};
    if (length == 1) {
        dt_text_add(&m, "a goroutine waits for a lock that it holds itself");
    } else {
        dt_text_u64(&m, length);
        dt_text_add(&m, threads ? " goroutines and threads wait for each other"
                                : " goroutines wait for each other");
    }
    r->f = (struct dt_finding){
        .kind = "deadlock",
        .rule = length == 1 ? "self-deadlock" : (joins ? "mixed-cycle" : "lock-cycle"),
        .words = "deadlock",
        /* One that it locked itself another goroutine may still mean to unlock. */
        .certainty = length == 1 ? DT_LIKELY : DT_CERTAIN,
        .message = r->message,
        .counts = true,
    };
    const struct node *head = &w->nodes[first];
    if (!head->in_call)
        r->f.object = (struct dt_finding_object){.kind = dt_object_kind(head->g.object_kind),
            .name = head->g.object_name,
            .addr = (uintptr_t)head->g.object};
    i = first;
    do
        add_stacks(r, w, &w->nodes[i]);
    while ((i = w->nodes[i].next) != first);
    do
        dt_finding_creation(&r->f, w->nodes[i].info);
    while ((i = w->nodes[i].next) != first);
    dt_finding_add(&r->f);
    dt_free(r, sizeof *r);
}

/* --- the look --- */

/* True: something was seen for the first time, or there was too little room; look again soon. */
static bool look(int64_t now, uintptr_t floor)
{
    static uint64_t seen; /* the cycle of the look before */
    static int room = FIRST_NODES;
    struct watch w = {.nodes = dt_alloc((size_t)room * sizeof *w.nodes), .room = room, .now = now};
    int cycle = NONE;
    uint64_t sum = 0;
    bool mixed = false, soon = false, stands = false;
    dt_meanwhile_begin();
    if (dt_gate_close(&dt_task_unknown)) {
        gorc__inspect_goroutines(add_goroutine, &w);
        dt_threads_each(add_thread, &w);
        cycle = w.n <= room ? find_cycle(&w) : NONE;
        sum = cycle == NONE ? 0 : sum_of(&w, cycle);
        stands = sum && sum == seen;
        if (stands)
            keep_cycle(&w, cycle);
        mixed = dt_meanwhile_stands(now, &soon);
        dt_gate_open();
    }
    seen = sum;
    if (stands)
        report(&w, cycle);
    dt_free(w.nodes, (size_t)room * sizeof *w.nodes);
    bool full = w.n > room;
    if (full)
        room = 2 * w.n;
    if (mixed)
        dt_meanwhile_search(now, floor);
    return full || soon || (sum && !stands);
}

/* Of the monitor thread only. */
static int64_t due, started;
static uintptr_t floor_now; /* of the thread's own stack */

static void look_now(int unused)
{
    (void)unused;
    bool soon = somebody_waits(started) && look(started, floor_now);
    due = started + (soon ? AGAIN_MS : EACH_MS) * MS;
}

/* On a stack of the detector's: the monitor's own is looked at for references to what goroutines
 * wait for, and what is left on it would be some. */
int64_t gorc__hook_watch(int64_t now)
{
    static char *stack;
    if (!dt_on || !dt_flags.detect_deadlocks)
        return INT64_MAX;
    if (now >= due) {
        if (!stack)
            stack = dt_map(STACK_SIZE);
        started = now;
        floor_now = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)0xff;
        floor_now -= 0x100;
        dt_call_on_stack(stack + STACK_SIZE, look_now, 0);
    }
    return due;
}
