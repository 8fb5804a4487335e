/* SPDX-License-Identifier: MIT
 *
 * Descriptors: listen, accept, dial, read, write, their deadlines, wait_fd, on sockets of gorc's,
 * pipes, socket pairs, eventfds and files. Each test ends with the descriptors it began with.
 */
#define _GNU_SOURCE
#include "net_support.h"

static void echo_many(int l, const char *address)
{
    int before = count_fds() - 1;
    struct client c = {address, scaled(60)};
    gorc_waitgroup wg = {0};
    gorc_go(serve, (void *)(intptr_t)l);
    for (int i = 0; i < 40; i++)
        gorc_wg_go(&wg, run_client, &c);
    gorc_wg_wait(&wg);
    CHECK_EQ(gorc_close(l), 0);
    wait_for_others();
    end(before);
}

Test(net, echo_over_tcp)
{
    char address[64];
    begin();
    int l = listen_tcp(address);
    echo_many(l, address);
}

Test(net, echo_over_unix_path)
{
    char path[96], address[128];
    begin();
    snprintf(path, sizeof path, "net-test-%d.sock", (int)getpid());
    snprintf(address, sizeof address, "unix:%s", path);
    int l = gorc_listen(address);
    CHECK(l >= 0);
    echo_many(l, address);
    CHECK(unlink(path) == 0);
}

Test(net, echo_over_unix_abstract)
{
    char address[128];
    begin();
    snprintf(address, sizeof address, "unix:@gorc-net-test-%d", (int)getpid());
    int l = gorc_listen(address);
    CHECK(l >= 0);
    echo_many(l, address);
}

Test(net, addresses)
{
    int before = begin();
    const char *bad[] = {"", "127.0.0.1", "127.0.0.1:", "::1:80", "[::1]80", "unix:", NULL};
    for (int i = 0; bad[i]; i++) {
        CHECK_EQ(gorc_listen(bad[i]), -EINVAL);
        CHECK_EQ(gorc_dial(bad[i]), -EINVAL);
    }
    CHECK_EQ(gorc_dial(NULL), -EINVAL);
    CHECK_EQ(gorc_dial("unix:/nowhere/at/all"), -ENOENT);
    CHECK_EQ(gorc_dial("localhost:no-such-service-here"), -ENOENT);
    CHECK_EQ(gorc_dial("127.0.0.1:99999"), -EINVAL);
    end(before);
}

/* By name, through the resolver's goroutine; and by the empty host. */
Test(net, names)
{
    struct sockaddr_storage any;
    socklen_t size = sizeof any;
    char address[64];
    int before = begin();
    int l = gorc_listen(":0");
    CHECK(l >= 0);
    CHECK(getsockname(l, (struct sockaddr *)&any, &size) == 0);
    int port = ntohs(any.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&any)->sin6_port
                                               : ((struct sockaddr_in *)&any)->sin_port);
    const char *hosts[] = {"localhost", "127.0.0.1", ""};
    for (int i = 0; i < 3; i++) {
        snprintf(address, sizeof address, "%s:%d", hosts[i], port);
        int fd = gorc_dial_until(address, SOON);
        CHECK(fd >= 0);
        int got = gorc_accept(l);
        CHECK(got >= 0);
        gorc_close(fd);
        gorc_close(got);
    }
    gorc_close(l);
    wait_for_others();
    end(before);
}

Test(net, dial_refused)
{
    char address[64];
    int before = begin();
    int l = listen_tcp(address);
    gorc_close(l);
    CHECK_EQ(gorc_dial(address), -ECONNREFUSED);
    CHECK_EQ(gorc_dial_until(address, SOON), -ECONNREFUSED);
    end(before);
}

/* The backlog is full and nobody accepts. */
Test(net, dial_until_gives_up)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof in;
    char address[64];
    int before = begin(), n = 0, fd, fds[64];
    int l = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(l, (struct sockaddr *)&in, sizeof in) == 0 && listen(l, 0) == 0);
    CHECK(getsockname(l, (struct sockaddr *)&in, &size) == 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(in.sin_port));
    while (n < 64 && (fd = gorc_dial_until(address, gorc_now() + 20 * MS)) >= 0)
        fds[n++] = fd;
    CHECK(n < 64);
    CHECK_EQ(fd, -ETIMEDOUT);
    while (n > 0)
        gorc_close(fds[--n]);
    gorc_close(l);
    end(before);
}

/* --- deadlines --- */

Test(net, read_until_and_accept_until_time_out)
{
    char address[64], c;
    int pair[2], before = begin();
    int l = listen_tcp(address);
    connected(pair);
    for (int i = 0; i < 3; i++) {
        int64_t deadline = gorc_now() + MS;
        CHECK_EQ(gorc_read_until(pair[0], &c, 1, deadline), -ETIMEDOUT);
        CHECK(gorc_now() >= deadline);
        deadline = gorc_now() + MS;
        CHECK_EQ(gorc_accept_until(l, deadline), -ETIMEDOUT);
        CHECK(gorc_now() >= deadline);
        CHECK_EQ(gorc_read_until(pair[0], &c, 1, 0), -ETIMEDOUT); /* the past: only a try */
    }
    CHECK_EQ(gorc_write(pair[1], "x", 1), 1);
    CHECK_EQ(gorc_read_until(pair[0], &c, 1, SOON), 1);
    CHECK_EQ(gorc_write(pair[1], "y", 1), 1);
    CHECK_EQ(gorc_wait_fd(pair[0], POLLIN, SOON), POLLIN);
    CHECK_EQ(gorc_read_until(pair[0], &c, 1, 0), 1);
    close_both(pair);
    gorc_close(l);
    end(before);
}

