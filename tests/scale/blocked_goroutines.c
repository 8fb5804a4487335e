/* SPDX-License-Identifier: MIT
 *
 * blocked_goroutines N: N goroutines, each blocked on a channel of its own, then released, each
 * with a value that it adds to a common sum. Prints the sum's check and the resident memory at the
 * peak.
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct waiter {
    gorc_chan *c;
    struct shared *shared;
};

struct shared {
    gorc_mutex m;
    long sum;     /* guarded by m */
    long blocked; /* guarded by m: those about to block, or further */
    gorc_waitgroup wg;
};

static void waiter_main(void *arg)
{
    struct waiter *w = arg;
    int value = 0;

    gorc_mutex_lock(&w->shared->m);
    w->shared->blocked++;
    gorc_mutex_unlock(&w->shared->m);
    gorc_chan_recv(w->c, &value);
    gorc_mutex_lock(&w->shared->m);
    w->shared->sum += value;
    gorc_mutex_unlock(&w->shared->m);
    gorc_wg_done(&w->shared->wg);
}

static long blocked(struct shared *s)
{
    gorc_mutex_lock(&s->m);
    long n = s->blocked;
    gorc_mutex_unlock(&s->m);
    return n;
}

int main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 200000;
    struct waiter *w = calloc((size_t)n, sizeof(*w));
    static struct shared shared;
    struct rusage usage;

    if (!w)
        return 1;
    gorc_wg_add(&shared.wg, (int)n);
    for (long i = 0; i < n; i++) {
        w[i] = (struct waiter){gorc_chan_new(sizeof(int), 0), &shared};
        if (!w[i].c)
            return 1;
        gorc_go(waiter_main, &w[i]);
    }
    while (blocked(&shared) < n)
        gorc_yield();
    for (long i = 0; i < n; i++) {
        int value = (int)(i % 7);
        gorc_chan_send(w[i].c, &value);
    }
    gorc_wg_wait(&shared.wg);

    long expected = 0;
    for (long i = 0; i < n; i++) {
        expected += i % 7;
        gorc_chan_unref(w[i].c);
    }
    free(w);
    getrusage(RUSAGE_SELF, &usage);
    printf("%ld goroutines blocked and released, %.1f KB each\n", n,
        (double)usage.ru_maxrss / (double)n);
    if (shared.sum != expected) {
        printf("sum %ld instead of %ld\n", shared.sum, expected);
        return 1;
    }
    return 0;
}
