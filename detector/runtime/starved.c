/* SPDX-License-Identifier: MIT
 *
 * See starved.h. The kernel calls a thread that runs and one that waits for a processor both
 * running. Of the first the CPU time goes on between two looks. May run in a signal handler, and
 * with the world stopped.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/inspect.h"
#include "runtime/starved.h"

struct entry {
    uint64_t ino;
    int64_t off;
    unsigned short size;
    unsigned char type;
    char name[];
};

bool dt_tids_each(void (*fn)(int tid, void *arg), void *arg)
{
    char buffer[4096];
    int self = (int)syscall(SYS_gettid);
    int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long n;
    if (fd < 0)
        return false;
    while ((n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < n;) {
            const struct entry *e = (const struct entry *)(buffer + at);
            int tid = 0;
            for (const char *c = e->name; *c >= '0' && *c <= '9'; c++)
                tid = tid * 10 + *c - '0';
            at += e->size;
            if (tid && tid != self)
                fn(tid, arg);
        }
    }
    close(fd);
    return true;
}

static int64_t cpu_time(int tid)
{
    struct timespec ts;
    clockid_t clock = (clockid_t)(~(unsigned)tid << 3 | 6); /* linux/posix-timers.h */
    if (clock_gettime(clock, &ts) != 0)
        return -1;
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

char dt_tid_state(int tid)
{
    char path[48] = "/proc/self/task/", digits[12], text[256];
    size_t n = 0, at = 16;
    for (int i = tid; i; i /= 10)
        digits[n++] = (char)('0' + i % 10);
    while (n)
        path[at++] = digits[--n];
    memcpy(path + at, "/stat", 6);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = 0;
    const char *name_end = strrchr(text, ')');
    return name_end && name_end[1] ? name_end[2] : 0;
}

bool dt_starved(int tid)
{
    int64_t before = cpu_time(tid);
    return before >= 0 && dt_tid_state(tid) == 'R' && cpu_time(tid) == before;
}

static void look_at_worker(int tid, void *arg)
{
    bool *starved = arg, idle;
    uintptr_t sp;
    if (!*starved && (gorc__inspect_is_monitor(tid) || gorc__inspect_worker(tid, &sp, &idle)))
        *starved = dt_starved(tid);
}

bool dt_starved_worker(void)
{
    bool starved = false;
    dt_tids_each(look_at_worker, &starved);
    return starved;
}

bool dt_patience_pause(struct dt_patience *p, bool starved)
{
    struct timespec ms = {.tv_nsec = 1000000};
    p->turns += !starved;
    if (p->turns >= p->limit || ++p->all >= 100 * p->limit)
        return false;
    nanosleep(&ms, NULL);
    return true;
}