Test(net, write_until_reports_what_went_out)
{
    enum { SIZE = 64 << 20 };
    int pair[2], before = begin();
    char *big = calloc(1, SIZE);
    connected(pair);
    ssize_t n = gorc_write_until(pair[0], big, SIZE, gorc_now() + 20 * MS);
    CHECK(n > 0 && n < SIZE);
    CHECK_EQ(gorc_write_until(pair[0], big, SIZE, gorc_now() + MS), -ETIMEDOUT);
    close_both(pair);
    free(big);
    end(before);
}

Test(net, a_big_write_is_written_whole)
{
    int pair[2], before = begin();
    connected(pair);
    transfer_big(pair[0], pair[1], 8 << 20);
    transfer_big(pair[1], pair[0], 3 << 20);
    close_both(pair);
    end(before);
}

/* --- descriptors from elsewhere --- */

Test(net, pipes_blocking_and_not)
{
    int fds[2], before = begin();
    for (int flags = 0; flags < 2; flags++) {
        CHECK(pipe2(fds, flags ? O_NONBLOCK : 0) == 0);
        transfer_big(fds[1], fds[0], 1 << 20);
        CHECK_EQ(!!(fcntl(fds[0], F_GETFL) & O_NONBLOCK), flags); /* left as it was */
        char c;
        CHECK_EQ(gorc_read_until(fds[0], &c, 1, gorc_now() + MS), -ETIMEDOUT);
        CHECK_EQ(gorc_close(fds[1]), 0);
        CHECK_EQ(gorc_read(fds[0], &c, 1), 0);
        CHECK_EQ(gorc_close(fds[0]), 0);
    }
    end(before);
}

Test(net, socket_pairs_blocking_and_not)
{
    int fds[2], before = begin();
    for (int flags = 0; flags < 2; flags++) {
        CHECK(socketpair(AF_UNIX, SOCK_STREAM | (flags ? SOCK_NONBLOCK : 0), 0, fds) == 0);
        transfer_big(fds[1], fds[0], 1 << 20);
        close_both(fds);
    }
    end(before);
}

static void post(void *arg)
{
    uint64_t one = 1;
    gorc_sleep(MS);
    CHECK_EQ(gorc_write((int)(intptr_t)arg, &one, 8), 8);
}

Test(net, eventfd)
{
    uint64_t n = 0;
    int before = begin(), fd = eventfd(0, 0);
    gorc_go(post, (void *)(intptr_t)fd);
    CHECK_EQ(gorc_read(fd, &n, 8), 8);
    CHECK_EQ(n, 1);
    CHECK_EQ(gorc_read_until(fd, &n, 8, gorc_now() + MS), -ETIMEDOUT);
    wait_for_others();
    CHECK_EQ(gorc_close(fd), 0);
    end(before);
}

/* epoll refuses regular files. */
Test(net, regular_files)
{
    char name[] = "net-test-XXXXXX", buf[16] = "";
    int before = begin(), fd = mkstemp(name);
    CHECK(fd >= 0 && unlink(name) == 0);
    CHECK_EQ(gorc_write(fd, "hello", 5), 5);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    CHECK(gorc_wait_fd(fd, POLLIN, INT64_MAX) & POLLIN);
    CHECK_EQ(gorc_read_until(fd, buf, sizeof buf, SOON), 5);
    CHECK_EQ(gorc_read(fd, buf, sizeof buf), 0);
    CHECK_EQ(gorc_close(fd), 0);
    fd = open("/dev/null", O_RDWR);
    CHECK_EQ(gorc_write(fd, "x", 1), 1);
    CHECK_EQ(gorc_read(fd, buf, 1), 0);
    CHECK_EQ(gorc_close(fd), 0);
    end(before);
}

/* A number that close(2) gave up and that is another's now, between two waits. */
Test(net, a_reused_number_is_another_descriptor)
{
    int a[2], b[2], before = begin();
    char c;
    for (int i = 0; i < 20; i++) {
        CHECK(pipe(a) == 0);
        CHECK_EQ(gorc_read_until(a[0], &c, 1, gorc_now() + MS / 10), -ETIMEDOUT);
        close(a[0]);
        close(a[1]);
        CHECK(i % 2 ? pipe(b) == 0 : socketpair(AF_UNIX, SOCK_STREAM, 0, b) == 0);
        CHECK_EQ(b[0], a[0]);
        struct big_write w = {b[1], "z", 1};
        gorc_waitgroup wg = {0};
        gorc_wg_go(&wg, write_big, &w);
        CHECK_EQ(gorc_read(b[0], &c, 1), 1);
        gorc_wg_wait(&wg);
        close(b[0]);
        close(b[1]);
    }
    end(before);
}

Test(net, broken_pipe_is_an_error_and_no_signal)
{
    int pair[2], fds[2], before = begin();
    connected(pair);
    CHECK_EQ(gorc_close(pair[1]), 0);
    ssize_t n;
    while ((n = gorc_write(pair[0], "x", 1)) == 1)
        gorc_yield();
    CHECK(n == -EPIPE || n == -ECONNRESET);
    CHECK_EQ(gorc_close(pair[0]), 0);
    CHECK(pipe(fds) == 0);
    close(fds[0]);
    CHECK_EQ(gorc_write(fds[1], "x", 1), -EPIPE);
    CHECK_EQ(gorc_close(fds[1]), 0);
    end(before);
}
