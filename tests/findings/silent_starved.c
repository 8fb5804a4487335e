/* SPDX-License-Identifier: MIT
 *
 * Main returns while a goroutine that nobody waits for is in its last steps, on a machine that has
 * little time for them: no leak.
 */
#define _GNU_SOURCE
#include <gorc.h>

#include "../support/barrier.h"
#include "../support/starve.h"

enum { STEPS_MS = 30, PROCESSES = 30, MS_EACH = 10 };

static void last_steps(void *arg)
{
    (void)arg;
    hidden_step();
    hidden_wait(2);
    starve_compute(CLOCK_THREAD_CPUTIME_ID, STEPS_MS);
}

int main(void)
{
    gorc_procs(2);
    gorc_go(last_steps, NULL);
    hidden_wait(1);
    starve_others(PROCESSES, MS_EACH);
    hidden_step();
    return 0;
}
