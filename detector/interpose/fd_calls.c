/* SPDX-License-Identifier: MIT
 *
 * Calls that make, copy and close descriptors, and epoll. The table follows (fd_table.h): an entry
 * is given up before the real close, after which the number may be another's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "interpose/fd_table.h"
#include "interpose/libc_access.h"

static void wrote(void *p, size_t n, uintptr_t pc)
{
    struct dt_task *t = p ? dt_enter_checked(pc) : NULL;
    if (t)
        dt_writes(t, p, n, pc);
}

static int fresh(int fd)
{
    int saved = errno;
    if (fd >= 0)
        dt_fd_fresh(fd);
    errno = saved;
    return fd;
}

static int opened(int fd)
{
    int saved = errno;
    if (fd >= 0)
        dt_fd_opened(fd);
    errno = saved;
    return fd;
}

static int duplicated(int from, int to)
{
    int saved = errno;
    if (to >= 0)
        dt_fd_duplicated(from, to);
    errno = saved;
    return to;
}

static int paired(int *fds, int err, bool both, uintptr_t pc)
{
    int saved = errno;
    if (!err) {
        dt_fd_paired(fds[0], fds[1], both);
        wrote(fds, 2 * sizeof *fds, pc);
    }
    errno = saved;
    return err;
}

/* --- files --- */

#define MODE(ret, last)                                                                            \
    mode_t ret;                                                                                    \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, last);                                                                      \
        ret = va_arg(args, mode_t);                                                                \
        va_end(args);                                                                              \
    }

DT_INTERPOSE(int, open, (const char *path, int flags, ...))
{
    MODE(mode, flags)
    DT_WAIT_BEGIN("open", path, false);
    int fd = open(path, flags, mode);
    DT_WAIT_END();
    return fresh(fd);
}

DT_INTERPOSE(int, open64, (const char *path, int flags, ...))
{
    MODE(mode, flags)
    DT_WAIT_BEGIN("open", path, false);
    int fd = open64(path, flags, mode);
    DT_WAIT_END();
    return fresh(fd);
}

DT_INTERPOSE(int, openat, (int dir, const char *path, int flags, ...))
{
    MODE(mode, flags)
    DT_WAIT_BEGIN("open", path, false);
    int fd = openat(dir, path, flags, mode);
    DT_WAIT_END();
    return fresh(fd);
}

DT_INTERPOSE(int, openat64, (int dir, const char *path, int flags, ...))
{
    MODE(mode, flags)
    DT_WAIT_BEGIN("open", path, false);
    int fd = openat64(dir, path, flags, mode);
    DT_WAIT_END();
    return fresh(fd);
}

DT_INTERPOSE(int, creat, (const char *path, mode_t mode))
{
    return fresh(creat(path, mode));
}

DT_INTERPOSE(int, creat64, (const char *path, mode_t mode))
{
    return fresh(creat64(path, mode));
}

DT_INTERPOSE(int, inotify_init, (void))
{
    return opened(inotify_init());
}

DT_INTERPOSE(int, inotify_init1, (int flags))
{
    return opened(inotify_init1(flags));
}

/* Who reads the end of the data knows what was done before. */
static void ending(int fd)
{
    int saved = errno;
    struct dt_task *t = dt_enter();
    if (t)
        dt_fd_release(t, fd);
    errno = saved;
}

DT_INTERPOSE(int, shutdown, (int fd, int how))
{
    if (how != SHUT_RD)
        ending(fd);
    return shutdown(fd, how);
}

DT_INTERPOSE(int, close, (int fd))
{
    ending(fd);
    fresh(fd);
    return close(fd);
}

DT_INTERPOSE(int, dup, (int fd))
{
    return duplicated(fd, dup(fd));
}

DT_INTERPOSE(int, dup2, (int from, int to))
{
    return duplicated(from, dup2(from, to));
}

DT_INTERPOSE(int, dup3, (int from, int to, int flags))
{
    return duplicated(from, dup3(from, to, flags));
}

static int control(int fd, int command, int result)
{
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        return duplicated(fd, result);
    return result;
}

#define FCNTL(name)                                                                                \
    DT_INTERPOSE(int, name, (int fd, int command, ...))                                            \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, command);                                                                   \
        void *arg = va_arg(args, void *);                                                          \
        va_end(args);                                                                              \
        DT_WAIT_BEGIN("file lock", (void *)(intptr_t)fd, false);                                   \
        int result = name(fd, command, arg);                                                       \
        DT_WAIT_END();                                                                             \
        return control(fd, command, result);                                                       \
    }

FCNTL(fcntl)
FCNTL(fcntl64)

/* --- pipes, sockets, events --- */

DT_INTERPOSE(int, pipe, (int *fds))
{
    return paired(fds, pipe(fds), false, DT_CALLER);
}

DT_INTERPOSE(int, pipe2, (int *fds, int flags))
{
    return paired(fds, pipe2(fds, flags), false, DT_CALLER);
}

DT_INTERPOSE(int, socketpair, (int domain, int type, int protocol, int *fds))
{
    return paired(fds, socketpair(domain, type, protocol, fds), true, DT_CALLER);
}

