/* SPDX-License-Identifier: MIT
 *
 * pthread locks that are given up before the park; one over a park of a goroutine that keeps its OS
 * thread; one that a thread of the program's own holds while it waits.
 */
#include <gorc.h>
#include <pthread.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER;
static gorc_waitgroup done;

static void receives(void *arg)
{
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    gorc_chan_recv(arg, NULL);
    gorc_wg_done(&done);
}

static void keeps_its_thread(void *arg)
{
    pthread_mutex_lock(&n);
    gorc_chan_recv(arg, NULL);
    pthread_mutex_unlock(&n);
    gorc_wg_done(&done);
}

static void *foreign(void *arg)
{
    static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&own);
    gorc_chan_recv(arg, NULL);
    pthread_mutex_unlock(&own);
    return NULL;
}

int main(void)
{
    gorc_chan *c = gorc_chan_new(0, 0);
    pthread_t t;

    pthread_create(&t, NULL, foreign, c);
    gorc_wg_add(&done, 2);
    gorc_go(receives, c);
    gorc_go_with(&(struct gorc_go_options){.lock_thread = true}, keeps_its_thread, c);
    for (int i = 0; i < 3; i++)
        gorc_chan_send(c, NULL);
    gorc_wg_wait(&done);
    pthread_join(t, NULL);
    gorc_chan_unref(c);
    return 0;
}
