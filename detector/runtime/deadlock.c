/* SPDX-License-Identifier: MIT
 *
 * Deadlocks that have happened.
 *
 * All asleep: the library says so (it alone knows), and every goroutine is shown.
 *
 * Threads: a thread that waits for a lock or a join has published its wait. If the wait lasts a
 * little, it walks thread -> what it waits for -> who holds that, until it comes back to itself:
 * the last thread to enter a cycle finds it so. Only edges are followed of which the wait cannot
 * end but through the next thread: untimed waits for an exclusive lock's holder, for the only
 * reader of a rwlock, for the thread to be joined. The walk is done twice with the same result:
 * each edge then stood during the whole time between the two, and no thread of the cycle can have
 * run. A lock may be handed over by unlocking it from another thread (an error, but one that
 * works), so the interposers wait once more with a time limit before they report.
 */
#define _GNU_SOURCE
#include <string.h>

#include "core/abandoned.h"
#include "core/sync.h"
#include "core/task.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "runtime/cases.h"
#include "runtime/deadlock.h"
#include "runtime/describe.h"
#include "runtime/lock_order.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

/* --- threads --- */

enum { MAX_CYCLE = 64 };

struct edge {
    struct dt_thread *thread;
    struct dt_wait wait;
    dt_stackid locked; /* where the next one took what this one waits for */
};

/* The thread that alone can end th's wait. */
static struct dt_thread *next_of(struct edge *e)
{
    e->locked = 0;
    if (e->wait.timed)
        return NULL;
    if (e->wait.reason == dt_wait_join)
        return (struct dt_thread *)(uintptr_t)e->wait.object;
    if (!dt_wait_is_lock(e->wait.reason))
        return NULL;
    uint32_t uid = dt_lock_holder(e->wait.object, &e->locked);
    return uid ? dt_thread_by_uid(uid) : NULL;
}

/* Fills the cycle through `me`; returns its length, 0: none. */
static size_t walk(struct dt_thread *me, struct edge *cycle)
{
    struct dt_thread *th = me;
    for (size_t n = 0; n < MAX_CYCLE; n++) {
        if (!th || th->state != DT_THREAD_RUNNING || !dt_wait_read(th, &cycle[n].wait))
            return 0;
        cycle[n].thread = th;
        th = next_of(&cycle[n]);
        if (th == me)
            return n + 1;
    }
    return 0;
}

static size_t find_cycle(struct edge *cycle)
{
    struct edge again[MAX_CYCLE];
    struct dt_thread *me = dt_thread_self;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* my wait is seen by whoever walks after me */
    size_t n = walk(me, cycle);
    if (!n || walk(me, again) != n)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (again[i].thread != cycle[i].thread || again[i].wait.seq != cycle[i].wait.seq)
            return 0;
    return n;
}

static bool waits_in_vain(void)
{
    const struct dt_wait *w = (const struct dt_wait *)dt_thread_self;
    return w && dt_wait_is_lock(w->reason) && dt_is_abandoned(w->object);
}

bool dt_deadlock_cycle(void)
{
    if (waits_in_vain())
        return true;
    struct edge cycle[MAX_CYCLE];
    return find_cycle(cycle) != 0;
}

static void add_waiter(struct dt_finding *f, const struct edge *e, char *note, size_t size)
{
    struct dt_text t = {note, size};
    dt_text_add(&t, "waits for ");
    dt_text_add(&t, e->wait.reason);
    if (e->wait.reason != dt_wait_join) {
        dt_text_add(&t, " ");
        dt_text_hex(&t, (uintptr_t)e->wait.object);
    }
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n = dt_thread_stack(e->thread, pcs, DT_MAX_FRAMES);
    dt_finding_stack(f, "blocked", e->thread->task->info, n ? dt_stack_intern(pcs, n) : 0, note);
}

void dt_deadlock_report(struct dt_task *me)
{
    if (waits_in_vain()) {
        dt_abandoned_report(dt_thread_self->wait.object);
        return;
    }
    struct edge cycle[MAX_CYCLE];
    size_t n = find_cycle(cycle);
    if (!n)
        return;
    bool known = false;
    for (size_t i = 0; i < n; i++)
        known |= __atomic_exchange_n(&cycle[i].thread->reported_stuck, true, __ATOMIC_ACQ_REL);
    if (known)
        return;
    dt_begin(me);
    char message[96], notes[DT_MAX_STACKS][64];
    struct dt_text m = {message, sizeof message};
    if (n == 1) {
        dt_text_add(&m, "a thread waits for a lock that it holds itself");
    } else {
        dt_text_u64(&m, n);
        dt_text_add(&m, " threads wait for each other");
    }
    struct dt_finding f = {
        .kind = "deadlock",
        .rule = n == 1 ? "self-deadlock" : "lock-cycle",
        .words = "deadlock",
        .certainty = DT_CERTAIN,
        .message = message,
        .counts = true,
    };
    if (cycle[0].wait.reason != dt_wait_join) {
        f.object.kind = cycle[0].wait.reason;
        f.object.addr = (uintptr_t)cycle[0].wait.object;
    }
    for (size_t i = 0; i < n && f.nstacks + 2 <= DT_MAX_STACKS; i++) {
        add_waiter(&f, &cycle[i], notes[i], sizeof notes[i]);
        if (cycle[i].locked)
            dt_finding_stack(&f, "holder", cycle[(i + 1) % n].thread->task->info, cycle[i].locked,
                "took what the one above waits for");
    }
    for (size_t i = 0; i < n; i++)
        dt_finding_creation(&f, cycle[i].thread->task->info);
    dt_finish(me);
    dt_finding_add(&f);
}

/* --- all goroutines asleep --- */

