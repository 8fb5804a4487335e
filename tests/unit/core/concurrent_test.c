/* SPDX-License-Identifier: MIT
 *
 * Real threads on the same granules at once, with known happens-before: in each round each thread
 * has bytes of its own in every granule, and two of them also write one byte that they share. The
 * rounds are ordered by a barrier. Every shared byte must be reported in every round, nothing else,
 * with both stacks, while sweeps go on.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/shadow.h"
#include "core/sweep.h"
#include "core/sync.h"

enum { THREADS = 6, GRANULES = 256, ROUNDS = 300, REPEATS = 4, SHARED = 7 };

static const uintptr_t region = 0x7c0000000000;
static atomic_uint reported[GRANULES]; /* times in this round */
static atomic_uint wrong, incomplete;
static pthread_barrier_t barrier;
static char key[ROUNDS][8];

static void on_race(const struct dt_race *r)
{
    uintptr_t pcs[4], earlier[4];
    size_t g = (r->granule - region) / 8;
    if (r->bytes != 1u << SHARED || g >= GRANULES || r->now.task == r->earlier.task) {
        wrong++;
        return;
    }
    if (dt_stack_pcs(r->now.stack, pcs, 4) != 2 ||
        dt_stack_pcs(r->earlier.stack, earlier, 4) != 2 || pcs[0] != 0x1000 + r->now.task->id ||
        earlier[0] != 0x1000 + r->earlier.task->id || pcs[1] != 0x9000 || earlier[1] != 0x9000)
        incomplete++;
    reported[g]++;
}

struct worker {
    int n;
    struct dt_task *task;
};

static void round_of_accesses(struct worker *w, int round, unsigned *seed)
{
    unsigned own = (unsigned)(w->n + round) % THREADS;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        for (int i = 0; i < GRANULES; i++) {
            uintptr_t a = region + 8 * (uintptr_t)(rand_r(seed) % GRANULES);
            unsigned flags = rand_r(seed) % 3 == 0 ? DT_READ : DT_WRITE;
            dt_access(w->task, a + own, 1, flags, 0x2000 + (uintptr_t)(rand_r(seed) % 3));
        }
    }
    if (own < 2)
        for (int g = 0; g < GRANULES; g++)
            dt_access(w->task, region + 8 * (uintptr_t)g + SHARED, 1, DT_WRITE,
                0x1000 + w->task->info->id);
    if (w->n == 0 && round % 4 == 3)
        dt_gate_ask_sweep();
}

static void meet(struct worker *w, int round)
{
    dt_release(w->task, key[round]);
    pthread_barrier_wait(&barrier);
    if (w->n == 0)
        for (int g = 0; g < GRANULES; g++)
            if (atomic_exchange(&reported[g], 0) == 0)
                wrong++;
    pthread_barrier_wait(&barrier);
    dt_acquire(w->task, key[round]);
}

static void *run(void *arg)
{
    struct worker *w = arg;
    unsigned seed = 17u * (unsigned)w->n + 1;
    dt_self = w->task;
    w->task->top++;
    w->task->top->pc = 0x9000;
    for (int round = 0; round < ROUNDS; round++) {
        round_of_accesses(w, round, &seed);
        meet(w, round);
    }
    dt_task_end(w->task);
    dt_self = &dt_task_unknown;
    return NULL;
}

Test(shadow, is_exact_under_real_concurrency, .timeout = 500)
{
    struct worker w[THREADS];
    pthread_t thread[THREADS];
    dt_core_init();
    dt_on_race = on_race;
    dt_race_repeats = true;
    dt_self = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        w[i] = (struct worker){i, dt_task_new(dt_self, DT_TASK_THREAD, (uint64_t)i + 2, 0)};
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, run, &w[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        dt_task_join(dt_self, w[i].task);
        dt_task_free(w[i].task);
    }
    cr_assert_eq(wrong, 0, "%u wrong or missing", wrong);
    cr_assert_eq(incomplete, 0, "%u without both stacks", incomplete);
    cr_assert(dt_sweep_count() > 3, "%lu sweeps", (unsigned long)dt_sweep_count());
}
