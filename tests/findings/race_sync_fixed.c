/* SPDX-License-Identifier: MIT
 *
 * race_sync repaired: the later side acquires what the earlier one released after its access.
 */
#include <pthread.h>

#include "../support/barrier.h"

static pthread_mutex_t before = PTHREAD_MUTEX_INITIALIZER, after = PTHREAD_MUTEX_INITIALIZER;
long value;

static void *work(void *arg)
{
    pthread_mutex_lock(&before);
    pthread_mutex_unlock(&before);
    value = 1;
    pthread_mutex_lock(&after);
    pthread_mutex_unlock(&after); /* publishes it */
    hidden_step();
    return arg;
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, work, NULL);
    hidden_wait(1);
    pthread_mutex_lock(&after);
    pthread_mutex_unlock(&after);
    value = 2;
    return pthread_join(t, NULL);
}
