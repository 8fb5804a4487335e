/* SPDX-License-Identifier: MIT
 *
 * One thread plays all tasks: it sets dt_self and acts. Memory is never touched, only its shadow;
 * the region lies across the border of two chunks. The first task lives through all traces and
 * joins everybody at the end of each, so that indices, epochs and contexts are used again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/core.h"
#include "core/map.h"
#include "core/meta.h"
#include "core/node.h"
#include "core/granule.h"
#include "core/reads.h"
#include "core/shadow.h"
#include "core/sweep.h"
#include "model.h"
#include "trace.h"

enum { REGION = 144, MAX_LIVE = 24, PCS = 5, BLOCKS = 3, BLOCK_SPACE = 32 };

static const uintptr_t region = 0x7e0004000000 - 48;
static uintptr_t keys[MODEL_KEYS];

struct actor {
    struct dt_task *task; /* NULL: not used yet, or freed */
    bool live;            /* may act */
    int joining;          /* index of the task that it waits for, -1: none */
    uint32_t uid;
};

static struct {
    struct model m;
    struct actor actor[MODEL_TASKS];
    int n;
    uint32_t block[BLOCKS]; /* size of the live block, 0: none */
    /* What kind of trace: one access in so many is a write, at most so many tasks at once. */
    unsigned write_each, max_live;
    bool clears; /* memory is cleared more often */
    bool whole;  /* accesses are aligned ones of four or eight bytes */
    uint64_t random;
    struct trace_result *result;
    /* The access that is being made. */
    int acting;
    struct model_access access;
    uintptr_t begin, end;
    uint8_t seen[REGION]; /* bytes reported */
} T;

static uint64_t rnd(uint64_t n)
{
    T.random ^= T.random << 13;
    T.random ^= T.random >> 7;
    T.random ^= T.random << 17;
    return (T.random * 0x2545f4914f6cdd1du >> 33) % n;
}

static void fail(const char *what, uintptr_t addr, int t)
{
    if (!T.result->failure[0])
        snprintf(T.result->failure, sizeof T.result->failure,
            "%s at byte %ld, task %d, step %lu of trace %lu", what, (long)(addr - region), t,
            (unsigned long)T.result->steps, (unsigned long)T.result->traces);
}

static struct dt_task *act(int t)
{
    dt_self = T.actor[t].task;
    return dt_self;
}

static int actor_of(uint32_t uid)
{
    for (int i = 0; i < T.n; i++)
        if (T.actor[i].uid == uid)
            return i;
    return -1;
}

/* --- accesses --- */

static uintptr_t place(const struct dt_race_side *s)
{
    uintptr_t pcs[4];
    return dt_stack_pcs(s->stack, pcs, 4) ? pcs[0] : 0;
}

/* Of a read that somebody's write may not have seen: told later, with the clock of then. */
static void on_late_race(const struct dt_race *r, const struct model_access *earlier)
{
    int who = actor_of(r->now.task->uid);
    struct model_access now = {
        .task = who,
        .write = r->now.write,
        .atomic = r->now.atomic,
        .pc = place(&r->now),
    };
    T.result->late++;
    if (now.write)
        fail("a late race of a write", r->granule, who);
    for (unsigned i = 0; i < 8; i++) {
        uintptr_t a = r->granule + i;
        if (!(r->bytes >> i & 1))
            continue;
        if (!model_has(&T.m, a - region, &now))
            fail("a late race of a read that was not made", a, who);
        else if (!model_has_racing(&T.m, who, a - region, &now, earlier))
            fail("a late race with an access that does not race", a, who);
    }
}

static void on_race(const struct dt_race *r)
{
    int other = actor_of(r->earlier.task->uid);
    struct model_access earlier = {
        .task = other,
        .write = r->earlier.write,
        .atomic = r->earlier.atomic,
        .is_free = r->earlier.is_free,
        .pc = place(&r->earlier),
    };
    if (r->late) {
        on_late_race(r, &earlier);
        return;
    }
    if (r->now.task != T.actor[T.acting].task->info || place(&r->now) != T.access.pc ||
        r->now.write != T.access.write || r->now.atomic != T.access.atomic)
        fail("race with a wrong present side", r->granule, T.acting);
    for (unsigned i = 0; i < 8; i++) {
        uintptr_t a = r->granule + i;
        if (!(r->bytes >> i & 1))
            continue;
        if (a < T.begin || a >= T.end)
            fail("race outside of the access", a, T.acting);
        else if (!model_has_racing(&T.m, T.acting, a - region, &T.access, &earlier))
            fail("race with an access that does not race", a, T.acting);
        else
            T.seen[a - region] = 1;
    }
}

