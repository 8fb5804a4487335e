/* SPDX-License-Identifier: MIT
 *
 * Listening, accepting, dialing, closing.
 */
#define _GNU_SOURCE
#include <gorc/net.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <unistd.h>

#include "net/net_impl.h"

#undef errno /* between two switches the thread's own will do */
#define errno (*__errno_location())

static int close_errno(int fd)
{
    return close(fd) == 0 ? 0 : -errno;
}

/* fd is new and ours. Returns it, or, where there is no record, closes it. */
static int adopt(int fd)
{
    int err;
    struct gorc__fd *f = gorc__fd_get(fd, &err);
    if (!f) {
        close(fd);
        return err;
    }
    gorc__fd_made(f, GORC__FD_SOCKET | GORC__FD_STREAM);
    return fd;
}

static int new_socket(int family)
{
    int one = 1, fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* inherited by accept */
    gorc__hook_fd_made(fd);
    return fd;
}

/* --- listen --- */

static int listen_at(const struct gorc__address *a)
{
    int one = 1, zero = 0, fd = new_socket(a->addr.ss_family);
    if (fd < 0)
        return fd;
    if (a->addr.ss_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (a->addr.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (bind(fd, (const struct sockaddr *)&a->addr, a->size) != 0 || listen(fd, 65535) != 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    return adopt(fd);
}

int gorc_listen(const char *address)
{
    struct gorc__address a[GORC__ADDRESSES];
    gorc__self();
    int n = gorc__resolve(address, true, a, INT64_MAX), fd = n;
    for (int i = 0; i < n; i++) {
        fd = listen_at(&a[i]);
        if (fd >= 0)
            break;
    }
    return fd;
}

/* --- accept --- */

/* accept4 knows no MSG_DONTWAIT: a listener from elsewhere is made non-blocking. */
static void unblock(struct gorc__fd *f, int fd)
{
    if (!(atomic_load(&f->kind) & GORC__FD_BLOCKS))
        return;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
        atomic_fetch_and(&f->kind, (uint8_t)~GORC__FD_BLOCKS);
}

static bool is_passing(int err)
{
    return err == EINTR || err == ECONNABORTED || err == EPROTO;
}

static int accept_next(struct gorc__fd *f, int fd, int64_t deadline)
{
    bool edge = f->mode == GORC__FD_EDGE;
    unblock(f, fd);
    for (;;) {
        int err = EAGAIN, got = -1;
        uint32_t ready = edge ? atomic_load_explicit(&f->ready, memory_order_relaxed) : ~0u;
        if (ready & (GORC__FD_READ | GORC__FD_ENDED)) {
            if (edge)
                atomic_fetch_and(&f->ready, ~GORC__FD_READ);
            do
                got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            while (got < 0 && is_passing(errno));
            err = errno;
        }
        if (got >= 0 || err != EAGAIN) { /* more may wait; or this one still does */
            gorc__fd_more(f, GORC__FD_READ);
            return got >= 0 ? got : -err;
        }
        err = gorc__fd_wait(f, fd, GORC__FD_READ, GORC__WAIT_FD_ACCEPT, deadline);
        if (err)
            return err;
    }
}

int gorc_accept_until(int fd, int64_t deadline)
{
    struct gorc__fd *f;
    gorc__self();
    int err = gorc__fd_use(fd, &f);
    if (err)
        return err;
    int got = accept_next(f, fd, deadline);
    gorc__fd_leave(f);
    if (got < 0)
        return got;
    gorc__hook_fd_accepted(got);
    return adopt(got);
}

int gorc_accept(int fd)
{
    return gorc_accept_until(fd, INT64_MAX);
}

/* --- dial --- */

struct connecting {
    int fd;
    const struct gorc__address *to;
};

static int connect_blocking(void *arg)
{
    struct connecting *c = arg;
    int err;
    do
        err = connect(c->fd, (const struct sockaddr *)&c->to->addr, c->to->size) ? errno : 0;
    while (err == EINTR);
    return err == EISCONN ? 0 : -err;
}

/* The backlog of a unix socket is full: only a call that blocks can wait for it. */
static int connect_full(int fd, const struct gorc__address *a, int64_t deadline)
{
    struct connecting c = {fd, a};
    struct timeval limit = {0, 0};
    int flags = fcntl(fd, F_GETFL);
    if (deadline != INT64_MAX) {
        int64_t left = deadline - gorc__now();
        if (left <= 0)
            return -ETIMEDOUT;
        limit = (struct timeval){left / 1000000000, left % 1000000000 / 1000 + 1};
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    int err = gorc__blocking_call(connect_blocking, &c);
    limit = (struct timeval){0, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    return err == -EAGAIN ? -ETIMEDOUT : err;
}

static int await_connection(struct gorc__fd *f, int fd, int64_t deadline)
{
    int err = gorc__fd_enter(f);
    if (err)
        return err;
    atomic_store(&f->ready, 0);
    err = gorc__fd_wait(f, fd, GORC__FD_WRITE, GORC__WAIT_FD_DIAL, deadline);
    gorc__fd_leave(f);
    if (err)
        return err;
    socklen_t size = sizeof err;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0)
        return -errno;
    atomic_fetch_or(&f->ready, GORC__FD_READ | GORC__FD_WRITE);
    return -err;
}

static int connect_to(struct gorc__fd *f, int fd, const struct gorc__address *a, int64_t deadline)
{
    gorc__hook_fd_dial();
    if (connect(fd, (const struct sockaddr *)&a->addr, a->size) == 0)
        return 0;
    if (errno == EAGAIN && a->addr.ss_family == AF_UNIX)
        return connect_full(fd, a, deadline);
    return errno == EINPROGRESS || errno == EINTR ? await_connection(f, fd, deadline) : -errno;
}

static int dial_at(const struct gorc__address *a, int64_t deadline)
{
    int fd = new_socket(a->addr.ss_family), err;
    if (fd < 0)
        return fd;
    fd = adopt(fd);
    if (fd < 0)
        return fd;
    struct gorc__fd *f = gorc__fd_get(fd, &err); /* there is one by now */
    err = connect_to(f, fd, a, deadline);
    if (err == 0)
        return fd;
    gorc_close(fd);
    return err;
}

int gorc_dial_until(const char *address, int64_t deadline)
{
    struct gorc__address a[GORC__ADDRESSES];
    gorc__self();
    int n = gorc__resolve(address, false, a, deadline), fd = n;
    for (int i = 0; i < n; i++) {
        fd = dial_at(&a[i], deadline);
        if (fd >= 0 || fd == -ETIMEDOUT)
            break;
    }
    return fd;
}

int gorc_dial(const char *address)
{
    return gorc_dial_until(address, INT64_MAX);
}

/* --- close --- */

int gorc_close(int fd)
{
    int err;
    gorc__self();
    struct gorc__fd *f = gorc__fd_get(fd, &err);
    if (!f)
        return err;
    gorc__hook_fd_closing(fd);
    return gorc__fd_close(f, fd, close_errno);
}
