/* SPDX-License-Identifier: MIT
 *
 * Waits that end: an error-checking mutex refuses the second lock, a recursive one counts it, a
 * lock with a time limit gives up, a condition variable's waiter has given its mutex away, two
 * threads take the same locks in the same order. No deadlock.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t checking, recursive, a = PTHREAD_MUTEX_INITIALIZER,
                                            b = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn;

static void make(pthread_mutex_t *m, int type)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, type);
    pthread_mutex_init(m, &attr);
}

static void *run(void *arg)
{
    int me = *(int *)arg;

    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&a);
        pthread_mutex_lock(&b);
        pthread_mutex_unlock(&b);
        while (turn != me)
            pthread_cond_wait(&cond, &a);
        turn = !me;
        pthread_cond_signal(&cond);
        pthread_mutex_unlock(&a);
    }
    return NULL;
}

int main(void)
{
    pthread_t t[2];
    int ids[2] = {0, 1};
    struct timespec until;

    make(&checking, PTHREAD_MUTEX_ERRORCHECK);
    make(&recursive, PTHREAD_MUTEX_RECURSIVE);
    if (pthread_mutex_lock(&checking) || pthread_mutex_lock(&checking) != EDEADLK)
        abort();
    if (pthread_mutex_lock(&recursive) || pthread_mutex_lock(&recursive))
        abort();
    pthread_mutex_lock(&a);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec = 0;
    if (pthread_mutex_timedlock(&a, &until) != ETIMEDOUT)
        abort();
    pthread_mutex_unlock(&a);
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, run, &ids[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    pthread_mutex_unlock(&recursive);
    pthread_mutex_unlock(&recursive);
    pthread_mutex_unlock(&checking);
    return 0;
}
