/* SPDX-License-Identifier: MIT
 *
 * sanitizer/linux_syscall_hooks.h: what programs that make system calls by hand say before and
 * after them. Those that move data or order something are like libc's functions of that name: what
 * is written is read before the call and released by its descriptor; what is read is acquired after
 * it and written into memory. Every argument is passed as a long.
 */
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>

#include "abi/exported.h"
#include "core/shadow.h"
#include "interpose/fd_table.h"
#include "runtime/runtime.h"

#define UNUSED __attribute__((unused))
#define PRE(name, ...)                                                                             \
    EXPORT void __sanitizer_syscall_pre_impl_##name(__VA_ARGS__);                                  \
    void __sanitizer_syscall_pre_impl_##name(__VA_ARGS__)
#define POST(name, ...)                                                                            \
    EXPORT void __sanitizer_syscall_post_impl_##name(UNUSED long result, __VA_ARGS__);             \
    void __sanitizer_syscall_post_impl_##name(UNUSED long result, __VA_ARGS__)
#define NO_PRE(name)                                                                               \
    EXPORT void __sanitizer_syscall_pre_impl_##name(void) __attribute__((alias("nothing")));
#define NO_POST(name)                                                                              \
    EXPORT void __sanitizer_syscall_post_impl_##name(void) __attribute__((alias("nothing")));
#define NONE(name) NO_PRE(name) NO_POST(name)

static UNUSED void nothing(void)
{
}

#include "abi/syscall_none.def"

/* --- what most of them do --- */

static void access_at(long p, size_t n, unsigned how, uintptr_t pc)
{
    struct dt_task *t = p && n ? dt_enter() : NULL;
    if (t)
        dt_access(t, (uintptr_t)p, n, how, pc);
}

#define READS(p, n) access_at(p, n, DT_READ, CALLER)
#define WRITES(p, n) access_at(p, n, DT_WRITE, CALLER)
#define READS_TEXT(p) access_at(p, (p) ? strlen((const char *)(p)) + 1 : 0, DT_READ, CALLER)

static void fd_acquire(long fd, long result)
{
    struct dt_task *t = result >= 0 ? dt_enter() : NULL;
    if (t)
        dt_fd_acquire(t, (int)fd);
}

static void fd_release(long fd)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_fd_release(t, (int)fd);
}

static void vector(long at, long count, size_t n, unsigned how, uintptr_t pc)
{
    const struct iovec *v = (const struct iovec *)at;
    access_at(at, (size_t)count * sizeof *v, DT_READ, pc);
    for (long i = 0; i < count && n; i++) {
        size_t part = v[i].iov_len < n ? v[i].iov_len : n;
        access_at((long)v[i].iov_base, part, how, pc);
        n -= part;
    }
}

/* --- data --- */

#define READ_CALL(name, ...)                                                                       \
    NO_PRE(name)                                                                                   \
    POST(name, long fd, long p, __VA_ARGS__)                                                       \
    {                                                                                              \
        fd_acquire(fd, result);                                                                    \
        if (result > 0)                                                                            \
            WRITES(p, (size_t)result);                                                             \
    }
