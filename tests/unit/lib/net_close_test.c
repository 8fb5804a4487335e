/* SPDX-License-Identifier: MIT
 *
 * Descriptors: several who wait for one, close and reuse, failures, signals, threads, fork.
 */
#define _GNU_SOURCE
#include "net_support.h"

/* --- several who wait --- */

struct shared {
    int fd;
    atomic_int waiting, bytes;
    gorc_waitgroup wg;
};

static void read_one(void *arg)
{
    struct shared *s = arg;
    char c;
    atomic_fetch_add(&s->waiting, 1);
    CHECK_EQ(gorc_read(s->fd, &c, 1), 1);
    atomic_fetch_add(&s->bytes, 1);
}

static void many_readers(int from, int to)
{
    enum { N = 50 };
    struct shared s = {.fd = to};
    for (int i = 0; i < N; i++)
        gorc_wg_go(&s.wg, read_one, &s);
    await(&s.waiting, N);
    char data[N] = {0};
    CHECK_EQ(gorc_write(from, data, 10), 10); /* in one piece: all must be told */
    await(&s.bytes, 10);
    for (int i = 10; i < N; i++)
        CHECK_EQ(gorc_write(from, data, 1), 1);
    gorc_wg_wait(&s.wg);
    CHECK_EQ(atomic_load(&s.bytes), N);
}

Test(net, several_readers_of_one_descriptor)
{
    int pair[2], before = begin();
    connected(pair);
    many_readers(pair[0], pair[1]);
    close_both(pair);
    CHECK(pipe(pair) == 0);
    many_readers(pair[1], pair[0]);
    close_both(pair);
    end(before);
}

static void poll_both(void *arg)
{
    struct shared *s = arg;
    atomic_fetch_add(&s->waiting, 1);
    CHECK_EQ(gorc_wait_fd(s->fd, POLLIN, SOON), POLLIN);
    atomic_fetch_add(&s->bytes, 1);
}

/* Who only looks takes nothing away from who reads. */
Test(net, wait_fd_beside_a_reader)
{
    int pair[2], before = begin();
    char c;
    connected(pair);
    struct shared s = {.fd = pair[0]};
    for (int i = 0; i < 3; i++)
        gorc_wg_go(&s.wg, poll_both, &s);
    await(&s.waiting, 3);
    CHECK_EQ(gorc_wait_fd(pair[0], POLLOUT, SOON), POLLOUT);
    CHECK_EQ(gorc_wait_fd(pair[0], POLLIN, gorc_now() + MS), -ETIMEDOUT);
    CHECK_EQ(gorc_write(pair[1], "x", 1), 1);
    gorc_wg_wait(&s.wg);
    CHECK_EQ(gorc_wait_fd(pair[0], POLLIN | POLLOUT, SOON), POLLIN | POLLOUT);
    CHECK_EQ(gorc_read(pair[0], &c, 1), 1);
    CHECK_EQ(gorc_wait_fd(pair[0], 0, SOON), -EINVAL);
    CHECK_EQ(gorc_close(pair[1]), 0);
    CHECK(gorc_wait_fd(pair[0], POLLIN, SOON) & POLLIN); /* the end can be read */
    CHECK_EQ(gorc_read(pair[0], &c, 1), 0);
    CHECK_EQ(gorc_close(pair[0]), 0);
    end(before);
}

/* --- close --- */

static void read_till_closed(void *arg)
{
    struct shared *s = arg;
    char c;
    atomic_fetch_add(&s->waiting, 1);
    CHECK_EQ(gorc_read(s->fd, &c, 1), -EBADF);
}

static void poll_till_closed(void *arg)
{
    struct shared *s = arg;
    atomic_fetch_add(&s->waiting, 1);
    CHECK_EQ(gorc_wait_fd(s->fd, POLLIN, SOON), -EBADF);
}

static void close_wakes(int fd)
{
    struct shared s = {.fd = fd};
    for (int i = 0; i < 5; i++)
        gorc_wg_go(&s.wg, i % 2 ? poll_till_closed : read_till_closed, &s);
    await(&s.waiting, 5);
    settle();
    CHECK_EQ(gorc_close(fd), 0);
    gorc_wg_wait(&s.wg);
    CHECK_EQ(gorc_close(fd), -EBADF); /* twice */
}

Test(net, close_wakes_all_who_wait)
{
    int pair[2], before = begin();
    connected(pair);
    close_wakes(pair[0]);
    gorc_close(pair[1]);
    CHECK(pipe(pair) == 0);
    close_wakes(pair[0]);
    gorc_close(pair[1]);
    CHECK_EQ(gorc_close(-1), -EBADF);
    CHECK_EQ(gorc_close(1 << 29), -EBADF);
    CHECK_EQ(gorc_read(4000, NULL, 0), -EBADF);
    end(before);
}

struct victim {
    int fd;
    atomic_int done;
};

static void read_number(void *arg)
{
    struct victim *v = arg;
    char c;
    CHECK_EQ(gorc_read(v->fd, &c, 1), -EBADF); /* never a byte of another connection */
    atomic_store(&v->done, 1);
}

/* The number is reused before the reader of the old descriptor has run again; a byte that waits at
 * the new one must not go to it. */
Test(net, no_event_and_no_byte_of_another_descriptor)
{
    char address[64];
    one_worker();
    int before = begin(), l = listen_tcp(address), n = scaled(400);
    for (int i = 0; i < n; i++) {
        int out = gorc_dial(address);
        struct victim v = {.fd = gorc_accept(l)};
        gorc_go(read_number, &v);
        settle_rounds(4); /* it waits */
        CHECK_EQ(gorc_close(v.fd), 0);
        int next = gorc_dial(address), got = gorc_accept(l);
        CHECK_EQ(gorc_write(next, "x", 1), 1);
        while (!atomic_load(&v.done))
            gorc_yield();
        char c = 0;
        CHECK_EQ(gorc_read(got, &c, 1), 1);
        CHECK_EQ(c, 'x');
        gorc_close(next);
        gorc_close(got);
        gorc_close(out);
    }
    gorc_close(l);
    end(before);
}

