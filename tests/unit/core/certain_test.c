/* SPDX-License-Identifier: MIT
 *
 * Certain deadlocks of two against a model that tries every schedule.
 *
 * A short random trace of three tasks: mutexes and a rwlock, variables, and objects that pass on
 * what their releasers have done. The model runs the same tasks in every order in which each read
 * gives the value that it gave in the trace, and each acquire has the same releases before it. A
 * cycle is a deadlock that can happen if one of these schedules brings both tasks to their lock
 * calls. Whatever is called certain must be one; what the model has and is only likely is counted.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/depend.h"
#include "core/lockgraph.h"
#include "core/shadow.h"
#include "core/sync.h"

enum { TASKS = 3, LOCKS = 3, VARS = 2, KEYS = 2, STEPS = 26, STATES = 1 << 25, MAX_FOUND = 256 };
enum kind { LOCK, UNLOCK, READ, WRITE, ACQUIRE, RELEASE };

struct event {
    enum kind kind;
    int task, object;
    bool shared;
    int place;      /* of a lock call */
    int sees;       /* of a read: the write + 1 */
    uint32_t after; /* of an acquire: the releases before it */
};

static struct event events[STEPS];
static int n_events;
static int of_task[TASKS][STEPS], n_of[TASKS]; /* events of each task in their order */
static char locks[LOCKS], keys[KEYS];
static uint64_t vars[VARS];
static struct dt_task *tasks[TASKS];

/* --- the model --- */

static uint8_t visited[STATES / 8];
static uint32_t stack[STATES / 64];
static bool reached[TASKS][TASKS][STEPS + 1][STEPS + 1]; /* positions of two tasks at once */

/* A state: five bits for the position of each task, and for the last write of each variable. */
static uint32_t part(uint32_t state, int i)
{
    return state >> (5 * i) & 31;
}

static uint32_t with_part(uint32_t state, int i, uint32_t value)
{
    return (state & ~(31u << (5 * i))) | value << (5 * i);
}

static bool is_done(uint32_t state, int event)
{
    int t = events[event].task;
    for (uint32_t i = 0; i < part(state, t); i++)
        if (of_task[t][i] == event)
            return true;
    return false;
}

/* Of a lock: 0 free, 1 readers, 2 a writer. */
static int mode_of(uint32_t state, int lock)
{
    int mode = 0;
    for (int t = 0; t < TASKS; t++) {
        int mine = 0;
        for (uint32_t i = 0; i < part(state, t); i++) {
            const struct event *e = &events[of_task[t][i]];
            if (e->object == lock && e->kind == LOCK)
                mine = e->shared ? 1 : 2;
            if (e->object == lock && e->kind == UNLOCK)
                mine = 0;
        }
        mode = mine > mode ? mine : mode;
    }
    return mode;
}

static bool may_run(uint32_t state, const struct event *e)
{
    if (e->kind == READ)
        return (int)part(state, TASKS + e->object) == e->sees;
    if (e->kind == LOCK) {
        int mode = mode_of(state, e->object);
        return mode == 0 || (mode == 1 && e->shared);
    }
    for (int i = 0; e->kind == ACQUIRE && i < n_events; i++)
        if (events[i].kind == RELEASE && events[i].object == e->object &&
            is_done(state, i) != (e->after >> i & 1))
            return false;
    return true;
}

static void note(uint32_t state)
{
    for (int a = 0; a < TASKS; a++)
        for (int b = 0; b < TASKS; b++)
            reached[a][b][part(state, a)][part(state, b)] = true;
}