struct asleep {
    struct dt_finding f;
    uint64_t total, in_vain; /* the goroutine that waits for its own lock, 0 */
    const void *objects[DT_MAX_STACKS];
    size_t nobjects;
    char notes[DT_MAX_STACKS][128 + DT_CASES_TEXT];
    struct dt_made made;
};

/* Room is kept for two "created by" stacks. */
static bool has_room(const struct asleep *a)
{
    return a->f.nstacks + 2 < DT_MAX_STACKS;
}

struct reader_search {
    const void *lock;
    const struct dt_task_info *reader;
    dt_stackid where;
};

static bool is_reader(const struct gorc__inspect_g *g, void *arg)
{
    struct reader_search *s = arg;
    const struct dt_task *task = g->task ? g->task->detect : NULL;
    const struct dt_held_lock *h = task ? dt_task_holds(task, s->lock) : NULL;
    if (!h)
        return true;
    s->reader = task->info;
    s->where = h->where;
    return false;
}

/* Where what g waits for was taken: by its holder, or by one of its readers. */
static void add_holder(struct asleep *a, const struct gorc__inspect_g *g)
{
    struct reader_search s = {.lock = g->object};
    if (g->holder)
        s.where = dt_holder_place(g, &s.reader);
    else if (g->object_kind == GORC__OBJ_RWMUTEX)
        gorc__inspect_goroutines(is_reader, &s);
    if (s.where && has_room(a))
        dt_finding_stack(&a->f, "holder", s.reader, s.where, "took what the one above waits for");
    if (g->holder == g->goid)
        a->in_vain = g->goid;
}

static bool add_sleeper(const struct gorc__inspect_g *g, void *arg)
{
    struct asleep *a = arg;
    if (g->is_system || g->state == GORC__G_DEAD)
        return true;
    a->total++;
    if (!has_room(a))
        return true;
    char *note = a->notes[a->f.nstacks];
    struct dt_text t = {note, sizeof a->notes[0]};
    struct dt_cases cases;
    dt_cases_look(&cases, g);
    dt_describe_wait(&t, g);
    dt_cases_describe(&t, g, &cases);
    dt_describe_holder(&t, g);
    const struct dt_task *task = g->task ? g->task->detect : NULL;
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n = dt_goroutine_stack(g, pcs, DT_MAX_FRAMES);
    dt_finding_stack(
        &a->f, "blocked", task ? task->info : NULL, n ? dt_stack_intern(pcs, n) : 0, note);
    add_holder(a, g);
    return true;
}

static bool is_shown(const struct asleep *a, const void *chan)
{
    for (size_t i = 0; i < a->nobjects; i++)
        if (a->objects[i] == chan)
            return true;
    return false;
}

/* Where the object that g waits for was made, once for each. */
static bool add_object(const struct gorc__inspect_g *g, void *arg)
{
    struct asleep *a = arg;
    if (g->is_system || g->state == GORC__G_DEAD || !g->object_created)
        return true;
    if (!has_room(a))
        return false;
    if (is_shown(a, g->object))
        return true;
    a->objects[a->nobjects++] = g->object;
    char *note = a->notes[a->f.nstacks];
    struct dt_text t = {note, sizeof a->notes[0]};
    dt_describe_object(&t, g);
    dt_finding_stack(&a->f, "object created by", NULL, (dt_stackid)g->object_created, note);
    return true;
}

/* Where the channels of a select were made, but for those that are shown. */
static bool add_cases(const struct gorc__inspect_g *g, void *arg)
{
    struct asleep *a = arg;
    struct dt_cases c;
    if (g->is_system || g->state == GORC__G_DEAD || !g->n_cases)
        return true;
    dt_cases_look(&c, g);
    for (uint32_t i = 0; i < c.n; i++)
        if (is_shown(a, c.kept[i].chan))
            c.kept[i].created = 0;
    dt_made_add(&a->made, &c);
    return true;
}

static bool add_creation(const struct gorc__inspect_g *g, void *arg)
{
    struct asleep *a = arg;
    const struct dt_task *task = g->task ? g->task->detect : NULL;
    if (!g->is_system && g->state != GORC__G_DEAD && task)
        dt_finding_creation(&a->f, task->info);
    return a->f.nstacks < DT_MAX_STACKS;
}

void dt_deadlock_all_asleep(void)
{
    static struct asleep a; /* large; the caller ends the process, so once is enough */
    static bool done;
    if (!dt_on || __atomic_exchange_n(&done, true, __ATOMIC_ACQ_REL))
        return;
    struct dt_task *me = dt_self;
    if (me != &dt_task_unknown)
        dt_begin(me);
    char message[96];
    a.f = (struct dt_finding){
        .kind = "deadlock",
        .rule = "all-asleep",
        .words = "deadlock",
        .certainty = DT_CERTAIN,
        .message = message,
        .counts = true,
    };
    gorc__inspect_goroutines(add_sleeper, &a);
    struct dt_text m = {message, sizeof message};
    dt_text_add(&m, "all ");
    dt_text_u64(&m, a.total);
    dt_text_add(&m, a.total == 1 ? " goroutine is asleep" : " goroutines are asleep");
    if (a.in_vain) {
        dt_text_add(&m, a.in_vain == 1 ? ": main" : ": goroutine ");
        if (a.in_vain != 1)
            dt_text_u64(&m, a.in_vain);
        dt_text_add(&m, " waits for a lock that it holds itself");
    }
    gorc__inspect_goroutines(add_object, &a);
    gorc__inspect_goroutines(add_cases, &a);
    dt_made_stacks(&a.made, &a.f, 2);
    gorc__inspect_goroutines(add_creation, &a);
    dt_finding_add(&a.f);
    if (me != &dt_task_unknown)
        dt_finish(me);
}