static void before_access(int t, uintptr_t addr, size_t size, struct model_access a)
{
    T.acting = t;
    T.access = a;
    T.begin = addr;
    T.end = addr + size;
    memset(T.seen, 0, sizeof T.seen);
    act(t);
}

static void after_access(int t)
{
    for (uintptr_t a = T.begin; a < T.end; a++) {
        bool expected = model_access(&T.m, t, a - region, &T.access);
        T.result->races += expected;
        if (expected && !T.seen[a - region])
            fail("a race was missed", a, t);
        if (!expected && T.seen[a - region])
            fail("a race too many", a, t);
    }
}

static uintptr_t some_pc(void)
{
    return 0x400000 + 16 * rnd(PCS);
}

/* Mostly hot places of a few granules. */
static uintptr_t some_addr(size_t size)
{
    uintptr_t span = rnd(2) ? 32 : REGION - BLOCKS * BLOCK_SPACE / 2;
    uintptr_t a = region + rnd(span);
    return a + size > region + REGION ? region + REGION - size : a;
}

static void step_access(int t)
{
    static const uint8_t sizes[] = {1, 2, 4, 8, 8, 4, 16};
    size_t size = rnd(3) ? sizes[rnd(sizeof sizes)] : 1 + rnd(16);
    uintptr_t addr = some_addr(size);
    if (T.whole)
        size = rnd(2) ? 4 : 8;
    if (rnd(2) || T.whole)
        addr &= ~(uintptr_t)(size & 8 ? 7 : size & 4 ? 3 : 0);
    if (addr < region)
        addr = region;
    struct model_access a = {
        .write = rnd(T.write_each) == 0, .atomic = rnd(4) == 0, .pc = some_pc()};
    before_access(t, addr, size, a);
    dt_access(dt_self, addr, size, (a.write ? DT_WRITE : 0u) | (a.atomic ? DT_ATOMIC : 0u), a.pc);
    after_access(t);
}

/* --- memory --- */

static uintptr_t block_addr(int b)
{
    return region + REGION - (uintptr_t)(BLOCKS - b) * BLOCK_SPACE;
}

static void step_block(int t)
{
    int b = (int)rnd(BLOCKS);
    uintptr_t addr = block_addr(b);
    if (!T.block[b]) {
        T.block[b] = 1 + (uint32_t)rnd(BLOCK_SPACE);
        dt_block_alloc(act(t), addr, T.block[b], some_pc());
        uintptr_t end = (addr + T.block[b] + 7) & ~(uintptr_t)7;
        for (uintptr_t a = addr; a < end; a++)
            model_clear(&T.m, a - region);
        return;
    }
    struct model_access a = {.write = true, .is_free = true, .pc = some_pc()};
    before_access(t, addr, T.block[b], a);
    if (!dt_block_free(dt_self, addr, a.pc))
        fail("free of a block that is not known", addr, t);
    after_access(t);
    T.block[b] = 0;
}

static void step_clear(int t)
{
    size_t size = 1 + rnd(24);
    uintptr_t addr = some_addr(size);
    if (addr + size > block_addr(0))
        return; /* would take the block records along */
    act(t);
    dt_shadow_clear(addr, size);
    for (size_t i = 0; i < size; i++)
        model_clear(&T.m, addr + i - region);
}

/* --- happens-before --- */

static void step_sync(int t)
{
    struct dt_task *task = act(t);
    int k = (int)rnd(MODEL_KEYS);
    const void *key = (const void *)keys[k];
    switch (rnd(12)) {
    case 0:
        dt_sync_forget(key, 1);
        model_forget_key(&T.m, k);
        break;
    case 1:
    case 2:
    case 3:
        dt_release(task, key);
        model_release(&T.m, t, k, false);
        break;
    case 4:
    case 5:
    case 6: /* as a mutex: acquire, release_store */
        dt_acquire(task, key);
        model_acquire(&T.m, t, k);
        /* fall through */
    case 7:
        dt_release_store(task, key);
        model_release(&T.m, t, k, true);
        break;
    default:
        dt_acquire(task, key);
        model_acquire(&T.m, t, k);
    }
}

