/* SPDX-License-Identifier: MIT
 *
 * A thread that is known to be asleep in the kernel for an object, without a sleep of one's own and
 * without an order that the detector sees.
 */
#ifndef GORC_TESTS_BLOCKED_H
#define GORC_TESTS_BLOCKED_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "barrier.h"

static volatile int blocked_tid;

/* In the thread, before it waits. */
HIDDEN void blocked_me(void)
{
    blocked_tid = (int)syscall(SYS_gettid);
    hidden_step();
}

/* After so many steps: the thread that made the last one waits for a word of the object. */
HIDDEN void blocked_wait(int steps, const void *object, size_t size)
{
    char path[64], line[256], *at;

    hidden_wait(steps);
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", blocked_tid);
    for (;;) {
        int fd = open(path, O_RDONLY);
        ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);

        if (fd < 0 || n < 0)
            abort();
        close(fd);
        line[n] = 0;
        if (strtol(line, &at, 10) == SYS_futex &&
            (uintptr_t)strtoull(at, NULL, 16) - (uintptr_t)object < size)
            return;
        syscall(SYS_sched_yield);
    }
}

#endif
