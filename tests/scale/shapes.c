/* SPDX-License-Identifier: MIT
 *
 * shapes ring|tree|sieve N OPS: N goroutines live at once; then about OPS operations (a value
 * handed on, a node made and summed up). Prints CPU time for each start and each operation in
 * nanoseconds, and the memory of one goroutine beyond its stack's page in bytes.
 *
 * shapes spawn N: N goroutines one after the other, at most 100 at once. Prints resident memory in
 * KB after a hundredth of them (at least a million, if there are so many) and at the end.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

GORC_CHAN(values, long)

static double cpu_ns(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return 1e9 * (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e3 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* VmRSS and, if asked for, VmPTE, in bytes. */
static double memory(int tables)
{
    char line[256];
    double sum = 0;
    FILE *f = fopen("/proc/self/status", "r");
    if (!f)
        exit(2);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0 || (tables && strncmp(line, "VmPTE:", 6) == 0))
            sum += strtod(line + 6, NULL) * 1024;
    fclose(f);
    return sum;
}

static void result(double start, double started, double end, double each, long n, long ops)
{
    printf("%.0f %.0f %.0f\n", (started - start) / (double)n, (end - started) / (double)ops,
        each - 4096);
}

/* --- a chain of members, each with a channel: the ring, and the sieve --- */

struct member {
    values in, out;
    long prime; /* 0: passes everything on */
    gorc_waitgroup *ready, *done;
};

static void member_main(void *arg)
{
    struct member *m = arg;
    long v;
    gorc_wg_done(m->ready);
    while (values_recv(values_rx_of(m->in), &v))
        if (!m->prime || v % m->prime)
            values_send(values_tx_of(m->out), v);
    values_close(values_tx_of(m->out));
    gorc_wg_done(m->done);
}

static int chain(long n, long ops, int sieve)
{
    struct member *members = calloc((size_t)n, sizeof *members);
    values *c = calloc((size_t)n + 1, sizeof *c);
    gorc_waitgroup ready = {0}, done = {0};
    long rounds = ops / n > 0 ? ops / n : 1, v = 0, got = 0;
    if (!members || !c)
        return 2;
    for (long i = 0; i <= n; i++)
        c[i] = values_new(0);
    gorc_wg_add(&ready, (int)n);
    gorc_wg_add(&done, (int)n);
    gorc_yield();
    double before = memory(1), start = cpu_ns();
    for (long i = 0; i < n; i++) {
        /* Any numbers do that do not divide the large prime below. */
        members[i] = (struct member){c[i], c[i + 1], sieve ? i + 2 : 0, &ready, &done};
        gorc_go(member_main, &members[i]);
    }
    gorc_wg_wait(&ready);
    double started = cpu_ns(), each = (memory(1) - before) / (double)n;
    for (long i = 0; i < rounds; i++) {
        values_send(values_tx_of(c[0]), 2147483647);
        got += values_recv(values_rx_of(c[n]), &v);
    }
    double end = cpu_ns();
    values_close(values_tx_of(c[0]));
    gorc_wg_wait(&done);
    for (long i = 0; i <= n; i++)
        values_unref(c[i]);
    free(members);
    free(c);
    result(start, started, end, each, n, rounds * n);
    return got != rounds || v != 2147483647;
}

/* --- a tree of goroutines: all are there before the first leaf answers --- */

struct tree {
    values gate; /* closed */
    gorc_waitgroup ready;
};
struct node {
    struct tree *tree;
    long size;
    values up;
};

static void node_main(void *arg)
{
    struct node *me = arg;
    long rest = me->size - 1, sum = 1, v;
    struct node child[2] = {{me->tree, rest / 2, NULL}, {me->tree, rest - rest / 2, NULL}};
    for (int i = 0; i < 2; i++) {
        if (!child[i].size)
            continue;
        child[i].up = values_new(0);
        gorc_go(node_main, &child[i]);
    }
    gorc_wg_done(&me->tree->ready);
    values_recv(values_rx_of(me->tree->gate), &v);
    for (int i = 0; i < 2; i++) {
        if (!child[i].size)
            continue;
        values_recv(values_rx_of(child[i].up), &v);
        values_unref(child[i].up);
        sum += v;
    }
    values_send(values_tx_of(me->up), sum);
}

static int trees(long n, long ops)
{
    long rounds = ops / n > 0 ? ops / n : 1, sum = 0;
    double first = 0, all = 0, each = 0;
    for (long i = 0; i < rounds; i++) {
        struct tree t = {.gate = values_new(0)};
        struct node root = {&t, n, values_new(0)};
        double before = memory(1), start = cpu_ns();
        gorc_wg_add(&t.ready, (int)n);
        gorc_go(node_main, &root);
        gorc_wg_wait(&t.ready);
        if (i == 0) {
            first = cpu_ns() - start;
            each = (memory(1) - before) / (double)n;
        }
        values_close(values_tx_of(t.gate));
        long v = 0;
        values_recv(values_rx_of(root.up), &v);
        values_unref(root.up);
        values_unref(t.gate);
        sum += v;
        all += cpu_ns() - start;
    }
    result(0, first, first + all, each, n, rounds * n);
    return sum != rounds * n;
}

/* --- many, one after the other --- */

static atomic_long ended;

static void short_one(void *arg)
{
    long *count = arg;
    ++*count; /* ordered by the wait group */
    atomic_fetch_add_explicit(&ended, 1, memory_order_relaxed);
}

static int spawns(long n)
{
    enum { AT_ONCE = 100 };
    static long counts[AT_ONCE];
    long sample = n / 100 > 1000000 ? n / 100 : 1000000;
    double at_sample = 0;
    for (long made = 0; made < n; made += AT_ONCE) {
        gorc_waitgroup wg = {0};
        for (int i = 0; i < AT_ONCE; i++)
            gorc_wg_go(&wg, short_one, &counts[i]);
        gorc_wg_wait(&wg);
        if (made + AT_ONCE == sample)
            at_sample = memory(0);
    }
    printf("%.0f %.0f\n", at_sample / 1024, memory(0) / 1024);
    return atomic_load(&ended) != n;
}

int main(int argc, char **argv)
{
    const char *shape = argc > 2 ? argv[1] : "";
    long n = argc > 2 ? atol(argv[2]) : 0, ops = argc > 3 ? atol(argv[3]) : 1000000;
    if (n < 1)
        return 2;
    if (strcmp(shape, "ring") == 0)
        return chain(n, ops, 0);
    if (strcmp(shape, "sieve") == 0)
        return chain(n, ops, 1);
    if (strcmp(shape, "tree") == 0)
        return trees(n, ops);
    return strcmp(shape, "spawn") == 0 ? spawns(n) : 2;
}
