/* SPDX-License-Identifier: MIT
 *
 * The same for pthread: orders that are forced by create, join, a barrier, a semaphore, a cond
 * that is signalled under its mutex, or whose waiter waits, or comes after the signal; rwlocks that
 * do not prefer writers; process-shared and robust mutexes whose thread has ended.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

#include "../support/barrier.h"

static pthread_mutex_t a, b, state = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t both;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static sem_t sem;
static bool is_ready;

static void ab(void)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}

static void ba(void)
{
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
}

static void *first_barrier(void *arg)
{
    ab();
    pthread_barrier_wait(&both);
    return arg;
}

static void *second_barrier(void *arg)
{
    pthread_barrier_wait(&both);
    ba();
    return arg;
}

static void *first_sem(void *arg)
{
    ab();
    sem_post(&sem);
    return arg;
}

static void *second_sem(void *arg)
{
    sem_wait(&sem);
    ba();
    return arg;
}

/* Under the mutex: whether the waiter comes before or after makes no difference. */
static void *first_cond(void *arg)
{
    ab();
    pthread_mutex_lock(&state);
    is_ready = true;
    pthread_cond_signal(&ready);
    pthread_mutex_unlock(&state);
    return arg;
}

static void *second_cond(void *arg)
{
    pthread_mutex_lock(&state);
    while (!is_ready)
        pthread_cond_wait(&ready, &state);
    pthread_mutex_unlock(&state);
    ba();
    return arg;
}

static void signal_late(void)
{
    ab();
    pthread_mutex_lock(&state);
    is_ready = true;
    pthread_mutex_unlock(&state);
    pthread_cond_signal(&ready);
}

/* After the mutex is given up, to one that came late; */
static void *first_late(void *arg)
{
    signal_late();
    hidden_step();
    return arg;
}

static void *second_late(void *arg)
{
    hidden_wait(1);
    return second_cond(arg);
}

/* to one that waits: who has the mutex next knows that it does. */
static void *first_waited(void *arg)
{
    hidden_wait(2);
    signal_late();
    return arg;
}

static void *second_waits(void *arg)
{
    pthread_mutex_lock(&state);
    hidden_step();
    while (!is_ready)
        pthread_cond_wait(&ready, &state);
    pthread_mutex_unlock(&state);
    ba();
    return arg;
}

static void *only_ab(void *arg)
{
    ab();
    return arg;
}

static void *only_ba(void *arg)
{
    ba();
    return arg;
}

static void *reads_twice(void *arg)
{
    pthread_rwlock_rdlock(&rw);
    pthread_rwlock_rdlock(&rw);
    pthread_rwlock_unlock(&rw);
    pthread_rwlock_unlock(&rw);
    return arg;
}

static void *writes(void *arg)
{
    pthread_rwlock_wrlock(&rw);
    pthread_rwlock_unlock(&rw);
    return arg;
}

static void *keeps(void *arg)
{
    pthread_mutex_lock(arg);
    return NULL;
}

static void start(void)
{
    pthread_mutex_init(&a, NULL);
    pthread_mutex_init(&b, NULL);
}

static void run(void *(*one)(void *), void *(*two)(void *))
{
    pthread_t t[2];

    start();
    is_ready = false;
    pthread_create(&t[0], NULL, one, NULL);
    pthread_create(&t[1], NULL, two, NULL);
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    pthread_mutex_destroy(&a);
    pthread_mutex_destroy(&b);
}

static void one_after_the_other(void)
{
    pthread_t t;

    start();
    pthread_create(&t, NULL, only_ab, NULL);
    pthread_join(t, NULL);
    pthread_create(&t, NULL, only_ba, NULL);
    pthread_join(t, NULL);
    pthread_mutex_destroy(&a);
    pthread_mutex_destroy(&b);
}

static void kept(void)
{
    static pthread_mutex_t robust, shared;
    pthread_mutexattr_t attr;
    pthread_t t;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_STALLED);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared, &attr);
    pthread_create(&t, NULL, keeps, &robust);
    pthread_join(t, NULL);
    pthread_create(&t, NULL, keeps, &shared);
    pthread_join(t, NULL);
}

int main(void)
{
    pthread_barrier_init(&both, NULL, 2);
    sem_init(&sem, 0, 0);
    run(first_barrier, second_barrier);
    run(first_sem, second_sem);
    run(first_cond, second_cond);
    run(first_late, second_late);
    run(first_waited, second_waits);
    run(reads_twice, writes);
    one_after_the_other();
    kept();
    return 0;
}
