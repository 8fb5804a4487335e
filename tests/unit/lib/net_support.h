/* SPDX-License-Identifier: MIT
 *
 * What the tests of descriptors share: connected sockets, an echo server, counting descriptors.
 */
#ifndef GORC_TESTS_NET_SUPPORT_H
#define GORC_TESTS_NET_SUPPORT_H

#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define MS GORC_MILLISECOND
#define SOON (gorc_now() + 100 * GORC_SECOND)

/* Without the two that the library keeps from the first wait on. */
UNUSED static int count_fds(void)
{
    char path[32], name[64];
    int n = 0;
    for (int fd = 0; fd < 4096; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(path, name, sizeof name - 1);
        if (size >= 0) {
            name[size] = 0;
            n += !strstr(name, "[eventpoll]") && !strstr(name, "[eventfd]");
        }
    }
    return n;
}

UNUSED static int begin(void)
{
    return count_fds();
}

UNUSED static void end(int before)
{
    CHECK_EQ(count_fds(), before);
}

UNUSED static int listen_tcp(char address[64])
{
    struct sockaddr_in in;
    socklen_t size = sizeof in;
    int fd = gorc_listen("127.0.0.1:0");
    CHECK(fd >= 0);
    CHECK(getsockname(fd, (struct sockaddr *)&in, &size) == 0);
    snprintf(address, 64, "127.0.0.1:%d", ntohs(in.sin_port));
    return fd;
}

UNUSED static void connected(int pair[2])
{
    char address[64];
    int l = listen_tcp(address);
    pair[0] = gorc_dial(address);
    CHECK(pair[0] >= 0);
    pair[1] = gorc_accept(l);
    CHECK(pair[1] >= 0);
    CHECK_EQ(gorc_close(l), 0);
}

UNUSED static void close_both(int pair[2])
{
    CHECK_EQ(gorc_close(pair[0]), 0);
    CHECK_EQ(gorc_close(pair[1]), 0);
}

/* --- a goroutine per connection --- */

UNUSED static void echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buf[256];
    ssize_t n;
    while ((n = gorc_read(fd, buf, sizeof buf)) > 0)
        CHECK_EQ(gorc_write(fd, buf, (size_t)n), n);
    CHECK(n == 0 || n == -ECONNRESET);
    gorc_close(fd);
}

UNUSED static void serve(void *arg)
{
    int l = (int)(intptr_t)arg, fd;
    while ((fd = gorc_accept(l)) >= 0)
        gorc_go(echo, (void *)(intptr_t)fd);
    CHECK_EQ(fd, -EBADF); /* closed */
}

struct client {
    const char *address;
    int rounds;
};

UNUSED static void run_client(void *arg)
{
    struct client *c = arg;
    char out[64], in[64];
    int fd = gorc_dial(c->address);
    CHECK(fd >= 0);
    for (int i = 0; i < c->rounds; i++) {
        memset(out, 'a' + i % 26, sizeof out);
        CHECK_EQ(gorc_write(fd, out, sizeof out), sizeof out);
        for (size_t got = 0; got < sizeof in;) {
            ssize_t n = gorc_read(fd, in + got, sizeof in - got);
            CHECK(n > 0);
            got += (size_t)n;
        }
        CHECK(memcmp(in, out, sizeof in) == 0);
    }
    CHECK_EQ(gorc_close(fd), 0);
}

UNUSED static void wait_for_others(void)
{
    while (gorc_num_goroutines() > 1)
        gorc_yield();
}

struct big_write {
    int fd;
    const char *data;
    size_t n;
};

UNUSED static void write_big(void *arg)
{
    struct big_write *w = arg;
    CHECK_EQ(gorc_write(w->fd, w->data, w->n), w->n);
}

/* Partial writes are finished. */
UNUSED static void transfer_big(int from, int to, size_t size)
{
    char *data = malloc(size), buf[10000];
    gorc_waitgroup wg = {0};
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7 + i / 251);
    struct big_write w = {from, data, size};
    gorc_wg_go(&wg, write_big, &w);
    for (size_t got = 0; got < size;) {
        ssize_t n = gorc_read(to, buf, sizeof buf);
        CHECK(n > 0 && memcmp(buf, data + got, (size_t)n) == 0);
        got += (size_t)n;
    }
    gorc_wg_wait(&wg);
    free(data);
}

#endif
