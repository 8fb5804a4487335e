/* SPDX-License-Identifier: MIT
 *
 * "All goroutines are asleep" (G3): every worker sleeps, nothing is queued, no timer is pending,
 * nobody waits for a descriptor, and the process has no other thread that could wake somebody.
 * Foreign threads that wait in a gorc call without a deadline count as asleep; any other thread of
 * the process means that we cannot know.
 */
#include <gorc/go.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/misuse.h"
#include "sched/alike.h"
#include "sched/g.h"
#include "sched/poller.h"

/* Threads of the process; 0 when /proc is not there. Uses no directory stream, so no malloc. */
static uint32_t count_threads(void)
{
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return 0;
    text[n] = 0;
    const char *line = strstr(text, "\nThreads:");
    return line ? (uint32_t)strtoul(line + 9, NULL, 10) : 0;
}

enum sleepers { SOME_AWAKE, OTHER_THREADS, ALL_ASLEEP };

/* All of ours that could do something sleep. *ret_threads: how many threads they are. A foreign
 * thread that sleeps has done its last step, so it is counted first. Under the lock no sleeping
 * worker can be woken, so what they left is what there is: timers, then those that sysmon has taken
 * out and not yet made ready, then what is ready. */
static bool ours_sleep(uint32_t *ret_threads)
{
    uint32_t ours = gorc__sched.emulator_threads + atomic_load(&gorc__sched.sysmon_started) +
                    atomic_load(&gorc__sched.foreign_asleep) +
                    atomic_load(&gorc__sched.helpers_asleep);
    gorc__lock(&gorc__sched.lock);
    bool asleep = gorc__sched.nasleep_ms == gorc__sched.nms && gorc__timers_next() == INT64_MAX &&
                  atomic_load(&gorc__sched.firing) == 0 && !gorc__poller_wanted() &&
                  !gorc__work_visible();
    *ret_threads = ours + gorc__sched.nms;
    gorc__unlock(&gorc__sched.lock);
    return asleep;
}

/* A thread that we do not know may wake somebody and end before the threads are counted: then there
 * are as many as sleep, but they sleep no more. So all is looked at twice. */
static enum sleepers who_sleeps(void)
{
    uint32_t before, after, wakes = atomic_load(&gorc__sched.foreign_wakes);
    if (!ours_sleep(&before))
        return SOME_AWAKE;
    if (count_threads() != before)
        return OTHER_THREADS;
    if (!ours_sleep(&after))
        return SOME_AWAKE;
    if (after != before || atomic_load(&gorc__sched.foreign_wakes) != wakes ||
        count_threads() != before)
        return OTHER_THREADS;
    return ALL_ASLEEP;
}

bool gorc__check_asleep(void)
{
    static _Atomic uint32_t told;
    enum sleepers who = who_sleeps();
    if (who != ALL_ASLEEP)
        return who == OTHER_THREADS;
    if (atomic_exchange(&told, 1))
        return false;
    bool main_left = gorc_num_goroutines() == 0;
    bool reported = gorc__hook_active();
    gorc__hook_all_asleep();
    if (!reported) {
        gorc__print(main_left ? "fatal error: no goroutines (main called goexit) - deadlock!\n"
                              : "fatal error: all goroutines are asleep - deadlock!\n");
        gorc__print_goroutines();
    }
    if (ftrylockfile(stdout) == 0)
        fflush(stdout);
    _exit(2);
}
