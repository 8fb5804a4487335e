/* SPDX-License-Identifier: MIT
 *
 * Lock-order prediction against a model that keeps every event and looks at every combination.
 *
 * A random trace is made by tasks that take and give up mutexes, plain rwlocks and rwlocks that
 * prefer writers, as far as those are free, and that pass on their past through other objects. The
 * model has its own vector clocks. What must be the same is the set of cycles, each named by the
 * nestings (what was held, what was taken) that it is made of.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/dalloc.h"
#include "core/core.h"
#include "core/lockgraph.h"
#include "core/sync.h"

enum { TASKS = 4, LOCKS = 4, KEYS = 2, STEPS = 90, MAX_EVENTS = 256, MAX_CYCLES = 4096 };

static char locks[LOCKS], keys[KEYS];

static enum dt_lock_kind kind_of(int lock)
{
    static const enum dt_lock_kind kinds[LOCKS] = {
        DT_LOCK_MUTEX, DT_LOCK_MUTEX, DT_LOCK_RWLOCK, DT_LOCK_GORC_RWMUTEX};
    return kinds[lock];
}

/* --- the model --- */

struct event {
    int task, wants, n, held[LOCKS * 2];
    bool wants_shared, shared[LOCKS * 2];
    int clock[TASKS], time; /* what it knew of the others; its own time */
};

static struct event events[MAX_EVENTS];
static int n_events, clocks[TASKS][TASKS], key_clocks[KEYS][TASKS], now_of[TASKS];
static int writer_of[LOCKS], readers_of[LOCKS]; /* writer: task + 1 */

struct name {
    uint64_t parts[TASKS + 1];
    int n;
};
static struct name model_names[MAX_CYCLES], found_names[MAX_CYCLES];
static int n_model, n_found;

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void add_name(struct name *list, int *n, struct name name)
{
    qsort(name.parts, (size_t)name.n, sizeof name.parts[0], compare);
    for (int i = 0; i < *n; i++)
        if (memcmp(&list[i], &name, sizeof name) == 0)
            return;
    cr_assert_lt(*n, MAX_CYCLES);
    list[(*n)++] = name;
}

/* What is held, with modes, and what is taken: the nesting. Three bits for each lock. */
static uint64_t nesting_of(const struct event *e)
{
    uint64_t code = (uint64_t)e->wants * 2 + e->wants_shared;
    uint64_t set = 0;
    for (int i = 0; i < e->n; i++)
        set |= (e->shared[i] ? (uint64_t)2 : (uint64_t)4) << (3 * e->held[i]);
    for (int l = 0; l < LOCKS; l++) /* an exclusive hold counts for more */
        if (set >> (3 * l) & 4)
            set &= ~((uint64_t)2 << (3 * l));
    return code | set << 8;
}

static bool ordered(const struct event *a, const struct event *b)
{
    return b->clock[a->task] >= a->time;
}

static int holds(const struct event *e, int lock)
{
    int mode = 0; /* 1: shared, 2: exclusive */
    for (int i = 0; i < e->n; i++)
        if (e->held[i] == lock)
            mode |= e->shared[i] ? 1 : 2;
    return mode & 2 ? 2 : mode;
}

static bool meet(const struct event *a, const struct event *b)
{
    if (a->task == b->task || ordered(a, b) || ordered(b, a))
        return false;
    for (int l = 0; l < LOCKS; l++)
        if (holds(a, l) && holds(b, l) && (holds(a, l) == 2 || holds(b, l) == 2))
            return false;
    return true;
}

static bool is_nested(const struct event *e)
{
    return e->n > 0;
}

static bool has_writer(const struct event **cycle, int n, int lock)
{
    for (int i = 0; i < n_events; i++) {
        const struct event *w = &events[i];
        bool all = w->wants == lock && !w->wants_shared && !holds(w, lock);
        for (int k = 0; k < n && all; k++)
            all = meet(w, cycle[k]);
        if (all)
            return true;
    }
    return false;
}

