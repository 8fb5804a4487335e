/* SPDX-License-Identifier: MIT
 *
 * Contexts, and what must not grow: epochs under heavy locking, contexts, task records, indices.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dalloc.h"
#include "core/core.h"
#include "core/node.h"
#include "core/segment.h"
#include "core/shadow.h"
#include "core/sweep.h"
#include "core/sync.h"

static const uintptr_t region = 0x7b0000000000;

static void start(void)
{
    dt_core_init();
    dt_self = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
}

static size_t resident(void)
{
    unsigned long size, pages;
    FILE *f = fopen("/proc/self/statm", "r");
    cr_assert(f && fscanf(f, "%lu %lu", &size, &pages) == 2);
    fclose(f);
    return pages * 4096;
}

static void push(uintptr_t pc)
{
    struct dt_task *t = dt_self;
    if (t->top == t->limit)
        dt_task_grow_stack(t);
    t->top++;
    t->top->pc = pc;
    t->top->node = 0;
}

/* --- contexts --- */

Test(stack, gives_back_what_was_interned)
{
    start();
    uintptr_t in[300], out[300];
    for (size_t i = 0; i < 300; i++)
        in[i] = 0x7f0000000000 + i * 7;
    dt_stackid id = dt_stack_intern(in, 300);
    cr_assert_eq(dt_stack_pcs(id, out, 300), 300);
    cr_assert_eq(memcmp(in, out, sizeof in), 0);
    cr_assert_eq(dt_stack_intern(in, 300), id);
    cr_assert_eq(dt_stack_pcs(id, out, 5), 5);
    cr_assert_neq(dt_stack_intern(in, 299), id);
    cr_assert_eq(dt_stack_pcs(0, out, 5), 0);
}

Test(stack, follows_calls_and_returns)
{
    start();
    uintptr_t out[8];
    push(0x10);
    push(0x20);
    dt_stackid deep = dt_stack_here(dt_self, 0x30);
    dt_self->top--;
    dt_stackid shallow = dt_stack_here(dt_self, 0x30);
    push(0x21);
    dt_stackid other = dt_stack_here(dt_self, 0x30);
    cr_assert_eq(dt_stack_pcs(deep, out, 8), 3);
    cr_assert(out[0] == 0x30 && out[1] == 0x20 && out[2] == 0x10);
    cr_assert_eq(dt_stack_pcs(shallow, out, 8), 2);
    cr_assert(out[0] == 0x30 && out[1] == 0x10);
    cr_assert_eq(dt_stack_pcs(other, out, 8), 3);
    cr_assert(out[1] == 0x21);
}

Test(stack, is_as_deep_as_the_program)
{
    start();
    enum { DEPTH = 200000 };
    static uintptr_t out[DEPTH + 1];
    for (size_t i = 0; i < DEPTH; i++)
        push(0x1000 + i);
    dt_stackid id = dt_stack_here(dt_self, 0x77);
    cr_assert_eq(dt_stack_pcs(id, out, DEPTH + 1), DEPTH + 1);
    for (size_t i = 1; i <= DEPTH; i++)
        cr_assert_eq(out[i], 0x1000 + DEPTH - i);
}

/* --- what must not grow --- */

/* Two tasks, so that accesses are recorded. */
static struct dt_task *another(void)
{
    return dt_task_new(dt_self, DT_TASK_THREAD, 2, 0);
}

Test(sweep, epochs_come_back_under_heavy_locking, .timeout = 500)
{
    start();
    another();
    enum { LOCKS = 5 * 1000 * 1000 };
    static char lock[64];
    for (int i = 0; i < LOCKS; i++) {
        dt_acquire(dt_self, &lock[i % 64]);
        dt_access(dt_self, region + 8 * (uintptr_t)(i % 1000), 8, DT_WRITE, 0x42);
        dt_release_store(dt_self, &lock[i % 64]);
    }
    cr_assert(dt_sweep_count() >= 2);
    cr_assert(dt_segment_runs() < 200000, "%u runs in use", dt_segment_runs());
}

