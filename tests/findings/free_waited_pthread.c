/* SPDX-License-Identifier: MIT
 *
 * Memory is freed while a thread waits for a mutex, a rwlock, a cond, a semaphore or a barrier in
 * it, and nobody has woken it.
 */
#include <pthread.h>
#include <semaphore.h>

#include "../support/blocked.h"

struct box {
    char header[64]; /* what the allocator writes into freed memory does not come so far */
    pthread_mutex_t m;
    pthread_rwlock_t rw;
    pthread_cond_t c;
    sem_t s;
    pthread_barrier_t b;
};

static void *lock(void *arg)
{
    struct box *box = arg;

    blocked_me();
    pthread_mutex_lock(&box->m); /* HERE: lock */
    return NULL;
}

static void *read_lock(void *arg)
{
    struct box *box = arg;

    blocked_me();
    pthread_rwlock_rdlock(&box->rw); /* HERE: rdlock */
    return NULL;
}

static void *wait(void *arg)
{
    struct box *box = arg;

    pthread_mutex_lock(&box->m);
    blocked_me();
    pthread_cond_wait(&box->c, &box->m); /* HERE: wait */
    return NULL;
}

static void *down(void *arg)
{
    struct box *box = arg;

    blocked_me();
    sem_wait(&box->s); /* HERE: down */
    return NULL;
}

static void *arrive(void *arg)
{
    struct box *box = arg;

    blocked_me();
    pthread_barrier_wait(&box->b); /* HERE: arrive */
    return NULL;
}

static struct box *make(void)
{
    struct box *box = malloc(sizeof *box);

    pthread_mutex_init(&box->m, NULL);      /* HERE: mutex */
    pthread_rwlock_init(&box->rw, NULL);    /* HERE: rwlock */
    pthread_cond_init(&box->c, NULL);       /* HERE: cond */
    sem_init(&box->s, 0, 0);                /* HERE: sem */
    pthread_barrier_init(&box->b, NULL, 2); /* HERE: barrier */
    return box;
}

int main(void)
{
    struct box *box[6];

    for (int i = 0; i < 6; i++)
        box[i] = make(); /* HERE: make */

    struct box *mutex = box[0], *rwlock = box[1], *cond = box[2], *sem = box[3], *barrier = box[4];
    pthread_t t;

    pthread_mutex_lock(&mutex->m);         /* HERE: locked */
    pthread_create(&t, NULL, lock, mutex); /* HERE: t1 */
    blocked_wait(1, &mutex->m, sizeof mutex->m);
    free(mutex); /* HERE: free-mutex */

    pthread_rwlock_wrlock(&rwlock->rw);          /* HERE: wrlocked */
    pthread_create(&t, NULL, read_lock, rwlock); /* HERE: t2 */
    blocked_wait(2, &rwlock->rw, sizeof rwlock->rw);
    free(rwlock); /* HERE: free-rwlock */

    pthread_create(&t, NULL, wait, cond); /* HERE: t3 */
    blocked_wait(3, &cond->c, sizeof cond->c);
    free(cond); /* HERE: free-cond */

    pthread_create(&t, NULL, down, sem); /* HERE: t4 */
    blocked_wait(4, &sem->s, sizeof sem->s);
    sem_destroy(&sem->s); /* HERE: destroy */
    free(sem);

    sem = box[5];
    pthread_create(&t, NULL, down, sem); /* HERE: t5 */
    blocked_wait(5, &sem->s, sizeof sem->s);
    free(sem); /* HERE: free-sem */

    pthread_create(&t, NULL, arrive, barrier); /* HERE: t6 */
    blocked_wait(6, &barrier->b, sizeof barrier->b);
    free(barrier); /* HERE: free-barrier */
    _exit(0);
}
