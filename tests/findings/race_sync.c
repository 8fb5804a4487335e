/* SPDX-License-Identifier: MIT
 *
 * Both sides of a race synchronise, but not with each other: the report tells where each did last,
 * and by what the earlier one could have been heard of.
 */
#include <pthread.h>

#include "../support/barrier.h"

static pthread_mutex_t before = PTHREAD_MUTEX_INITIALIZER, after = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
long value;

static void *work(void *arg)
{
    pthread_mutex_lock(&before);
    pthread_mutex_unlock(&before);
    value = 1; /* HERE: work */
    pthread_mutex_lock(&after);
    pthread_mutex_unlock(&after); /* publishes it */
    hidden_step();
    return arg;
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, work, NULL); /* HERE: create */
    hidden_wait(1);
    pthread_mutex_lock(&other);
    pthread_mutex_unlock(&other); /* of no use */
    value = 2;                    /* HERE: main */
    return pthread_join(t, NULL);
}
