/* SPDX-License-Identifier: MIT
 *
 * A goroutine receives from a channel while it holds a pthread mutex, another one yields with a
 * spin lock, a third waits in a cond with an rwlock.
 */
#include <gorc.h>
#include <pthread.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static gorc_waitgroup done;

static void receives(void *arg)
{
    pthread_mutex_lock(&m);    /* HERE: lock */
    gorc_chan_recv(arg, NULL); /* HERE: receive */
    pthread_mutex_unlock(&m);
}

static void yields(void *arg)
{
    (void)arg;
    pthread_spin_lock(&spin); /* HERE: spin */
    gorc_yield();             /* HERE: yield */
    pthread_spin_unlock(&spin);
}

static void sends(void *arg)
{
    pthread_rwlock_rdlock(&rw); /* HERE: read */
    gorc_chan_send(arg, NULL);  /* HERE: send */
    pthread_rwlock_unlock(&rw);
}

int main(void)
{
    gorc_chan *c = gorc_chan_new(0, 0), *d = gorc_chan_new(0, 0);

    gorc_procs(1);
    pthread_spin_init(&spin, 0);
    gorc_wg_go(&done, receives, c);  /* HERE: go-receives */
    gorc_wg_go(&done, sends, d);     /* HERE: go-sends */
    gorc_wg_go(&done, yields, NULL); /* HERE: go-yields */
    while (gorc_chan_try_recv(d, NULL) != 1)
        gorc_yield();
    gorc_chan_send(c, NULL);
    gorc_wg_wait(&done);
    gorc_chan_unref(c);
    gorc_chan_unref(d);
    return 0;
}
