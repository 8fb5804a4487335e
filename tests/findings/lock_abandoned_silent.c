/* SPDX-License-Identifier: MIT
 *
 * Locks of ended goroutines that are not lost: given up by another one later, on a deferred path,
 * or gone with their memory.
 */
#include <gorc.h>
#include <stdlib.h>

struct job {
    gorc_mutex m, deferred;
};

static void hands_over(void *arg)
{
    struct job *job = arg;

    gorc_mutex_lock(&job->m);
}

static void defers(void *arg)
{
    struct job *job = arg;

    gorc_mutex_lock(&job->deferred);
    gorc_defer_unlock(&job->deferred);
    gorc_goexit();
}

static void forgets(void *arg)
{
    struct job *job = arg;

    gorc_mutex_lock(&job->m);
    free(job);
}

int main(void)
{
    gorc_waitgroup done = {0};
    struct job *job = calloc(1, sizeof *job);

    gorc_wg_go(&done, hands_over, job);
    gorc_wg_go(&done, defers, job);
    gorc_wg_wait(&done);
    gorc_mutex_unlock(&job->m);
    gorc_mutex_lock(&job->m);
    gorc_mutex_unlock(&job->m);
    gorc_wg_go(&done, forgets, job);
    gorc_wg_wait(&done);
    return 0;
}
