/* SPDX-License-Identifier: MIT
 *
 * Real threads read granules that are read-shared while others write them. Readers and writers of a
 * round are not ordered, the rounds are. So in every round each reader races with each writer on
 * every granule, whichever comes first, and every such pair must be reported, with both stacks;
 * readers do not race with readers, nor any round with another.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/granule.h"
#include "core/reads.h"
#include "core/shadow.h"
#include "core/sweep.h"
#include "core/sync.h"

enum { READERS = 4, WRITERS = 2, THREADS = READERS + WRITERS, GRANULES = 200, ROUNDS = 400 };

static const uintptr_t region = 0x7a0000000000;
static atomic_uint reported[GRANULES][READERS][WRITERS]; /* in this round */
static atomic_uint wrong, missing, late;
static pthread_barrier_t barrier;
static char key[ROUNDS][8];

static void on_race(const struct dt_race *r)
{
    const struct dt_race_side *reader = r->now.write ? &r->earlier : &r->now;
    const struct dt_race_side *writer = r->now.write ? &r->now : &r->earlier;
    uintptr_t pcs[4];
    size_t g = (r->granule - region) / 8;
    if (g >= GRANULES || reader->write || !writer->write || reader->task == writer->task) {
        wrong += !(r->now.write && r->earlier.write); /* the writers race, too */
        return;
    }
    if (dt_stack_pcs(reader->stack, pcs, 4) != 1 || pcs[0] != 0x1000 + reader->task->id ||
        dt_stack_pcs(writer->stack, pcs, 4) != 1 || pcs[0] != 0x1000 + writer->task->id)
        wrong++;
    late += r->late;
    reported[g][reader->task->id - 2][writer->task->id - 2 - READERS]++;
}

static void meet(struct dt_task *t, int n, int round)
{
    dt_release(t, key[round]);
    dt_race_deliver(t);
    pthread_barrier_wait(&barrier);
    if (n == 0) {
        for (int g = 0; g < GRANULES; g++)
            for (int i = 0; i < READERS * WRITERS; i++)
                missing += atomic_exchange(&reported[g][i / WRITERS][i % WRITERS], 0) == 0;
        if (round % 16 == 1)
            dt_gate_ask_sweep();
        if (round % 8 == 1)
            dt_gate_ask_purge();
    }
    pthread_barrier_wait(&barrier);
    dt_acquire(t, key[round]);
}

static struct dt_task *task[THREADS];

/* Readers and writers meet in the middle. */
static void *run(void *arg)
{
    int n = (int)(intptr_t)arg;
    struct dt_task *t = dt_self = task[n];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < GRANULES; i++) {
            int g = n < READERS ? i : GRANULES - 1 - i;
            dt_access(t, region + 8 * (uintptr_t)g, n % 2 ? 8 : 4, n < READERS ? DT_READ : DT_WRITE,
                0x1000 + t->info->id);
        }
        meet(t, n, round);
    }
    dt_task_end(t);
    dt_self = &dt_task_unknown;
    return NULL;
}

Test(read_shared, no_race_is_lost_between_readers_and_writers, .timeout = 500)
{
    pthread_t thread[THREADS];
    dt_core_init();
    dt_on_race = on_race;
    dt_race_repeats = true;
    dt_self = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        task[i] = dt_task_new(dt_self, DT_TASK_THREAD, (uint64_t)i + 2, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, run, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    cr_assert_eq(wrong, 0, "%u wrong", wrong);
    cr_assert_eq(missing, 0, "%u missing", missing);
    for (int i = 0; i < THREADS; i++) {
        dt_task_join(dt_self, task[i]);
        dt_task_free(task[i]);
    }
    cr_log_info("%u told late", late);
}

/* Ended tasks' logs do not stay, nor do those of memory that is gone. */
Test(read_shared, logs_of_ended_tasks_are_freed, .timeout = 500)
{
    enum { TASKS = 4000, AT_ONCE = 8 };
    struct dt_task *t[AT_ONCE], *main_task;
    dt_core_init();
    main_task = dt_self = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    for (int i = 0; i < TASKS / AT_ONCE; i++) {
        for (int j = 0; j < AT_ONCE; j++)
            t[j] =
                dt_task_new(main_task, DT_TASK_GOROUTINE, (uint64_t)i * AT_ONCE + (uint64_t)j, 0);
        for (int j = 0; j < AT_ONCE; j++) {
            dt_self = t[j];
            for (uintptr_t a = region; a < region + 4096; a += 64)
                dt_access(t[j], a, 8, DT_READ, 0x42);
            dt_task_end(t[j]);
        }
        dt_self = main_task;
        for (int j = 0; j < AT_ONCE; j++) {
            dt_task_join(main_task, t[j]);
            dt_task_free(t[j]);
        }
    }
    uint32_t live = dt_pool_live(&dt_coarse_pool);
    cr_assert_gt(live, 0);
    cr_assert_lt(live, 1000, "%u logs", live);
}

static unsigned n_races;

static void count(const struct dt_race *r)
{
    (void)r;
    n_races++;
}

/* Each epoch reads elsewhere: all must stay, though the table of reads cannot name them all. */
Test(read_shared, more_epochs_than_the_table_of_reads_holds, .timeout = 500)
{
    enum { PLACES = 100000 };
    struct dt_task *t[4];
    dt_core_init();
    dt_on_race = count;
    dt_race_repeats = true;
    dt_self = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    for (int i = 0; i < 4; i++)
        t[i] = dt_task_new(dt_self, DT_TASK_THREAD, (uint64_t)i + 2, 0);
    for (int i = 0; i < 3; i++) {
        dt_self = t[i];
        for (uintptr_t p = 0; p < PLACES; p++) {
            dt_access(t[i], region + 8 * p, 8, DT_READ, 0x42);
            if (i == 2)
                dt_release(t[i], key[0]); /* nobody acquires it */
        }
    }
    dt_self = t[3];
    for (uintptr_t p = 0; p < PLACES; p++)
        dt_access(t[3], region + 8 * p, 8, DT_WRITE, 0x43);
    cr_assert_eq(n_races, 3 * PLACES, "%u", n_races);
}
