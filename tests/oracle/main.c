/* SPDX-License-Identifier: MIT
 *
 * Runs programs until so many, or so many seconds, or one that fails; that one is made smaller and
 * printed.
 *
 *   oracle [--programs N] [--seconds S] [--seed SEED] [--loose] [--print]
 *
 * --loose: also what the detector is on the safe side of; misses are counted. --print: the first
 * program, step by step. The last line is "NAME: 1 passed, 0 failed" or the reverse.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gorc.h>

#include "oracle.h"

struct totals totals;
char failure[320];
bool be_verbose;

static uint64_t random_state;

/* The detector is here for races alone. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "detect_deadlocks=0:detect_leaks=0:report_thread_leaks=0:"
           "log_path=/dev/null";
}

void fail(const char *format, ...)
{
    if (failure[0])
        return;
    va_list args;
    va_start(args, format);
    int n = snprintf(failure, sizeof failure, "step %d: ", now_step);
    vsnprintf(failure + n, sizeof failure - (size_t)n, format, args);
    va_end(args);
    if (be_verbose)
        printf("        => %s\n", failure);
}

void tell(int t, const char *format, ...)
{
    if (!be_verbose)
        return;
    printf("  %3d  t%-2d ", now_step, t);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

static uint32_t rnd(void)
{
    uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32 ^ z);
}

/* --- programs --- */

static const uint8_t weights[OPS] = {[OP_ACCESS] = 30,
    [OP_RANGE] = 6,
    [OP_ATOMIC] = 16,
    [OP_FENCE] = 5,
    [OP_LOCK] = 6,
    [OP_UNLOCK] = 8,
    [OP_SEND] = 5,
    [OP_RECV] = 5,
    [OP_CLOSE] = 1,
    [OP_WAITGROUP] = 2,
    [OP_ANNOTATE] = 3,
    [OP_SPAWN] = 3,
    [OP_END] = 1,
    [OP_JOIN] = 2,
    [OP_BLOCK] = 6,
    [OP_FREED] = 2,
    [OP_FRESH] = 1,
    [OP_FRAMES] = 3,
    [OP_SWEEP] = 1};

/* Each program leans to some operations, so that there are long stretches without any edge, and
 * such with hardly anything else. */
static void choose_weights(unsigned *w)
{
    for (int i = 0; i < OPS; i++) {
        unsigned r = rnd() % 8;
        w[i] = weights[i] * (r == 0 ? 0 : r == 1 ? 4 : 1);
    }
    w[OP_ACCESS] += 10;
}

static uint8_t choose(const unsigned *w)
{
    unsigned sum = 0;
    for (int i = 0; i < OPS; i++)
        sum += w[i];
    unsigned r = rnd() % sum;
    for (int i = 0; i < OPS; i++) {
        if (r < w[i])
            return (uint8_t)i;
        r -= w[i];
    }
    return OP_ACCESS;
}

static void make_program(struct program *p, uint64_t seed, bool strict)
{
    unsigned w[OPS], tasks = 0;
    random_state = seed * 0x2545f4914f6cdd1du;
    *p = (struct program){.seed = random_state, .is_strict = strict};
    choose_weights(w);
    tasks = 2 + rnd() % (MAX_ALIVE - 1);
    p->n = 20 + (int)(rnd() % (MAX_STEPS - 20));
    p->has_threads = rnd() % 64 == 0;
    p->is_waited_for = rnd() % 16 != 0;
    p->frame_count = rnd() % 2 ? 0 : 1 + rnd() % 4;
    p->hot = 4u << rnd() % 5;
    p->small_logs = rnd() % 2;
    p->sweeps_often = rnd() % 32 == 0;
    if (p->sweeps_often)
        w[OP_SWEEP] += 12;
    for (int i = 0; i < p->n; i++) {
        struct step *s = &p->step[i];
        s->op = choose(w);
        s->task = (uint8_t)(rnd() % TASKS);
        if (s->task >= tasks)
            s->task = (uint8_t)(rnd() % tasks);
        s->a = rnd();
        s->b = rnd();
        s->c = rnd();
    }
    for (unsigned i = 0; i + 1 < tasks; i++)
        p->step[i] = (struct step){
            .op = OP_SPAWN, .task = (uint8_t)(i ? rnd() % i : 0), .a = i + 1, .b = rnd()};
}

