/* SPDX-License-Identifier: MIT
 *
 * A wait that is cancelled has the mutex again in its cleanup handler.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

static void cleanup(void *arg)
{
    (void)arg;
    x++;
    pthread_mutex_unlock(&m);
}

static void *run(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    pthread_cleanup_push(cleanup, NULL);
    hidden_step();
    for (;;)
        pthread_cond_wait(&c, &m);
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void)
{
    pthread_t t;
    void *result;

    if (pthread_create(&t, NULL, run, NULL))
        abort();
    hidden_wait(1);
    pthread_mutex_lock(&m);
    x++;
    pthread_mutex_unlock(&m);
    pthread_cancel(t);
    pthread_mutex_lock(&m);
    x++;
    pthread_mutex_unlock(&m);
    pthread_join(t, &result);
    return result == PTHREAD_CANCELED && x == 3 ? 0 : 1;
}