#define WRITE_CALL(name, ...)                                                                      \
    PRE(name, long fd, long p, long n, ##__VA_ARGS__)                                              \
    {                                                                                              \
        READS(p, (size_t)n);                                                                       \
        fd_release(fd);                                                                            \
    }                                                                                              \
    NO_POST(name)
#define READ_VECTOR(name, ...)                                                                     \
    NO_PRE(name)                                                                                   \
    POST(name, long fd, long v, long count, ##__VA_ARGS__)                                         \
    {                                                                                              \
        fd_acquire(fd, result);                                                                    \
        if (result >= 0)                                                                           \
            vector(v, count, (size_t)result, DT_WRITE, CALLER);                                    \
    }
#define WRITE_VECTOR(name, ...)                                                                    \
    PRE(name, long fd, long v, long count, ##__VA_ARGS__)                                          \
    {                                                                                              \
        vector(v, count, SIZE_MAX, DT_READ, CALLER);                                               \
        fd_release(fd);                                                                            \
    }                                                                                              \
    NO_POST(name)

READ_CALL(read, UNUSED long n)
READ_CALL(pread64, UNUSED long n, UNUSED long at)
READ_CALL(recv, UNUSED long n, UNUSED long flags)
READ_CALL(recvfrom, UNUSED long n, UNUSED long flags, UNUSED long from, UNUSED long size)
WRITE_CALL(write)
WRITE_CALL(pwrite64, UNUSED long at)
WRITE_CALL(send, UNUSED long flags)
WRITE_CALL(sendto, UNUSED long flags, UNUSED long to, UNUSED long size)
READ_VECTOR(readv)
READ_VECTOR(preadv, UNUSED long low, UNUSED long high)
WRITE_VECTOR(writev)
WRITE_VECTOR(pwritev, UNUSED long low, UNUSED long high)

/* --- descriptors --- */

PRE(close, long fd)
{
    fd_release(fd);
    dt_fd_closing((int)fd);
}
NO_POST(close)

#define PAIR_CALL(name, both, fds, ...)                                                            \
    NO_PRE(name)                                                                                   \
    POST(name, __VA_ARGS__)                                                                        \
    {                                                                                              \
        if (result < 0)                                                                            \
            return;                                                                                \
        WRITES(fds, 2 * sizeof(int));                                                              \
        dt_fd_paired(((int *)(fds))[0], ((int *)(fds))[1], both);                                  \
    }
PAIR_CALL(pipe, false, fds, long fds)
PAIR_CALL(pipe2, false, fds, long fds, UNUSED long flags)
PAIR_CALL(
    socketpair, true, fds, UNUSED long domain, UNUSED long type, UNUSED long protocol, long fds)

PRE(connect, UNUSED long fd, long to, long size)
{
    struct dt_task *t = dt_enter();
    READS(to, (size_t)size);
    if (t)
        dt_fd_connecting(t);
}
NO_POST(connect)

static void accepted(long fd)
{
    struct dt_task *t = fd >= 0 ? dt_enter() : NULL;
    if (t)
        dt_fd_accepted(t, (int)fd);
}

NO_PRE(accept)
POST(accept, UNUSED long fd, UNUSED long from, UNUSED long size)
{
    accepted(result);
}
NO_PRE(accept4)
POST(accept4, UNUSED long fd, UNUSED long from, UNUSED long size, UNUSED long flags)
{
    accepted(result);
}

NO_PRE(poll)
POST(poll, long fds, long n, UNUSED long timeout)
{
    struct dt_task *t = result > 0 ? dt_enter() : NULL;
    const struct pollfd *p = (const struct pollfd *)fds;
    for (long i = 0; t && i < n; i++) {
        if (p[i].fd >= 0 && (p[i].revents & (POLLIN | POLLHUP | POLLERR)))
            dt_fd_acquire(t, p[i].fd);
        WRITES((long)&p[i].revents, sizeof p[i].revents);
    }
}

PRE(epoll_ctl, long set, long op, long fd, long event)
{
    struct dt_task *t = dt_enter();
    READS(event, sizeof(struct epoll_event));
    if (!t)
        return;
    dt_fd_release(t, (int)set);
    if (op != EPOLL_CTL_DEL)
        dt_fd_watched((int)set, (int)fd);
}
NO_POST(epoll_ctl)
NO_PRE(epoll_wait)
POST(epoll_wait, long set, long events, UNUSED long max, UNUSED long timeout)
{
    struct dt_task *t = result > 0 ? dt_enter() : NULL;
    if (!t)
        return;
    dt_fd_acquire_set(t, (int)set);
    WRITES(events, (size_t)result * sizeof(struct epoll_event));
}

/* --- memory only --- */

#define OUT_CALL(name, size, out, ...)                                                             \
    NO_PRE(name)                                                                                   \
    POST(name, __VA_ARGS__)                                                                        \
    {                                                                                              \
        if (result >= 0)                                                                           \
            WRITES(out, size);                                                                     \
    }
#define STAT_CALL(name)                                                                            \
    PRE(name, long path, UNUSED long out)                                                          \
    {                                                                                              \
        READS_TEXT(path);                                                                          \
    }                                                                                              \
    POST(name, UNUSED long path, long out)                                                         \
    {                                                                                              \
        if (result >= 0)                                                                           \
            WRITES(out, sizeof(struct stat));                                                      \
    }

STAT_CALL(stat)
STAT_CALL(lstat)
STAT_CALL(newstat)
STAT_CALL(newlstat)
OUT_CALL(fstat, sizeof(struct stat), out, UNUSED long fd, long out)
OUT_CALL(newfstat, sizeof(struct stat), out, UNUSED long fd, long out)
OUT_CALL(gettimeofday, sizeof(struct timeval), out, long out, UNUSED long zone)
OUT_CALL(clock_gettime, sizeof(struct timespec), out, UNUSED long clock, long out)
OUT_CALL(getcwd, (size_t)result, out, long out, UNUSED long size)
OUT_CALL(getrandom, (size_t)result, out, long out, UNUSED long size, UNUSED long flags)
OUT_CALL(newuname, sizeof(struct utsname), out, long out)

PRE(readlink, long path, UNUSED long out, UNUSED long size)
{
    READS_TEXT(path);
}
POST(readlink, UNUSED long path, long out, UNUSED long size)
{
    if (result > 0)
        WRITES(out, (size_t)result);
}

PRE(nanosleep, long time, UNUSED long left)
{
    READS(time, sizeof(struct timespec));
}
NO_POST(nanosleep)
PRE(clock_nanosleep, UNUSED long clock, UNUSED long flags, long time, UNUSED long left)
{
    READS(time, sizeof(struct timespec));
}
NO_POST(clock_nanosleep)

/* The word itself is atomic; what orders the program is its atomic operations on it. */
NONE(futex)