static void step_fence(int t)
{
    struct dt_task *task = act(t);
    int k = (int)rnd(MODEL_KEYS);
    struct dt_sync *s;
    switch (rnd(4)) {
    case 0:
        dt_fence_acquire(task);
        model_fence_acquire(&T.m, t);
        break;
    case 1:
        dt_fence_release(task);
        model_fence_release(&T.m, t);
        break;
    case 2:
        s = dt_sync_lock((const void *)keys[k], false);
        if (!s)
            break;
        dt_sync_acquire_relaxed(task, s);
        dt_sync_unlock(s);
        model_acquire_relaxed(&T.m, t, k);
        break;
    default: /* a relaxed RMW */
        s = dt_sync_lock((const void *)keys[k], true);
        dt_sync_release_relaxed(task, s, false);
        dt_sync_unlock(s);
        for (int i = 0; i < MODEL_TASKS; i++)
            if (T.m.key[k].v[i] < T.m.release_fence[t].v[i])
                T.m.key[k].v[i] = T.m.release_fence[t].v[i];
    }
}

/* --- life --- */

static int count_live(void)
{
    int n = 0;
    for (int i = 0; i < T.n; i++)
        n += T.actor[i].live;
    return n;
}

static void spawn(int parent)
{
    if (T.n == MODEL_TASKS || count_live() >= (int)T.max_live)
        return;
    int child = T.n++;
    struct dt_task *task = dt_task_new(act(parent), DT_TASK_GOROUTINE, (uint64_t)child + 2, 0);
    T.actor[child] =
        (struct actor){.task = task, .live = true, .joining = -1, .uid = task->info->uid};
    model_spawn(&T.m, parent, child);
    for (unsigned n = (unsigned)rnd(4); n > 0; n--) {
        task->top++;
        task->top->pc = 0x500000 + 16 * rnd(3);
        task->top->node = 0;
    }
}

static void join(int t, int ended)
{
    dt_task_join(act(t), T.actor[ended].task);
    model_edge(&T.m, ended, t);
    dt_task_free(T.actor[ended].task);
    T.actor[ended].task = NULL;
    T.actor[t].joining = -1;
}

static void end(int t)
{
    dt_task_end(act(t));
    T.actor[t].live = false;
    for (int i = 0; i < T.n; i++)
        if (T.actor[i].live && T.actor[i].joining == t && T.actor[t].task)
            join(i, t);
}

static void step_life(int t)
{
    switch (rnd(6)) {
    case 0:
        if (t != 0 && count_live() > 2)
            end(t);
        break;
    case 1: {
        int other = 1 + (int)rnd((uint64_t)T.n);
        if (other < T.n && other != t && T.actor[other].task && !T.actor[other].live)
            join(t, other);
        break;
    }
    case 2: {
        int other = 1 + (int)rnd((uint64_t)T.n);
        if (other >= T.n || other == t || !T.actor[other].live || T.actor[other].joining >= 0)
            break;
        for (int i = 0; i < T.n; i++)
            if (T.actor[i].live && T.actor[i].joining == other)
                return;
        dt_task_joining(act(t), T.actor[other].task);
        T.actor[t].joining = other;
        break;
    }
    case 3: {
        int other = (int)rnd((uint64_t)T.n);
        if (!T.actor[other].live || other == t)
            break;
        dt_task_edge(act(t), T.actor[other].task);
        model_edge(&T.m, t, other);
        break;
    }
    default:
        spawn(t);
    }
}

static void step_frames(int t)
{
    struct dt_task *task = T.actor[t].task;
    if (rnd(2) && task->top < task->limit) {
        task->top++;
        task->top->pc = 0x500000 + 16 * rnd(3);
        task->top->node = 0;
    } else if (task->top > task->base) {
        task->top--;
    }
}

static void sweep(int t)
{
    act(t);
    struct dt_task *me = dt_core_enter();
    dt_sweep(me);
    dt_core_leave(me);
    T.result->sweeps++;
}