Test(sweep, contexts_come_back, .timeout = 500)
{
    start();
    another();
    enum { CONTEXTS = 4600 * 1000 };
    push(0);
    for (int i = 0; i < CONTEXTS; i++) {
        dt_self->top->pc = 0x100000 + (uintptr_t)i;
        dt_self->top->node = 0;
        dt_access(dt_self, region + 8 * (uintptr_t)(i % 1000), 8, DT_WRITE, 0x42);
        if (i % 1000 == 999)
            dt_shadow_clear(region, 8000);
    }
    cr_assert(dt_sweep_count() >= 1);
    cr_assert(dt_node_pool.next < 5u << 20, "%u nodes", dt_node_pool.next);
}

Test(sweep, keeps_what_a_cell_still_says, .timeout = 500)
{
    start();
    struct dt_task *other = another(), *me = dt_self;
    push(0x1234);
    dt_access(me, region, 8, DT_WRITE, 0x5678);
    dt_self->top--;
    dt_task_tick(me);
    for (int i = 0; i < 3; i++) {
        struct dt_task *t = dt_core_enter();
        dt_sweep(t);
        dt_core_leave(t);
    }
    static struct dt_race seen;
    extern void (*dt_on_race)(const struct dt_race *r);
    void note(const struct dt_race *r);
    dt_on_race = note;
    dt_self = other;
    dt_access(other, region, 8, DT_READ, 0x9);
    extern struct dt_race noted;
    seen = noted;
    uintptr_t pcs[4];
    cr_assert_eq(dt_stack_pcs(seen.earlier.stack, pcs, 4), 2);
    cr_assert(pcs[0] == 0x5678 && pcs[1] == 0x1234);
    cr_assert_eq(seen.earlier.task, me->info);
}

struct dt_race noted;
void note(const struct dt_race *r);
void note(const struct dt_race *r)
{
    noted = *r;
}

Test(task, ends_leave_nothing_behind, .timeout = 500)
{
    start();
    size_t before = 0;
    enum { SPAWNS = 1200 * 1000 };
    struct dt_task *me = dt_self;
    for (int i = 0; i < SPAWNS; i++) {
        struct dt_task *t = dt_task_new(me, DT_TASK_GOROUTINE, (uint64_t)i + 2, 0);
        dt_self = t;
        dt_access(t, region + 8 * (uintptr_t)(i % 100), 8, DT_WRITE, 0x42);
        dt_release(t, (const void *)region);
        dt_task_end(t);
        dt_self = me;
        dt_acquire(me, (const void *)region);
        dt_task_free(t);
        if (i == SPAWNS / 2)
            before = resident();
    }
    cr_assert(dt_index_end() < 16, "%u indices", dt_index_end());
    cr_assert(resident() < before + (8u << 20), "%zu then %zu", before, resident());
}

/* Nobody joins them: their indices come back by sweeps. */
Test(task, detached_ends_leave_little_behind, .timeout = 500)
{
    start();
    enum { SPAWNS = 1200 * 1000 };
    struct dt_task *me = dt_self;
    another();
    for (int i = 0; i < SPAWNS; i++) {
        struct dt_task *t = dt_task_new(me, DT_TASK_GOROUTINE, (uint64_t)i + 3, 0);
        dt_self = t;
        dt_access(t, region + 8 * (uintptr_t)(i % 100), 8, DT_WRITE, 0x42);
        dt_task_end(t);
        dt_self = me;
        dt_task_free(t);
        if (i % 1000 == 0)
            dt_shadow_clear(region, 800);
    }
    cr_assert(dt_sweep_count() >= 1);
    cr_assert(dt_index_end() < 2000 * 1000, "%u indices", dt_index_end());
}

Test(task, memory_of_one)
{
    start();
    enum { TASKS = 50000 };
    size_t before = resident();
    struct dt_task *me = dt_self;
    for (int i = 0; i < TASKS; i++) {
        struct dt_task *t = dt_task_new(me, DT_TASK_GOROUTINE, (uint64_t)i + 2, 0);
        dt_self = t;
        push(0x10);
        push(0x20);
        dt_access(t, region + 64 * (uintptr_t)i, 8, DT_WRITE, 0x42);
        dt_release(t, (const void *)(region + 64 * (uintptr_t)i));
        dt_self = me;
    }
    size_t each = (resident() - before) / TASKS;
    cr_log_info("%zu bytes per task", each);
    cr_assert(each < 4096, "%zu bytes per task", each);
}
