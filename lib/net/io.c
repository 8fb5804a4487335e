/* SPDX-License-Identifier: MIT
 *
 * Reading, writing and waiting. A call is tried first, unless an earlier one has shown that there
 * is nothing and no event has come since; then the goroutine parks (sched/poller.h).
 *
 * Nothing here blocks the thread, whether or not the descriptor is O_NONBLOCK: sockets take
 * MSG_DONTWAIT, what else blocks takes RWF_NOWAIT where the kernel knows it, and where it does not,
 * is called only when poll says that it will not block, PIPE_BUF bytes at a time.
 */
#define _GNU_SOURCE
#include <gorc/net.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/misuse.h"
#include "net/net_impl.h"

#undef errno /* between two switches the thread's own will do */
#define errno (*__errno_location())

/* --- what a descriptor is --- */

static int meet(struct gorc__fd *f, int fd)
{
    struct stat st;
    uint8_t kind = 0;
    if (fstat(fd, &st) != 0)
        return -errno;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && !(flags & O_NONBLOCK))
        kind |= GORC__FD_BLOCKS;
    if (S_ISSOCK(st.st_mode))
        kind |= GORC__FD_SOCKET;
    gorc__fd_met(f, kind, S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode));
    return 0;
}

int gorc__fd_use(int fd, struct gorc__fd **ret)
{
    int err;
    struct gorc__fd *f = gorc__fd_get(fd, &err);
    if (!f)
        return err;
    err = gorc__fd_enter(f);
    if (err)
        return err;
    /* One that is not ours may be another file than last time. */
    if (f->mode != GORC__FD_EDGE && (err = meet(f, fd)) != 0) {
        gorc__fd_leave(f);
        return err;
    }
    *ret = f;
    return 0;
}

/* --- one attempt: a count, or a negative errno value; -EAGAIN: nothing possible now --- */

struct transfer {
    int fd;
    struct gorc__fd *f;
    void *buf;
    size_t n;
    bool writes;
};

static ssize_t plain(struct transfer *t, size_t n)
{
    return t->writes ? write(t->fd, t->buf, n) : read(t->fd, t->buf, n);
}

