/* SPDX-License-Identifier: MIT
 *
 * See starved.h. The kernel calls a thread that runs and one that waits for a processor both
 * running. Of the first the CPU time goes on between two looks. May run in a signal handler, and
 * with the world stopped.
 */
#define _GNU_SOURCE
#include <time.h>

#include "lib/inspect.h"
#include "runtime/procfs.h"
#include "runtime/starved.h"

static int64_t cpu_time(int tid)
{
    struct timespec ts;
    clockid_t clock = (clockid_t)(~(unsigned)tid << 3 | 6); /* linux/posix-timers.h */
    if (clock_gettime(clock, &ts) != 0)
        return -1;
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
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