/* Does a wait for what b holds? */
static bool waits(const struct event *a, const struct event *b, const struct event **cycle, int n)
{
    int mode = holds(b, a->wants);
    if (!mode)
        return false;
    if (mode == 2 || !a->wants_shared)
        return true;
    return dt_lock_prefers_writers(kind_of(a->wants)) && has_writer(cycle, n, a->wants);
}

static void check_cycle(const struct event **cycle, int n)
{
    struct name name = {.n = n};
    for (int i = 0; i < n; i++) {
        if (!waits(cycle[i], cycle[(i + 1) % n], cycle, n))
            return;
        name.parts[i] = nesting_of(cycle[i]);
    }
    add_name(model_names, &n_model, name);
}

static void search(const struct event **cycle, int n)
{
    if (n > 1)
        check_cycle(cycle, n);
    if (n == TASKS)
        return;
    for (int i = 0; i < n_events; i++) {
        const struct event *e = &events[i];
        bool ok = is_nested(e) && !holds(e, e->wants) && holds(e, cycle[n - 1]->wants);
        for (int k = 0; k < n && ok; k++)
            ok = meet(cycle[k], e) && cycle[k]->wants != e->wants;
        if (!ok)
            continue;
        cycle[n] = e;
        search(cycle, n + 1);
    }
}

static void search_all(void)
{
    const struct event *cycle[TASKS];
    for (int i = 0; i < n_events; i++) {
        if (!is_nested(&events[i]))
            continue;
        cycle[0] = &events[i];
        if (holds(&events[i], events[i].wants))
            check_cycle(cycle, 1);
        else
            search(cycle, 1);
    }
}

/* --- what the detector finds --- */

/* A report names locks and tasks; the nestings are found again by where: the place says it all. */
static uint64_t places[MAX_EVENTS * 4];
static int n_places;

static void on_cycle(const struct dt_lock_cycle *c)
{
    struct name name = {.n = (int)c->n};
    for (size_t i = 0; i < c->n; i++) {
        uintptr_t pc = 0;
        cr_assert_eq(dt_stack_pcs(c->part[i].wanted_at, &pc, 1), 1);
        name.parts[i] = places[pc - 0x1000];
    }
    add_name(found_names, &n_found, name);
}

/* --- the trace --- */

static struct dt_task *tasks[TASKS];
static struct {
    int lock;
    bool shared;
} held[TASKS][STEPS];
static int n_held[TASKS];

static int place_for(uint64_t nesting)
{
    for (int i = 0; i < n_places; i++)
        if (places[i] == nesting)
            return i;
    places[n_places] = nesting;
    return n_places++;
}

static void take(int task, int lock, bool shared)
{
    int mine = 0;
    for (int i = 0; i < n_held[task]; i++)
        mine += held[task][i].lock == lock;
    if (writer_of[lock] || (!shared && readers_of[lock]) || n_held[task] > 3 || mine > 1)
        return;
    struct event *e = &events[n_events];
    *e = (struct event){.task = task, .wants = lock, .wants_shared = shared, .n = n_held[task]};
    for (int i = 0; i < e->n; i++) {
        e->held[i] = held[task][i].lock;
        e->shared[i] = held[task][i].shared;
    }
    bool counts = e->n > 0 || (!shared && dt_lock_prefers_writers(kind_of(lock)));
    if (counts) {
        memcpy(e->clock, clocks[task], sizeof e->clock);
        e->time = ++now_of[task];
        e->clock[task] = 0;
        clocks[task][task] = e->time;
        n_events++;
    }
    held[task][n_held[task]].lock = lock;
    held[task][n_held[task]++].shared = shared;
    if (shared)
        readers_of[lock]++;
    else
        writer_of[lock] = task + 1;

    struct dt_task *t = dt_self = tasks[task];
    uintptr_t pc = 0x1000 + (uintptr_t)place_for(nesting_of(e));
    struct dt_held_lock *h =
        dt_task_lock_held(t, &locks[lock], kind_of(lock), shared ? DT_HOW_SHARED : 0, pc);
    if (dt_lockgraph_wants(t, h))
        dt_lockgraph_deliver(dt_lockgraph_acquired(t));
}

