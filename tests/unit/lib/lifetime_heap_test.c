/* SPDX-License-Identifier: MIT
 *
 * Rule L1 for what has memory of its own or that the library made: maps, pools, tickers and timers,
 * contexts, error groups, connections. One goroutine does an operation and forgets the object; who
 * sees its effect frees the object at once, while the operation may still be on its way out.
 * lifetime_test.c has the others.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

static int rounds(void)
{
    return scaled(2000);
}

/* --- an operation by a thread: it runs beside whoever looks, even with one worker --- */

struct operation {
    void (*fn)(void *object); /* NULL: the thread ends */
    void *object;
};

static _Atomic(struct operation *) next_operation;

static void *operate(void *arg)
{
    for (;;) {
        struct operation *o = atomic_exchange(&next_operation, NULL);
        if (o && !o->fn)
            return arg;
        if (o)
            o->fn(o->object); /* o is another from now on, the object may be gone */
        else
            sched_yield();
    }
}

/* By the thread, or by a goroutine. */
static void begin(struct operation *o, bool by_thread)
{
    if (by_thread)
        atomic_store(&next_operation, o);
    else
        gorc_go(o->fn, o->object);
}

static pthread_t start_operator(void)
{
    pthread_t t;
    CHECK(pthread_create(&t, NULL, operate, NULL) == 0);
    return t;
}

static void end_operator(pthread_t t)
{
    static struct operation end;
    while (atomic_load(&next_operation))
        sched_yield();
    atomic_store(&next_operation, &end);
    pthread_join(t, NULL);
}

/* --- maps: the change is seen by a load --- */

static int key, before, after;

static void map_store(void *m)
{
    gorc_map_store(m, &key, &after);
}

static void map_load_or_store(void *m)
{
    gorc_map_load_or_store(m, &key, &after, NULL);
}

static void map_swap(void *m)
{
    gorc_map_swap(m, &key, &after, NULL);
}

static void map_compare_and_swap(void *m)
{
    gorc_map_compare_and_swap(m, &key, &before, &after);
}

static void map_delete(void *m)
{
    gorc_map_delete(m, &key);
}

static void map_load_and_delete(void *m)
{
    gorc_map_load_and_delete(m, &key, NULL);
}

static void map_compare_and_delete(void *m)
{
    gorc_map_compare_and_delete(m, &key, &before);
}

/* `with`: what the key has before, and is to have afterwards; NULL: it is not there. */
static void map_changes(void (*change)(void *m), void *with, void *then)
{
    pthread_t thread = start_operator();
    for (int i = 0; i < rounds() / 2; i++) {
        gorc_map *m = calloc(1, sizeof *m);
        struct operation o = {change, m};
        void *seen;
        if (with)
            gorc_map_store(m, &key, with);
        begin(&o, i % 2);
        for (;;) {
            bool there = gorc_map_load(m, &key, &seen);
            if (there ? seen == then : !then)
                break;
            gorc_yield();
        }
        gorc_map_clear(m);
        memset(m, 0xdd, sizeof *m);
        free(m);
    }
    end_operator(thread);
}

Test(lifetime_heap, l1_map_freed_by_who_sees_the_store)
{
    map_changes(map_store, NULL, &after);
    map_changes(map_store, &before, &after);
    map_changes(map_load_or_store, NULL, &after);
    map_changes(map_swap, NULL, &after);
    map_changes(map_swap, &before, &after);
    map_changes(map_compare_and_swap, &before, &after);
}

Test(lifetime_heap, l1_map_freed_by_who_sees_the_deletion)
{
    map_changes(map_delete, &before, NULL);
    map_changes(map_load_and_delete, &before, NULL);
    map_changes(map_compare_and_delete, &before, NULL);
}

/* --- pools: the item is seen by a get --- */

static void pool_put(void *p)
{
    gorc_pool_put(p, &key);
}

Test(lifetime_heap, l1_pool_freed_by_who_gets_the_item)
{
    pthread_t thread = start_operator();
    for (int i = 0; i < rounds(); i++) {
        gorc_pool *p = calloc(1, sizeof *p);
        struct operation o = {pool_put, p};
        begin(&o, i % 2);
        while (!gorc_pool_get(p))
            gorc_yield();
        gorc_pool_clear(p);
        memset(p, 0xdd, sizeof *p);
        free(p);
    }
    end_operator(thread);
}

/* --- tickers and timers: freed by who they wake, whoever fires them --- */

Test(lifetime_heap, l1_ticker_freed_at_a_tick)
{
    for (int i = 0; i < rounds() / 2; i++) {
        gorc_ticker *t = gorc_ticker_new(1 + i % 30 * GORC_MICROSECOND);
        if (i % 2) {
            gorc_chan_recv(gorc_ticker_chan(t), NULL);
        } else {
            gorc_case cases[] = {
                gorc_case_recv(gorc_ticker_chan(t), NULL), gorc_case_recv(NULL, NULL)};
            CHECK_EQ(gorc_select(cases, 2), 0);
        }
        gorc_ticker_free(t);
    }
}

Test(lifetime_heap, l1_timer_freed_when_it_fires)
{
    for (int i = 0; i < rounds() / 2; i++) {
        gorc_timer *t = gorc_timer_new(i % 30 * GORC_MICROSECOND);
        gorc_chan_recv(gorc_timer_chan(t), NULL);
        gorc_timer_free(t);
    }
}

