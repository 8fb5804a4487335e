/* SPDX-License-Identifier: MIT
 *
 * The repaired twins of free_waited_*.c and free_locked.c, and what looks like them: locks that are
 * free when their memory goes, without a destroy; conds, semaphores and barriers whose waiters were
 * woken and may not have run yet; a block that stays where it is; a mutex that others share.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <gorc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

struct box {
    pthread_mutex_t m;
    pthread_rwlock_t rw;
    pthread_cond_t c;
    sem_t s;
    pthread_barrier_t b;
    bool ready, woken; /* guarded by m */
};

static void *waits(void *arg)
{
    struct box *box = arg;

    pthread_mutex_lock(&box->m);
    box->ready = true;
    while (!box->woken)
        pthread_cond_wait(&box->c, &box->m);
    pthread_mutex_unlock(&box->m);
    sem_post(&box->s);
    return NULL;
}

static void *arrives(void *arg)
{
    struct box *box = arg;

    pthread_barrier_wait(&box->b);
    sem_post(&box->s);
    return NULL;
}

static struct box *make(void)
{
    struct box *box = calloc(1, sizeof *box);

    pthread_mutex_init(&box->m, NULL);
    pthread_rwlock_init(&box->rw, NULL);
    pthread_cond_init(&box->c, NULL);
    sem_init(&box->s, 0, 0);
    pthread_barrier_init(&box->b, NULL, 2);
    return box;
}

static void timed_out(struct box *box)
{
    struct timespec past = {0};

    pthread_mutex_lock(&box->m);
    if (pthread_cond_timedwait(&box->c, &box->m, &past) != ETIMEDOUT)
        abort();
    pthread_mutex_unlock(&box->m);
    if (sem_timedwait(&box->s, &past) == 0)
        abort();
}

static void woken_thread(struct box *box)
{
    pthread_t t;

    pthread_create(&t, NULL, waits, box);
    pthread_mutex_lock(&box->m);
    while (!box->ready) {
        pthread_mutex_unlock(&box->m);
        pthread_mutex_lock(&box->m);
    }
    box->woken = true;
    pthread_cond_broadcast(&box->c);
    pthread_mutex_unlock(&box->m);
    sem_wait(&box->s);
    pthread_join(t, NULL);
}

static void round_over(struct box *box)
{
    pthread_t a, b;

    pthread_create(&a, NULL, arrives, box);
    pthread_create(&b, NULL, arrives, box);
    sem_wait(&box->s);
    sem_wait(&box->s);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
}

static void shared_with_others(void)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t *m =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(m, &attr);
    pthread_mutex_lock(m);
    munmap(m, 4096);
}

struct objects {
    gorc_mutex m;
    gorc_rwmutex rw;
    gorc_waitgroup wg;
    gorc_cond c;
    gorc_sem s;
    bool woken; /* guarded by m */
};

static void goroutine(void *arg)
{
    struct objects *o = arg;

    gorc_mutex_lock(&o->m);
    while (!o->woken)
        gorc_cond_wait(&o->c, &o->m);
    gorc_mutex_unlock(&o->m);
    gorc_rwmutex_rlock(&o->rw);
    gorc_rwmutex_runlock(&o->rw);
    gorc_sem_acquire(&o->s, NULL, 1);
    gorc_wg_done(&o->wg);
}

static void goroutines(void)
{
    struct objects *o = calloc(1, sizeof *o);

    o->s = (gorc_sem)GORC_SEM_INIT(1);
    gorc_wg_add(&o->wg, 1);
    gorc_sem_acquire(&o->s, NULL, 1);
    gorc_rwmutex_lock(&o->rw);
    gorc_go(goroutine, o);
    gorc_yield();
    gorc_mutex_lock(&o->m);
    o->woken = true;
    gorc_cond_signal(&o->c);
    gorc_mutex_unlock(&o->m);
    gorc_rwmutex_unlock(&o->rw);
    gorc_yield();
    gorc_sem_release(&o->s, 1);
    gorc_wg_wait(&o->wg);
    gorc_mutex_lock(&o->m); /* who frees it may hold it: nobody else can come to it */
    free(o);
}

int main(void)
{
    struct box *box = make();
    pthread_mutex_t *m;

    timed_out(box);
    woken_thread(box);
    round_over(box);
    free(box);

    m = malloc(sizeof *m);
    pthread_mutex_init(m, NULL);
    pthread_mutex_lock(m);
    m = realloc(m, sizeof *m);
    pthread_mutex_unlock(m);
    free(m);
    for (int i = 0; i < 100; i++)
        goroutines();
    shared_with_others();
    return 0;
}