static void close_it(void *arg)
{
    struct shared *s = arg;
    if (gorc_close(s->fd) == 0)
        atomic_fetch_add(&s->bytes, 1);
}

Test(net, one_of_several_closes_wins)
{
    int before = begin();
    for (int i = 0; i < scaled(200); i++) {
        int pair[2];
        connected(pair);
        struct shared s = {.fd = pair[0]};
        for (int k = 0; k < 4; k++)
            gorc_wg_go(&s.wg, close_it, &s);
        gorc_wg_wait(&s.wg);
        CHECK_EQ(atomic_load(&s.bytes), 1);
        gorc_close(pair[1]);
    }
    end(before);
}

/* --- failures --- */

Test(net, out_of_descriptors)
{
    struct rlimit limit, before_limit;
    char address[64], c;
    int before = begin(), l = listen_tcp(address), fd = gorc_dial(address), spare;
    CHECK(getrlimit(RLIMIT_NOFILE, &before_limit) == 0);
    limit = before_limit;
    spare = dup(0);
    close(spare);
    limit.rlim_cur = (rlim_t)spare;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_EQ(gorc_accept(l), -EMFILE); /* the connection waits */
    CHECK_EQ(gorc_accept_until(l, SOON), -EMFILE);
    CHECK_EQ(gorc_dial(address), -EMFILE);
    CHECK_EQ(gorc_listen("127.0.0.1:0"), -EMFILE);
    CHECK(setrlimit(RLIMIT_NOFILE, &before_limit) == 0);
    int got = gorc_accept(l);
    CHECK(got >= 0);
    CHECK_EQ(gorc_write(fd, "x", 1), 1);
    CHECK_EQ(gorc_read(got, &c, 1), 1);
    gorc_close(got);
    gorc_close(fd);
    gorc_close(l);
    end(before);
}

static void ignore_signal(int sig)
{
    (void)sig;
}

static void *interrupt(void *arg)
{
    for (int i = 0; i < 200; i++) {
        kill(getpid(), SIGUSR1);
        usleep(200);
    }
    return arg;
}

Test(net, signals_are_not_seen)
{
    struct sigaction action = {.sa_handler = ignore_signal}; /* no SA_RESTART */
    pthread_t thread;
    int pair[2], before = begin();
    sigaction(SIGUSR1, &action, NULL);
    connected(pair);
    pthread_create(&thread, NULL, interrupt, NULL);
    for (int i = 0; i < 5; i++)
        transfer_big(pair[0], pair[1], 1 << 20);
    pthread_join(thread, NULL);
    close_both(pair);
    end(before);
}

/* --- foreign threads, fork --- */

static void *foreign_main(void *arg)
{
    struct client c = {arg, 20};
    run_client(&c);
    return NULL;
}

Test(net, a_foreign_thread_may_do_all_of_this)
{
    pthread_t threads[4];
    char address[64];
    int before = begin(), l = listen_tcp(address);
    gorc_go(serve, (void *)(intptr_t)l);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, foreign_main, address) == 0);
    gorc_sleep(MS);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK_EQ(gorc_close(l), 0);
    wait_for_others();
    end(before);
}

static int child_echo(int pair[2], int l, const char *address)
{
    struct client c = {address, 10};
    char b;
    gorc_go(serve, (void *)(intptr_t)l);
    run_client(&c);
    if (gorc_read(pair[1], &b, 1) != 1 || b != 'p')
        return 1;
    if (gorc_write(pair[1], "c", 1) != 1 || gorc_close(l) != 0)
        return 2;
    wait_for_others();
    return 0;
}

Test(net, fork_with_waiters_and_connections)
{
    char address[64], b = 0;
    int pair[2], before = begin(), l = listen_tcp(address), own;
    connected(pair);
    struct shared s = {.fd = pair[0]};
    gorc_wg_go(&s.wg, poll_both, &s); /* it does not exist in the child */
    await(&s.waiting, 1);
    settle();
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(300);
        _exit(child_echo(pair, l, address));
    }
    CHECK_EQ(gorc_write(pair[0], "p", 1), 1);
    gorc_wg_wait(&s.wg);
    CHECK_EQ(gorc_read(pair[0], &b, 1), 1);
    CHECK_EQ(b, 'c');
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_EQ(status, 0);
    own = gorc_dial(address); /* the parent's poller still works */
    int got = gorc_accept(l);
    CHECK_EQ(gorc_read_until(got, &b, 1, gorc_now() + MS), -ETIMEDOUT);
    gorc_close(own);
    CHECK_EQ(gorc_read(got, &b, 1), 0);
    gorc_close(got);
    gorc_close(l);
    close_both(pair);
    end(before);
}

/* --- G3: who waits for a descriptor is not stuck --- */

static void *write_late(void *arg)
{
    usleep(20000);
    CHECK(write((int)(intptr_t)arg, "x", 1) == 1);
    return NULL;
}

Test(net, g3_waiting_for_a_descriptor_is_no_deadlock)
{
    pthread_t thread;
    int fds[2], before = begin();
    char c;
    CHECK(pipe(fds) == 0);
    CHECK(pthread_create(&thread, NULL, write_late, (void *)(intptr_t)fds[1]) == 0);
    CHECK_EQ(gorc_read(fds[0], &c, 1), 1);
    pthread_join(thread, NULL);
    close_both(fds);
    end(before);
}
