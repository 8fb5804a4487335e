/* SPDX-License-Identifier: MIT
 *
 * epoll_pwait2 (Linux 5.11) waits with nanoseconds; where the kernel or a filter refuses it, waits
 * end up to a millisecond late.
 */
#define _GNU_SOURCE
#include "os/epoll.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

static _Atomic bool no_pwait2;

/* A result of libc's, errno kept. */
static int result(long r, int saved)
{
    int err = errno;
    errno = saved;
    return r < 0 ? -err : (int)r;
}

int gorc__epoll_create(void)
{
    int saved = errno;
    return result(epoll_create1(EPOLL_CLOEXEC), saved);
}

int gorc__epoll_ctl(int set, int op, int fd, uint32_t events, uint64_t data)
{
    int saved = errno;
    struct epoll_event e = {.events = events, .data.u64 = data};
    return result(epoll_ctl(set, op, fd, &e), saved);
}

static int64_t monotonic(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int wait_ms(int set, struct epoll_event *events, int max, int64_t ns)
{
    int64_t ms = ns < 0 ? -1 : (ns + 999999) / 1000000;
    return epoll_wait(set, events, max, ms > INT_MAX ? INT_MAX : (int)ms);
}

static long wait_ns(int set, struct epoll_event *events, int max, int64_t ns)
{
    struct timespec ts = {ns / 1000000000, ns % 1000000000};
    if (atomic_load_explicit(&no_pwait2, memory_order_relaxed))
        return wait_ms(set, events, max, ns);
    long n = syscall(SYS_epoll_pwait2, set, events, max, ns < 0 ? NULL : &ts, NULL, 0);
    if (n >= 0 || (errno != ENOSYS && errno != EPERM))
        return n;
    atomic_store_explicit(&no_pwait2, true, memory_order_relaxed);
    return wait_ms(set, events, max, ns);
}

int gorc__epoll_wait(int set, struct epoll_event *events, int max, int64_t deadline)
{
    int saved = errno;
    int64_t ns = -1;
    if (deadline == INT64_MIN)
        return result(epoll_wait(set, events, max, 0), saved);
    if (deadline != INT64_MAX) {
        ns = deadline - monotonic();
        if (ns < 0)
            ns = 0;
    }
    int n = result(wait_ns(set, events, max, ns), saved);
    return n == -EINTR ? 0 : n;
}

void gorc__close_fd(int fd)
{
    int saved = errno;
    close(fd);
    errno = saved;
}

int gorc__eventfd_create(void)
{
    int saved = errno;
    return result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE), saved);
}

void gorc__eventfd_signal(int fd)
{
    int saved = errno;
    uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof one);
    (void)n;
    errno = saved;
}

void gorc__eventfd_take(int fd)
{
    int saved = errno;
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof count);
    (void)n;
    errno = saved;
}
