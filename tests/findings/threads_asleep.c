/* SPDX-License-Identifier: MIT
 *
 * Waits for a cond of the inner lock while it holds the outer one, which whoever signals needs.
 */
#include <pthread.h>
#include <stdbool.h>

#include "../support/barrier.h"
#include "../support/told_to_end.h"

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool ready;

static void *waiter(void *arg)
{
    pthread_mutex_lock(&outer); /* HERE: outer */
    pthread_mutex_lock(&inner);
    hidden_step();
    while (!ready)
        pthread_cond_wait(&cond, &inner); /* HERE: wait */
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&outer);
    return arg;
}

static void *signaller(void *arg)
{
    hidden_wait(1);
    pthread_mutex_lock(&outer); /* HERE: signaller */
    pthread_mutex_lock(&inner);
    ready = true;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&outer);
    return arg;
}

int main(void)
{
    pthread_t one, two;
    end_when_asleep(3);
    pthread_create(&one, NULL, waiter, NULL);    /* HERE: create-waiter */
    pthread_create(&two, NULL, signaller, NULL); /* HERE: create-signaller */
    pthread_join(one, NULL);                     /* HERE: join */
    pthread_join(two, NULL);
    return 0;
}
