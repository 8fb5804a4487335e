/* SPDX-License-Identifier: MIT
 *
 * A goroutine returns early without its unlock, another one with a read lock; a thread ends with a
 * mutex that main then waits for.
 */
#include <gorc.h>
#include <pthread.h>

#include "../support/told.h"

static gorc_mutex m;
static gorc_rwmutex rw;
static gorc_waitgroup done;
static pthread_mutex_t native = PTHREAD_MUTEX_INITIALIZER;

static void returns_early(void *arg)
{
    gorc_mutex_lock(&m); /* HERE: lock */
    if (!arg)
        return;
    gorc_mutex_unlock(&m);
}

static void reads(void *arg)
{
    gorc_rwmutex_rlock(&rw); /* HERE: rlock */
    if (!arg)
        gorc_goexit();
    gorc_rwmutex_runlock(&rw);
}

static void *ends(void *arg)
{
    pthread_mutex_lock(&native); /* HERE: native */
    return arg;
}

static void *waits(void *arg)
{
    pthread_mutex_lock(&native); /* HERE: waits */
    pthread_mutex_unlock(&native);
    return arg;
}

int main(void)
{
    pthread_t t;

    gorc_wg_go(&done, returns_early, NULL); /* HERE: go */
    gorc_wg_go(&done, reads, NULL);         /* HERE: go-reads */
    gorc_wg_wait(&done);
    pthread_create(&t, NULL, ends, NULL); /* HERE: create-ends */
    pthread_join(t, NULL);
    pthread_create(&t, NULL, waits, NULL); /* HERE: create-waits */
    until_told();
    return 0;
}