DT_INTERPOSE(int, socket, (int domain, int type, int protocol))
{
    return fresh(socket(domain, type, protocol));
}

DT_INTERPOSE(int, connect, (int fd, const struct sockaddr *to, socklen_t size))
{
    int saved = errno;
    struct dt_task *t = dt_enter();
    if (t && dt_instrumented(DT_CALLER))
        dt_reads(t, to, size, DT_CALLER);
    if (t)
        dt_fd_connecting(t);
    errno = saved;
    DT_WAIT_BEGIN("connect", (void *)(intptr_t)fd, false);
    int err = connect(fd, to, size);
    DT_WAIT_END();
    return err;
}

static int accepted(int fd, struct sockaddr *from, socklen_t *size, socklen_t room, uintptr_t pc)
{
    if (fd < 0)
        return fd;
    int saved = errno;
    struct dt_task *t = dt_enter_at(pc);
    if (t)
        dt_fd_accepted(t, fd);
    if (from && size) {
        wrote(from, *size < room ? *size : room, pc);
        wrote(size, sizeof *size, pc);
    }
    errno = saved;
    return fd;
}

DT_INTERPOSE(int, accept, (int fd, struct sockaddr *from, socklen_t *size))
{
    socklen_t room = size ? *size : 0;
    DT_WAIT_BEGIN("accept", (void *)(intptr_t)fd, false);
    int got = accept(fd, from, size);
    DT_WAIT_END();
    return accepted(got, from, size, room, DT_CALLER);
}

DT_INTERPOSE(int, accept4, (int fd, struct sockaddr *from, socklen_t *size, int flags))
{
    socklen_t room = size ? *size : 0;
    DT_WAIT_BEGIN("accept", (void *)(intptr_t)fd, false);
    int got = accept4(fd, from, size, flags);
    DT_WAIT_END();
    return accepted(got, from, size, room, DT_CALLER);
}

DT_INTERPOSE(int, eventfd, (unsigned value, int flags))
{
    return opened(eventfd(value, flags));
}

DT_INTERPOSE(int, timerfd_create, (int clock, int flags))
{
    return opened(timerfd_create(clock, flags));
}

DT_INTERPOSE(int, timerfd_settime,
    (int fd, int flags, const struct itimerspec *value, struct itimerspec *old))
{
    int saved = errno;
    struct dt_task *t = dt_enter();
    if (t)
        dt_fd_release(t, fd);
    errno = saved;
    return timerfd_settime(fd, flags, value, old);
}

DT_INTERPOSE(int, signalfd, (int fd, const sigset_t *mask, int flags))
{
    int got = signalfd(fd, mask, flags), saved = errno;
    if (fd < 0 && got >= 0)
        dt_fd_opened_signals(got);
    errno = saved;
    return got;
}

/* --- epoll: what was done before epoll_ctl, or before a write to what the set waits for, happens
 * before what follows an epoll_wait --- */

DT_INTERPOSE(int, epoll_create, (int size))
{
    return opened(epoll_create(size));
}

DT_INTERPOSE(int, epoll_create1, (int flags))
{
    return opened(epoll_create1(flags));
}

DT_INTERPOSE(int, epoll_ctl, (int epoll, int op, int fd, struct epoll_event *event))
{
    int saved = errno;
    struct dt_task *t = dt_enter();
    if (t && event && dt_instrumented(DT_CALLER))
        dt_reads(t, event, sizeof *event, DT_CALLER);
    if (t)
        dt_fd_release(t, epoll);
    if (t && op != EPOLL_CTL_DEL)
        dt_fd_watched(epoll, fd);
    errno = saved;
    return epoll_ctl(epoll, op, fd, event);
}

static int polled(int epoll, struct epoll_event *events, int n, uintptr_t pc)
{
    if (n <= 0)
        return n;
    int saved = errno;
    struct dt_task *t = dt_enter_at(pc);
    if (t)
        dt_fd_acquire_set(t, epoll);
    wrote(events, (size_t)n * sizeof *events, pc);
    errno = saved;
    return n;
}

DT_INTERPOSE(int, epoll_wait, (int epoll, struct epoll_event *events, int max, int timeout))
{
    DT_WAIT_BEGIN("epoll", (void *)(intptr_t)epoll, timeout >= 0);
    int n = epoll_wait(epoll, events, max, timeout);
    DT_WAIT_END();
    return polled(epoll, events, n, DT_CALLER);
}

DT_INTERPOSE(int, epoll_pwait,
    (int epoll, struct epoll_event *events, int max, int timeout, const sigset_t *mask))
{
    DT_WAIT_BEGIN("epoll", (void *)(intptr_t)epoll, timeout >= 0);
    int n = epoll_pwait(epoll, events, max, timeout, mask);
    DT_WAIT_END();
    return polled(epoll, events, n, DT_CALLER);
}

DT_INTERPOSE(int, epoll_pwait2,
    (int epoll, struct epoll_event *events, int max, const struct timespec *timeout,
        const sigset_t *mask))
{
    DT_WAIT_BEGIN("epoll", (void *)(intptr_t)epoll, timeout != NULL);
    int n = epoll_pwait2(epoll, events, max, timeout, mask);
    DT_WAIT_END();
    return polled(epoll, events, n, DT_CALLER);
}
