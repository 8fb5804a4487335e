/* SPDX-License-Identifier: MIT
 *
 * The monotonic clock, and sleep.
 */
#include <gorc/time.h>

#include <time.h>

#include "sched/g.h"
#include "sched/park.h"

int64_t gorc__now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * GORC_SECOND + ts.tv_nsec;
}

int64_t gorc_now(void)
{
    return gorc__now();
}

void gorc_sleep(int64_t ns)
{
    if (ns <= 0)
        return;
    struct gorc__g *self = gorc__self();
    int64_t now = gorc__now();
    int64_t deadline = ns > INT64_MAX - 1 - now ? INT64_MAX - 1 : now + ns;
    gorc__claim_arm(self);
    gorc__park_until(self, NULL, GORC__WAIT_SLEEP, NULL, NULL, deadline);
}