/* It would block, but not now: poll has been asked. */
static ssize_t plain_if_ready(struct transfer *t)
{
    struct pollfd p = {.fd = t->fd, .events = t->writes ? POLLOUT : POLLIN};
    if (poll(&p, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return plain(t, t->writes && t->n > PIPE_BUF ? PIPE_BUF : t->n);
}

static ssize_t without_waiting(struct transfer *t)
{
    struct iovec v = {t->buf, t->n};
    uint8_t kind = atomic_load(&t->f->kind);
    if (!(kind & GORC__FD_NO_NOWAIT)) {
        ssize_t n = t->writes ? pwritev2(t->fd, &v, 1, -1, RWF_NOWAIT)
                              : preadv2(t->fd, &v, 1, -1, RWF_NOWAIT);
        if (n >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
            return n;
        atomic_fetch_or(&t->f->kind, GORC__FD_NO_NOWAIT);
    }
    return plain_if_ready(t);
}

static ssize_t call(struct transfer *t)
{
    uint8_t kind = atomic_load_explicit(&t->f->kind, memory_order_relaxed);
    if (GORC__LIKELY(kind & GORC__FD_SOCKET))
        return t->writes ? send(t->fd, t->buf, t->n, MSG_NOSIGNAL | MSG_DONTWAIT)
                         : recv(t->fd, t->buf, t->n, MSG_DONTWAIT);
    return kind & GORC__FD_BLOCKS ? without_waiting(t) : plain(t, t->n);
}

/* A write to a pipe without a reader: SIGPIPE is the calling thread's; it is taken back. */
static ssize_t without_sigpipe(struct transfer *t)
{
    sigset_t sigpipe, before, pending;
    struct timespec now = {0, 0};
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
    sigpending(&pending);
    ssize_t n = call(t);
    int err = errno;
    if (n < 0 && err == EPIPE && !sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&sigpipe, NULL, &now) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = err;
    return n;
}

static ssize_t attempt(struct transfer *t)
{
    for (;;) {
        bool pipe = t->writes && !(atomic_load(&t->f->kind) & GORC__FD_SOCKET);
        ssize_t n = pipe ? without_sigpipe(t) : call(t);
        if (n >= 0)
            return n;
        if (errno == EINTR)
            continue;
        if (errno == EWOULDBLOCK)
            return -EAGAIN;
        return -errno;
    }
}

/* --- until something is done --- */

/* In gorc_blocking: a regular file, or what else cannot be waited for. */
static int attempt_blocking(void *arg)
{
    struct transfer *t = arg;
    ssize_t n;
    if (t->n > INT_MAX)
        t->n = INT_MAX;
    do
        n = plain(t, t->n);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : (int)n;
}

/* At least one byte (or 0 at the end of what is read). */
static ssize_t transfer(struct transfer *t, int64_t deadline)
{
    uint32_t event = t->writes ? GORC__FD_WRITE : GORC__FD_READ;
    struct gorc__fd *f = t->f;
    bool edge = f->mode == GORC__FD_EDGE;
    for (;;) {
        ssize_t n = -EAGAIN;
        if (f->mode == GORC__FD_FILE)
            return gorc__blocking_call(attempt_blocking, t);
        uint32_t ready = edge ? atomic_load_explicit(&f->ready, memory_order_relaxed) : ~0u;
        if (ready & (event | GORC__FD_ENDED)) {
            if (edge) /* before the call: an event of after it must not be lost */
                atomic_fetch_and(&f->ready, ~event);
            n = attempt(t);
        }
        if (n == -ENOTSOCK && edge) { /* closed by close(2), and the number is another's */
            int err = meet(f, t->fd);
            if (err)
                return err;
            edge = false;
            continue;
        }
        if (n != -EAGAIN) {
            bool used_up = n >= 0 && (size_t)n < t->n && (f->kind & GORC__FD_STREAM);
            if (edge && !used_up)
                gorc__fd_more(f, event);
            return n;
        }
        int err = gorc__fd_wait(
            f, t->fd, event, t->writes ? GORC__WAIT_FD_WRITE : GORC__WAIT_FD_READ, deadline);
        if (err)
            return err;
    }
}

static ssize_t read_at(int fd, void *buf, size_t n, int64_t deadline, const void *pc)
{
    gorc__self();
    struct transfer t = {.fd = fd, .buf = buf, .n = n};
    int err = gorc__fd_use(fd, &t.f);
    if (err)
        return err;
    ssize_t got = transfer(&t, deadline);
    gorc__fd_leave(t.f);
    if (got >= 0)
        gorc__hook_fd_got(fd);
    if (got > 0)
        gorc__hook_write(buf, (size_t)got, pc);
    return got;
}

static ssize_t write_at(int fd, const void *buf, size_t n, int64_t deadline, const void *pc)
{
    gorc__self();
    struct transfer t = {.fd = fd, .buf = (void *)(uintptr_t)buf, .n = n, .writes = true};
    int err = gorc__fd_use(fd, &t.f);
    if (err)
        return err;
    gorc__hook_read(buf, n, pc);
    gorc__hook_fd_sent(fd);
    ssize_t done = 0, sent;
    do {
        sent = transfer(&t, deadline);
        if (sent <= 0)
            break;
        done += sent;
        t.buf = (char *)t.buf + sent;
        t.n = n - (size_t)done;
    } while (t.n > 0);
    gorc__fd_leave(t.f);
    return done > 0 ? done : sent;
}

ssize_t gorc_read(int fd, void *buf, size_t n)
{
    return read_at(fd, buf, n, INT64_MAX, GORC__PC());
}

ssize_t gorc_read_until(int fd, void *buf, size_t n, int64_t deadline)
{
    return read_at(fd, buf, n, deadline, GORC__PC());
}

ssize_t gorc_write(int fd, const void *buf, size_t n)
{
    return write_at(fd, buf, n, INT64_MAX, GORC__PC());
}

ssize_t gorc_write_until(int fd, const void *buf, size_t n, int64_t deadline)
{
    return write_at(fd, buf, n, deadline, GORC__PC());
}

/* --- waiting --- */

static int poll_now(int fd, int events)
{
    struct pollfd p = {.fd = fd, .events = (short)events};
    int n;
    do
        n = poll(&p, 1, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    return p.revents & POLLNVAL ? -EBADF : p.revents;
}

int gorc_wait_fd(int fd, int events, int64_t deadline)
{
    struct gorc__fd *f;
    uint32_t wanted = (events & (POLLIN | POLLPRI | POLLRDHUP) ? GORC__FD_READ : 0) |
                      (events & POLLOUT ? GORC__FD_WRITE : 0);
    gorc__self();
    if (!wanted)
        return -EINVAL;
    int err = gorc__fd_use(fd, &f);
    if (err)
        return err;
    for (;;) {
        if (f->mode == GORC__FD_EDGE)
            atomic_fetch_and(&f->ready, ~wanted);
        err = poll_now(fd, events);
        if (f->mode == GORC__FD_EDGE && err != 0)
            gorc__fd_more(f, wanted); /* it was not used up */
        if (err == 0)
            err = gorc__fd_wait(f, fd, wanted, GORC__WAIT_FD_POLL, deadline);
        else
            break;
        if (err)
            break;
        if (f->mode == GORC__FD_FILE) {
            err = events & (POLLIN | POLLOUT);
            break;
        }
    }
    gorc__fd_leave(f);
    if (err > 0 && (err & (POLLIN | POLLPRI | POLLRDHUP | POLLHUP | POLLERR)))
        gorc__hook_fd_got(fd);
    return err;
}