static void purge(int t)
{
    act(t);
    struct dt_task *me = dt_core_enter();
    dt_reads_purge(me);
    dt_core_leave(me);
    dt_race_deliver(me);
    T.result->purges++;
}

static void step(void)
{
    int t = (int)rnd((uint64_t)T.n);
    if (!T.actor[t].live || T.actor[t].joining >= 0)
        return;
    T.result->steps++;
    unsigned what = (unsigned)rnd(100);
    if (what < 60)
        step_access(t);
    else if (what < 76)
        step_sync(t);
    else if (what < 80)
        T.clears ? step_clear(t) : step_fence(t);
    else if (what < 86)
        step_block(t);
    else if (what < 88)
        step_clear(t);
    else if (what < 94)
        step_frames(t);
    else if (what < 99)
        step_life(t);
    else if (rnd(12) == 0)
        sweep(t);
    else if (rnd(20) == 0)
        purge(t);
    dt_race_deliver(dt_self);
}

/* --- traces --- */

static void start(void)
{
    dt_core_init();
    dt_on_race = on_race;
    dt_race_repeats = true;
    T.actor[0].task = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    T.actor[0].live = true;
    T.actor[0].joining = -1;
    T.actor[0].uid = T.actor[0].task->info->uid;
    for (int k = 0; k < MODEL_KEYS; k++)
        keys[k] = 0x7d0000001000 + (uintptr_t)k * (k & 1 ? 1 : 4);
}

static void end_trace(void)
{
    /* Whoever waits stops waiting. */
    for (int i = 0; i < T.n; i++) {
        if (T.actor[i].live && T.actor[i].joining >= 0) {
            dt_task_joining(T.actor[i].task, NULL);
            T.actor[i].joining = -1;
        }
    }
    for (int i = 1; i < T.n; i++) {
        if (T.actor[i].live)
            end(i);
        if (T.actor[i].task)
            join(0, i);
    }
    dt_self = T.actor[0].task;
    dt_shadow_clear(region, REGION);
    for (int k = 0; k < MODEL_KEYS; k++)
        dt_sync_forget((const void *)keys[k], 1);
    memset(T.block, 0, sizeof T.block);
    model_reset(&T.m);
    T.actor[0].task->has_release_fence = false;
    dt_clock_clear(&T.actor[0].task->acquire_fence);
    T.n = 1;
}

/* Tables of reads that are nearly full at once, or never. */
static void choose_kind(void)
{
    static const unsigned writes[] = {3, 3, 12, 60};
    T.write_each = writes[rnd(4)];
    T.max_live = (unsigned[]){4, 8, 8, MAX_LIVE}[rnd(4)];
    T.clears = rnd(4) == 0;
    T.whole = rnd(3) == 0;
    if (rnd(2))
        dt_read_limit = (struct dt_read_limit){.nearly_full = 12, .keep = 6, .last = 16};
    else
        dt_read_limit = (struct dt_read_limit){.nearly_full = 300, .keep = 150, .last = 1000};
}

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

void trace_run(uint64_t seed, double seconds, struct trace_result *r)
{
    memset(r, 0, sizeof *r);
    T.result = r;
    if (!T.actor[0].task)
        start();
    double stop = now() + seconds;
    T.n = 1;
    do {
        T.random = (seed + r->traces) * 0x9e3779b97f4a7c15u | 1;
        dt_self = T.actor[0].task;
        choose_kind();
        for (int i = (int)rnd(T.max_live / 2) + 1; i > 0; i--)
            spawn(0);
        for (unsigned i = 100 + (unsigned)rnd(400); i > 0 && !r->failure[0]; i--)
            step();
        r->traces++;
        end_trace();
    } while (!r->failure[0] && now() < stop);
}

uint64_t trace_seed(void)
{
    const char *s = getenv("GORC_TEST_SEED");
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return s ? strtoull(s, NULL, 0) : (uint64_t)ts.tv_nsec * 1000003u + (uint64_t)ts.tv_sec;
}

double trace_seconds(double standard)
{
    const char *s = getenv("GORC_TEST_SECONDS");
    return s ? strtod(s, NULL) : standard;
}
