/* SPDX-License-Identifier: MIT
 *
 * A busy machine: all threads of the process but the caller's share one processor with many
 * processes that compute, until each of those has had its time.
 */
#ifndef GORC_TESTS_STARVE_H
#define GORC_TESTS_STARVE_H

/* Before the first include: #define _GNU_SOURCE */
#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long starve_ms(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return ts.tv_sec * 1000L + ts.tv_nsec / 1000000;
}

static void starve_compute(clockid_t clock, long ms)
{
    for (long begin = starve_ms(clock); starve_ms(clock) - begin < ms;)
        continue;
}

static void starve_others(int processes, long ms_each)
{
    cpu_set_t allowed, one;
    int cpu = 0, self = (int)syscall(SYS_gettid);
    sched_getaffinity(0, sizeof allowed, &allowed);
    while (!CPU_ISSET(cpu, &allowed))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *e; tasks && (e = readdir(tasks));) {
        int tid = atoi(e->d_name);
        if (tid && tid != self)
            sched_setaffinity(tid, sizeof one, &one);
    }
    if (tasks)
        closedir(tasks);
    for (int i = 0; i < processes; i++) {
        if (fork() != 0)
            continue;
        sched_setaffinity(0, sizeof one, &one);
        starve_compute(CLOCK_PROCESS_CPUTIME_ID, ms_each);
        syscall(SYS_exit_group, 0); /* not _exit: it has nothing to report */
    }
}

#endif
