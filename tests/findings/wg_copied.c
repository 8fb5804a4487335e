/* SPDX-License-Identifier: MIT
 *
 * A wait group in a struct that is passed by value while it counts (W7).
 */
#include <gorc.h>

struct job {
    gorc_waitgroup done;
};

static void finish(struct job job)
{
    gorc_wg_done(&job.done); /* HERE: done */
}

int main(void)
{
    struct job job = {0};

    gorc_wg_add(&job.done, 1); /* HERE: add */
    finish(job);               /* HERE: call */
    return 0;
}
