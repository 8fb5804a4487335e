/* SPDX-License-Identifier: MIT
 *
 * Calls that wait for time, descriptors or children: the wait is made known, and what poll and
 * select write into the program's memory.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "interpose/fd_table.h"
#include "interpose/libc_access.h"

/* --- time --- */

DT_INTERPOSE(int, nanosleep, (const struct timespec *time, struct timespec *left))
{
    DT_WAIT_BEGIN("sleep", NULL, true);
    int err = nanosleep(time, left);
    DT_WAIT_END();
    return err;
}

DT_INTERPOSE(int, clock_nanosleep,
    (clockid_t clock, int flags, const struct timespec *time, struct timespec *left))
{
    DT_WAIT_BEGIN("sleep", NULL, true);
    int err = clock_nanosleep(clock, flags, time, left);
    DT_WAIT_END();
    return err;
}

DT_INTERPOSE(unsigned, sleep, (unsigned seconds))
{
    DT_WAIT_BEGIN("sleep", NULL, true);
    unsigned left = sleep(seconds);
    DT_WAIT_END();
    return left;
}

DT_INTERPOSE(int, usleep, (useconds_t microseconds))
{
    DT_WAIT_BEGIN("sleep", NULL, true);
    int err = usleep(microseconds);
    DT_WAIT_END();
    return err;
}

DT_INTERPOSE(int, thrd_sleep, (const struct timespec *time, struct timespec *left))
{
    DT_WAIT_BEGIN("sleep", NULL, true);
    int result = thrd_sleep(time, left);
    DT_WAIT_END();
    return result;
}

/* --- descriptors --- */

enum { GOT = POLLIN | POLLPRI | POLLRDHUP | POLLHUP | POLLERR | POLLRDNORM | POLLRDBAND };

static void polled(struct pollfd *fds, nfds_t n, int ready, uintptr_t pc)
{
    int saved = errno;
    struct dt_task *t = ready >= 0 ? dt_enter_at(pc) : NULL;
    bool checked = t && dt_instrumented(pc);
    for (nfds_t i = 0; t && i < n; i++) {
        if (ready && fds[i].fd >= 0 && (fds[i].revents & GOT))
            dt_fd_acquire(t, fds[i].fd);
        if (checked) {
            dt_reads(t, &fds[i].fd, sizeof fds[i].fd + sizeof fds[i].events, pc);
            dt_writes(t, &fds[i].revents, sizeof fds[i].revents, pc);
        }
    }
    errno = saved;
}

DT_INTERPOSE(int, poll, (struct pollfd * fds, nfds_t n, int timeout))
{
    DT_WAIT_BEGIN("poll", NULL, timeout >= 0);
    int ready = poll(fds, n, timeout);
    DT_WAIT_END();
    polled(fds, n, ready, DT_CALLER);
    return ready;
}

DT_INTERPOSE(int, ppoll,
    (struct pollfd * fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask))
{
    DT_WAIT_BEGIN("poll", NULL, timeout != NULL);
    int ready = ppoll(fds, n, timeout, mask);
    DT_WAIT_END();
    polled(fds, n, ready, DT_CALLER);
    return ready;
}

static void selected(int n, fd_set *a, fd_set *b, fd_set *c, int ready, uintptr_t pc)
{
    int saved = errno;
    struct dt_task *t = ready >= 0 && n > 0 ? dt_enter_at(pc) : NULL;
    bool checked = t && dt_instrumented(pc);
    size_t size = ((size_t)n + 63) / 64 * 8;
    for (int i = 0; t && a && ready && i < n; i++)
        if (a->fds_bits[i / NFDBITS] >> i % NFDBITS & 1)
            dt_fd_acquire(t, i);
    if (checked && a)
        dt_writes(t, a, size, pc);
    if (checked && b)
        dt_writes(t, b, size, pc);
    if (checked && c)
        dt_writes(t, c, size, pc);
    errno = saved;
}

DT_INTERPOSE(int, select, (int n, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout))
{
    DT_WAIT_BEGIN("select", NULL, timeout != NULL);
    int ready = select(n, r, w, x, timeout);
    DT_WAIT_END();
    selected(n, r, w, x, ready, DT_CALLER);
    return ready;
}

DT_INTERPOSE(int, pselect,
    (int n, fd_set *r, fd_set *w, fd_set *x, const struct timespec *timeout, const sigset_t *mask))
{
    DT_WAIT_BEGIN("select", NULL, timeout != NULL);
    int ready = pselect(n, r, w, x, timeout, mask);
    DT_WAIT_END();
    selected(n, r, w, x, ready, DT_CALLER);
    return ready;
}

/* --- children --- */

DT_INTERPOSE(pid_t, wait, (int *status))
{
    DT_WAIT_BEGIN("wait for child", NULL, false);
    pid_t pid = wait(status);
    DT_WAIT_END();
    return pid;
}

DT_INTERPOSE(pid_t, waitpid, (pid_t pid, int *status, int options))
{
    DT_WAIT_BEGIN("wait for child", NULL, false);
    pid = waitpid(pid, status, options);
    DT_WAIT_END();
    return pid;
}

DT_INTERPOSE(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage))
{
    DT_WAIT_BEGIN("wait for child", NULL, false);
    pid = wait4(pid, status, options, usage);
    DT_WAIT_END();
    return pid;
}

DT_INTERPOSE(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options))
{
    DT_WAIT_BEGIN("wait for child", NULL, false);
    int err = waitid(type, id, info, options);
    DT_WAIT_END();
    return err;
}

/* --- file locks --- */

DT_INTERPOSE(int, flock, (int fd, int operation))
{
    DT_WAIT_BEGIN("file lock", (void *)(intptr_t)fd, false);
    int err = flock(fd, operation);
    DT_WAIT_END();
    return err;
}