/* --- the smallest that fails --- */

/* Once more after a program of nothing, since what has been told of the one before is not over. */
static bool show_steps;

static bool fails(const struct program *p)
{
    static const struct program nothing;
    run_program(&nothing);
    failure[0] = 0;
    be_verbose = show_steps;
    run_program(p);
    return failure[0] != 0;
}

static void shrink(struct program *p)
{
    be_verbose = false;
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (int n = p->n / 2; n > 0; n /= 2) {
            for (int i = 0; i + n <= p->n; i += n) {
                struct program less = *p;
                bool any = false;
                for (int k = i; k < i + n; k++) {
                    any |= !less.step[k].off;
                    less.step[k].off = true;
                }
                if (any && fails(&less)) {
                    *p = less;
                    smaller = true;
                }
            }
        }
    }
}

static void show(const struct program *p, uint64_t seed)
{
    printf("%s\n  seed %lu (--seed %lu --programs 1 runs it alone)\n", failure, seed, seed);
    struct program small = *p;
    if (fails(&small)) {
        shrink(&small);
        fails(&small);
        printf("the smallest program that fails: %s\n", failure);
    } else {
        printf("by itself it does not fail; the whole program:\n");
    }
    show_steps = true;
    fails(&small);
}

/* --- */

static double seconds_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void print_totals(double seconds)
{
    fprintf(stderr,
        "  %lu programs, %lu accesses, %lu racing bytes (%lu told before, %lu late, %lu lost), "
        "%lu sweeps, %lu threads, %.0f s\n",
        totals.programs, totals.accesses, totals.races, totals.told_before, totals.late,
        totals.lost, totals.sweeps, totals.threads, seconds);
}

static struct {
    uint64_t programs, seed;
    double limit;
    bool is_loose, print;
} options = {.programs = UINT64_MAX, .limit = 1e9};

static bool has_failed;

enum { BATCH = 256 };

/* The main goroutine stays with its thread, and the others would have to wait for it: this runs in
 * one of its own. Now and then it tells the main one, which would else be the task that knows
 * nothing of all that is over, so that nothing could be forgotten. */
static void drive(void *batches)
{
    static struct program p;
    double start = seconds_now(), told = start, t = start;
    accesses_init();
    for (uint64_t i = 0; i < options.programs && t - start < options.limit;
         i++, t = seconds_now()) {
        make_program(&p, options.seed + i, !options.is_loose);
        be_verbose = options.print && i == 0;
        run_program(&p);
        if (failure[0]) {
            show(&p, options.seed + i);
            has_failed = true;
            break;
        }
        if (i % BATCH == BATCH - 1) {
            run_learn_all();
            gorc_chan_send(batches, NULL);
        }
        if (t - told > 30) {
            told = t;
            print_totals(t - start);
        }
    }
    print_totals(seconds_now() - start);
    gorc_chan_close(batches);
}

static bool read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "0";
        if (strcmp(argv[i], "--programs") == 0)
            options.programs = strtoull(value, NULL, 0), i++;
        else if (strcmp(argv[i], "--seconds") == 0)
            options.limit = strtod(value, NULL), i++;
        else if (strcmp(argv[i], "--seed") == 0)
            options.seed = strtoull(value, NULL, 0), i++;
        else if (strcmp(argv[i], "--loose") == 0)
            options.is_loose = true;
        else if (strcmp(argv[i], "--print") == 0)
            options.print = true;
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    options.seed = ((uint64_t)ts.tv_nsec * 1000003u + (uint64_t)ts.tv_sec) % 1000000000000u;
    if (!read_options(argc, argv))
        return 2;
    gorc_procs(1);
    fprintf(stderr, "oracle: seed %lu\n", options.seed);
    gorc_chan *batches = gorc_chan_new(0, 0);
    gorc_go(drive, batches);
    while (gorc_chan_recv(batches, NULL))
        ;
    bool ok = !has_failed;
    printf("check-oracle: %d passed, %d failed\n", ok, !ok);
    fflush(stdout);
    quick_exit(!ok);
}
