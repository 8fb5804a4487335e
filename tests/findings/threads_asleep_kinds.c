/* SPDX-License-Identifier: MIT
 *
 * A barrier for one more than come, a semaphore that an error path did not post, a once whose
 * function asks for itself: all of the program's threads wait for ever.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#include "../support/told_to_end.h"

static pthread_barrier_t barrier;
static sem_t places;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *arrive(void *arg)
{
    pthread_barrier_wait(&barrier); /* HERE: arrive */
    return arg;
}

static int work(bool fails)
{
    sem_wait(&places); /* HERE: acquire */
    if (fails)
        return -1;
    sem_post(&places);
    return 0;
}

static void *work_twice(void *arg)
{
    work(true);
    work(false); /* HERE: second */
    return arg;
}

static void init(void)
{
    pthread_once(&once, init); /* HERE: again */
}

static void *ask(void *arg)
{
    pthread_once(&once, init); /* HERE: ask */
    return arg;
}

int main(void)
{
    pthread_t t[3];
    end_when_asleep(4);
    pthread_barrier_init(&barrier, NULL, 2);
    sem_init(&places, 0, 1);
    pthread_create(&t[0], NULL, arrive, NULL);     /* HERE: create-arrive */
    pthread_create(&t[1], NULL, work_twice, NULL); /* HERE: create-work */
    pthread_create(&t[2], NULL, ask, NULL);        /* HERE: create-ask */
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL); /* HERE: join */
    return 0;
}