struct own_timer {
    gorc_timer *t;
    gorc_chan *made, *freed;
};

static void free_own_timer(void *arg)
{
    struct own_timer *o = arg;
    gorc_chan_recv(o->made, NULL);
    gorc_timer_free(o->t);
    gorc_chan_send(o->freed, NULL);
}

Test(lifetime_heap, l1_timer_freed_by_its_function)
{
    struct own_timer o = {NULL, gorc_chan_new(0, 1), gorc_chan_new(0, 0)};
    for (int i = 0; i < rounds() / 2; i++) {
        o.t = gorc_timer_after_func(i % 30 * GORC_MICROSECOND, free_own_timer, &o);
        gorc_chan_send(o.made, NULL);
        gorc_chan_recv(o.freed, NULL);
    }
    gorc_chan_unref(o.made);
    gorc_chan_unref(o.freed);
}

/* --- contexts and groups --- */

struct own_ctx {
    gorc_ctx *ctx;
    gorc_ctx_stop *stop;
    gorc_waitgroup freed;
};

static void cancel(void *ctx)
{
    gorc_ctx_cancel(ctx);
}

static void free_own_ctx(void *arg)
{
    struct own_ctx *o = arg;
    gorc_ctx_free(o->ctx);
    gorc_wg_done(&o->freed);
}

Test(lifetime_heap, l1_context_freed_by_its_after_func)
{
    for (int i = 0; i < rounds(); i++) {
        struct own_ctx o = {.ctx = gorc_ctx_with_cancel(gorc_ctx_background())};
        gorc_ctx *child = gorc_ctx_with_timeout(o.ctx, 100 * GORC_SECOND);
        gorc_wg_add(&o.freed, 1);
        o.stop = gorc_ctx_after_func(child, free_own_ctx, &o);
        gorc_wg_go(&o.freed, cancel, o.ctx);
        gorc_chan_recv(gorc_ctx_done(child), NULL);
        gorc_ctx_free(child);
        gorc_wg_wait(&o.freed);
        gorc_ctx_stop_func(o.stop);
    }
}

static int fail(void *arg)
{
    (void)arg;
    return -EIO;
}

/* Its context is freed by who sees the first failure, the group by wait. */
Test(lifetime_heap, l1_groups_context_freed_by_who_sees_the_failure)
{
    for (int i = 0; i < rounds(); i++) {
        gorc_ctx *ctx;
        gorc_group *g = gorc_group_new(gorc_ctx_background(), &ctx);
        gorc_group_go(g, fail, NULL);
        gorc_group_go(g, fail, NULL);
        gorc_chan_recv(gorc_ctx_done(ctx), NULL);
        gorc_ctx_free(ctx);
        CHECK_EQ(gorc_group_wait(g), -EIO);
    }
}

/* --- connections: both ends go with the last byte read --- */

/* Not freed by the reader: AddressSanitizer looks at what was written after the system call. */
static char bytes[500000];

struct conn {
    int fd;
    size_t n;
};

static void write_all(void *arg)
{
    struct conn c = *(struct conn *)arg;
    gorc_write(c.fd, bytes, c.n); /* may return when the other side has gone on already */
}

static void conn_closed_by_reader(int fds[2], size_t n)
{
    struct conn *c = malloc(sizeof *c);
    char got[3000];
    size_t have = 0;
    *c = (struct conn){fds[1], n};
    gorc_go(write_all, c);
    while (have < n) {
        ssize_t r = gorc_read(fds[0], got, sizeof got);
        CHECK(r > 0);
        have += (size_t)r;
    }
    free(c);
    CHECK_EQ(gorc_close(fds[1]), 0);
    CHECK_EQ(gorc_close(fds[0]), 0);
}

Test(lifetime_heap, l1_connection_closed_by_its_reader)
{
    for (int i = 0; i < rounds() / 8; i++) {
        int fds[2];
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
        conn_closed_by_reader(fds, i % 3 ? 1 : sizeof bytes);
        CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
        conn_closed_by_reader(fds, i % 3 ? 1 : sizeof bytes);
    }
}

static void dial(void *arg)
{
    char *address = arg;
    int fd = gorc_dial(address);
    CHECK(fd >= 0);
    gorc_close(fd);
}

/* Who has accepted the connection closes the listener, and frees the dialler's address. */
Test(lifetime_heap, l1_listener_closed_by_who_accepts)
{
    for (int i = 0; i < rounds() / 8; i++) {
        gorc_waitgroup wg = {0};
        char *address = malloc(64);
        snprintf(address, 64, "unix:@gorc-lifetime-%d-%d", (int)getpid(), i);
        int listener = gorc_listen(address);
        CHECK(listener >= 0);
        gorc_wg_go(&wg, dial, address);
        int fd = gorc_accept(listener);
        CHECK(fd >= 0);
        memset(address, 0xdd, 64);
        free(address);
        CHECK_EQ(gorc_close(listener), 0);
        char c;
        CHECK_EQ(gorc_read(fd, &c, 1), 0);
        gorc_close(fd);
        gorc_wg_wait(&wg);
    }
}