static void try_every_schedule(void)
{
    static uint32_t all[STATES / 64];
    uint32_t height = 0, n = 0;
    memset(reached, 0, sizeof reached);
    stack[height++] = 0;
    visited[0] |= 1;
    while (height) {
        uint32_t state = all[n++] = stack[--height];
        note(state);
        for (int t = 0; t < TASKS; t++) {
            uint32_t at = part(state, t);
            if (at == (uint32_t)n_of[t])
                continue;
            const struct event *e = &events[of_task[t][at]];
            if (!may_run(state, e))
                continue;
            uint32_t next = with_part(state, t, at + 1);
            if (e->kind == WRITE)
                next = with_part(next, TASKS + e->object, (uint32_t)(e - events) + 1);
            if (visited[next / 8] >> (next % 8) & 1)
                continue;
            visited[next / 8] |= (uint8_t)(1 << (next % 8));
            cr_assert_lt(height, STATES / 64);
            stack[height++] = next;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        visited[all[i] / 8] = 0;
}

/* Can the two tasks stand before lock calls at these places at once? */
static bool can_meet(int a, int place_a, int b, int place_b)
{
    for (int i = 0; i < n_of[a]; i++)
        for (int k = 0; k < n_of[b]; k++) {
            const struct event *x = &events[of_task[a][i]], *y = &events[of_task[b][k]];
            if (x->kind == LOCK && x->place == place_a && y->kind == LOCK && y->place == place_b &&
                reached[a][b][i][k])
                return true;
        }
    return false;
}

/* --- what the detector finds --- */

static struct found {
    int task[2], place[2];
    bool certain;
} found[MAX_FOUND];
static int n_found;

static void on_cycle(const struct dt_lock_cycle *c)
{
    if (c->n != 2 || n_found == MAX_FOUND)
        return;
    struct found *f = &found[n_found++];
    f->certain = c->certain;
    for (int i = 0; i < 2; i++) {
        uintptr_t pc = 0;
        cr_assert_eq(dt_stack_pcs(c->part[i].wanted_at, &pc, 1), 1);
        f->place[i] = (int)(pc - 0x1000);
        f->task[i] = (int)c->part[i].task->id - 2;
    }
}

static void on_race(const struct dt_race *r)
{
    (void)r;
}

/* --- the trace --- */

static struct event *add(int task, enum kind kind, int object)
{
    dt_self = tasks[task];
    of_task[task][n_of[task]++] = n_events;
    events[n_events] = (struct event){.kind = kind, .task = task, .object = object};
    return &events[n_events++];
}

static void lock(int task, int object, bool shared, int place)
{
    struct event *e = add(task, LOCK, object);
    e->shared = shared;
    e->place = place;
    struct dt_task *t = tasks[task];
    dt_depend_settle(t);
    struct dt_sync *s = dt_sync_lock(&locks[object], true);
    dt_sync_acquire_turn(t, s);
    dt_sync_unlock(s);
    struct dt_held_lock *h =
        dt_task_lock_held(t, &locks[object], object == LOCKS - 1 ? DT_LOCK_RWLOCK : DT_LOCK_MUTEX,
            shared ? DT_HOW_SHARED : 0, 0x1000 + (uintptr_t)place);
    h->id = s->order_id;
    struct dt_found_cycle *list = dt_lockgraph_wants(t, h) ? dt_lockgraph_acquired(t) : NULL;
    dt_depend_locked(t);
    dt_lockgraph_deliver(list);
}

static void unlock(int task, int object)
{
    add(task, UNLOCK, object);
    cr_assert(dt_task_lock_released(tasks[task], &locks[object]));
    dt_release_turn(tasks[task], &locks[object]);
}

static void access_var(int task, int var, bool write)
{
    struct event *e = add(task, write ? WRITE : READ, var);
    for (int i = 0; i < n_events - 1; i++)
        if (events[i].kind == WRITE && events[i].object == var)
            e->sees = i + 1;
    dt_access(tasks[task], (uintptr_t)&vars[var], 8, write ? DT_WRITE : DT_READ, 0x900);
}

static void pass(int task, int key, bool release)
{
    struct event *e = add(task, release ? RELEASE : ACQUIRE, key);
    for (int i = 0; i < n_events - 1; i++)
        if (events[i].kind == RELEASE && events[i].object == key)
            e->after |= 1u << i;
    if (release)
        dt_release(tasks[task], &keys[key]);
    else
        dt_acquire(tasks[task], &keys[key]);
}

/* How the task holds it: 0, 1 for reading, 2. */
static int holds(int task, int object)
{
    return mode_of(with_part(0, task, (uint32_t)n_of[task]), object);
}

static int all_modes(int object)
{
    int mode = 0;
    for (int t = 0; t < TASKS; t++)
        mode = holds(t, object) > mode ? holds(t, object) : mode;
    return mode;
}

static void step(bool own_places)
{
    int task = rand() % TASKS, what = rand() % 100, object = rand() % LOCKS;
    if (what < 20) {
        int var = rand() % VARS; /* mostly without a race */
        if (holds(task, var) == 2 || rand() % 400 == 0)
            access_var(task, var, rand() % 3 == 0);
    } else if (what < 24) {
        pass(task, rand() % KEYS, rand() % 2);
    } else if (holds(task, object)) {
        unlock(task, object);
    } else {
        bool shared = object == LOCKS - 1 && rand() % 2;
        int mode = all_modes(object);
        if (mode == 0 || (mode == 1 && shared))
            lock(task, object, shared, own_places ? n_events : object * 2 + shared);
    }
}

static void start(void)
{
    dt_on_lock_cycle = on_cycle;
    dt_on_race = on_race;
    struct dt_task *first = dt_self = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    for (int i = 0; i < TASKS; i++)
        tasks[i] = dt_task_new(first, DT_TASK_THREAD, (uint64_t)i + 2, 0);
    dt_depend_at = 0;
    n_events = n_found = 0;
    memset(n_of, 0, sizeof n_of);
}

static void end(void)
{
    for (int i = 0; i < TASKS; i++) {
        dt_self = tasks[i];
        while (tasks[i]->nheld)
            dt_task_lock_released(tasks[i], tasks[i]->held[tasks[i]->nheld - 1].lock);
    }
    dt_self = &dt_task_unknown;
    dt_shadow_clear((uintptr_t)vars, sizeof vars);
    dt_sync_forget(locks, sizeof locks);
    dt_sync_forget(keys, sizeof keys);
    for (int i = 0; i < TASKS; i++)
        dt_task_free(tasks[i]);
}

static void random_traces(int rounds, unsigned seed, bool own_places)
{
    int can = 0, certain = 0;
    dt_core_init();
    for (int r = 0; r < rounds; r++) {
        srand(seed + (unsigned)r);
        start();
        while (n_events < STEPS)
            step(own_places);
        try_every_schedule();
        for (int i = 0; i < n_found; i++) {
            const struct found *f = &found[i];
            bool is = can_meet(f->task[0], f->place[0], f->task[1], f->place[1]);
            cr_assert(is || !f->certain, "seed %u: not certain", seed + (unsigned)r);
            can += is;
            certain += f->certain;
        }
        end();
    }
    cr_log_info("%d can happen, %d are certain", can, certain);
    cr_assert_gt(certain, can / 4);
}

Test(certain, never_without_a_schedule)
{
    random_traces(1500, 1, true);
}

Test(certain, never_without_a_schedule_with_places_in_common)
{
    random_traces(1500, 500000, false);
}

/* --- by name --- */

static bool is_certain(void (*trace)(void))
{
    dt_core_init();
    start();
    trace();
    cr_assert_eq(n_found, 1);
    bool certain = found[0].certain;
    end();
    return certain;
}

static void nest(int task, int outer, int inner, int place)
{
    lock(task, outer, false, place);
    lock(task, inner, false, place + 1);
    unlock(task, inner);
    unlock(task, outer);
}

static void both_ways(void)
{
    nest(0, 0, 1, 1);
    nest(1, 1, 0, 3);
}

Test(certain, both_ways)
{
    cr_assert(is_certain(both_ways));
}

/* What the second task reads under the inner lock only does not lead it there. */
static void data_inside(void)
{
    lock(0, 0, false, 1);
    lock(0, 1, false, 2);
    access_var(0, 0, true);
    unlock(0, 1);
    unlock(0, 0);
    lock(1, 1, false, 3);
    lock(1, 0, false, 4);
    access_var(1, 0, false);
    unlock(1, 0);
    unlock(1, 1);
}

Test(certain, data_inside)
{
    cr_assert(is_certain(data_inside));
}

/* It may lock the other one because of what it has read. */
static void data_between(void)
{
    lock(0, 0, false, 1);
    lock(0, 1, false, 2);
    access_var(0, 0, true);
    unlock(0, 1);
    unlock(0, 0);
    lock(1, 1, false, 3);
    access_var(1, 0, false);
    lock(1, 0, false, 4);
    unlock(1, 0);
    unlock(1, 1);
}

Test(certain, not_with_data_between)
{
    cr_assert_not(is_certain(data_between));
}

/* By way of a third task, and of a lock that is not in the cycle. */
static void data_by_a_third(void)
{
    lock(0, 0, false, 1);
    lock(0, 1, false, 2);
    access_var(0, 0, true);
    unlock(0, 1);
    unlock(0, 0);
    lock(2, 0, false, 5);
    access_var(2, 0, false);
    access_var(2, 1, true);
    unlock(2, 0);
    lock(1, 0, false, 6);
    access_var(1, 1, false);
    unlock(1, 0);
    nest(1, 1, 0, 3);
}

Test(certain, not_with_data_by_a_third)
{
    cr_assert_not(is_certain(data_by_a_third));
}
