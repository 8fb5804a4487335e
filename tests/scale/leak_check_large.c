/* SPDX-License-Identifier: MIT
 *
 * gorc_check_leaks in a process with 100,000 goroutines and 1 GB of heap (arguments: goroutines,
 * megabytes, milliseconds of processor time that it may take): how long it takes, and that
 * everything goes on afterwards. On a slow machine it may take half of what it took to make all
 * that. Half of the goroutines wait on channels that a table refers to, the others on one each that
 * nobody else has.
 *
 * Prints the time in milliseconds, on the clock and of the processor; status 0 when the check found
 * exactly the goroutines there are, all that can go on did, and it took no longer than it may.
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct node {
    struct node *next, *other;
    char data[240];
};

static struct node *heap;
static gorc_chan **table;
static gorc_waitgroup started, ended;

static void waits(void *arg)
{
    gorc_chan *c = arg;
    gorc_wg_done(&started);
    gorc_chan_recv(c, NULL);
    gorc_wg_done(&ended);
    gorc_chan_unref(c);
}

static void lost(void *arg)
{
    gorc_chan *c = arg;
    gorc_wg_done(&started);
    gorc_chan_recv(c, NULL);
}

static __attribute__((noinline)) void fill(size_t megabytes)
{
    size_t n = megabytes * ((1 << 20) / sizeof(struct node));
    for (size_t i = 0; i < n; i++) {
        struct node *p = malloc(sizeof *p);
        p->next = heap;
        p->other = heap ? heap->next : NULL;
        for (size_t k = 0; k < sizeof p->data; k++)
            p->data[k] = (char)(i * k);
        heap = p;
    }
}

static __attribute__((noinline)) void start(int n)
{
    gorc_wg_add(&started, 2 * n);
    gorc_wg_add(&ended, n);
    table = malloc((size_t)n * sizeof *table);
    for (int i = 0; i < n; i++) {
        table[i] = gorc_chan_new(0, 0);
        gorc_go(waits, gorc_chan_ref(table[i]));
        gorc_go(lost, gorc_chan_new(0, 0));
    }
    gorc_wg_wait(&started);
}

static long cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    int n = (argc > 1 ? atoi(argv[1]) : 100000) / 2;
    fill(argc > 2 ? (size_t)atoi(argv[2]) : 1024);
    start(n);
    int64_t before = gorc_now();
    long cpu = cpu_ms(), limit = argc > 3 ? atol(argv[3]) : 2000;
    if (limit < cpu / 2)
        limit = cpu / 2;
    int found = gorc_check_leaks();
    cpu = cpu_ms() - cpu;
    int64_t took = gorc_now() - before;
    for (int i = 0; i < n; i++) {
        gorc_chan_close(table[i]);
        gorc_chan_unref(table[i]);
    }
    gorc_wg_wait(&ended);
    printf("%d goroutines: %d found in %ld ms (cpu %ld ms of %ld)\n", 2 * n, found,
        (long)(took / 1000000), cpu, limit);
    return found != 2 * n || cpu > limit;
}