static void give_up(int task)
{
    if (!n_held[task])
        return;
    int i = rand() % n_held[task], lock = held[task][i].lock;
    /* The detector takes the last entry of a lock out. */
    for (int k = i + 1; k < n_held[task]; k++)
        if (held[task][k].lock == lock)
            i = k;
    if (held[task][i].shared)
        readers_of[lock]--;
    else
        writer_of[lock] = 0;
    memmove(
        &held[task][i], &held[task][i + 1], (size_t)(n_held[task] - i - 1) * sizeof held[task][0]);
    n_held[task]--;
    dt_self = tasks[task];
    cr_assert(dt_task_lock_released(tasks[task], &locks[lock]));
}

static void join_clock(int *to, const int *from)
{
    for (int i = 0; i < TASKS; i++)
        if (from[i] > to[i])
            to[i] = from[i];
}

static void pass(int task, int key)
{
    dt_self = tasks[task];
    if (rand() % 2) {
        join_clock(key_clocks[key], clocks[task]);
        dt_release(tasks[task], &keys[key]);
    } else {
        int own = clocks[task][task];
        join_clock(clocks[task], key_clocks[key]);
        clocks[task][task] = own;
        dt_acquire(tasks[task], &keys[key]);
    }
}

static void step(int passes)
{
    int task = rand() % TASKS, what = rand() % 100;
    if (what < passes)
        pass(task, rand() % KEYS);
    else if (what < passes + (100 - passes) * 6 / 10) {
        int lock = rand() % LOCKS;
        take(task, lock, kind_of(lock) != DT_LOCK_MUTEX && rand() % 2);
    } else
        give_up(task);
}

static void start(void)
{
    dt_on_lock_cycle = on_cycle;
    struct dt_task *main_task = dt_self = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    for (int i = 0; i < TASKS; i++)
        tasks[i] = dt_task_new(main_task, DT_TASK_THREAD, (uint64_t)i + 1, 0);
    n_events = n_model = n_found = n_places = 0;
    memset(clocks, 0, sizeof clocks);
    memset(key_clocks, 0, sizeof key_clocks);
    memset(now_of, 0, sizeof now_of);
    memset(writer_of, 0, sizeof writer_of);
    memset(readers_of, 0, sizeof readers_of);
    memset(n_held, 0, sizeof n_held);
}

static void end(void)
{
    for (int i = 0; i < TASKS; i++) {
        dt_self = tasks[i];
        while (n_held[i])
            give_up(i);
    }
    dt_self = &dt_task_unknown;
    dt_sync_forget(locks, sizeof locks);
    dt_sync_forget(keys, sizeof keys);
    for (int i = 0; i < TASKS; i++)
        dt_task_free(tasks[i]);
}

static bool has(const struct name *list, int n, const struct name *x)
{
    for (int i = 0; i < n; i++)
        if (memcmp(&list[i], x, sizeof *x) == 0)
            return true;
    return false;
}

static void random_traces(int rounds, int passes, unsigned seed)
{
    int cycles = 0, compared = 0;
    dt_core_init();
    for (int r = 0; r < rounds; r++) {
        srand(seed + (unsigned)r);
        struct dt_lockgraph_stats before = dt_lockgraph_stats;
        start();
        for (int i = 0; i < STEPS; i++)
            step(passes);
        search_all();
        end();
        if (memcmp(&before, &dt_lockgraph_stats, sizeof before) != 0)
            continue; /* something was dropped, and counted */
        compared++;
        for (int i = 0; i < n_model; i++)
            cr_assert(has(found_names, n_found, &model_names[i]),
                "seed %u: a cycle of %d was missed", seed + (unsigned)r, model_names[i].n);
        for (int i = 0; i < n_found; i++)
            cr_assert(has(model_names, n_model, &found_names[i]), "seed %u: a cycle of %d is none",
                seed + (unsigned)r, found_names[i].n);
        cycles += n_model;
    }
    cr_assert_gt(compared, rounds * 9 / 10);
    cr_assert_gt(cycles, rounds / 20);
}

Test(lockgraph, finds_what_the_model_finds)
{
    random_traces(1500, 10, 1);
}

Test(lockgraph, finds_what_the_model_finds_with_much_order)
{
    random_traces(1500, 25, 100000);
}
