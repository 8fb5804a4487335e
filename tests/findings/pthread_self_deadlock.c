/* SPDX-License-Identifier: MIT
 *
 * A thread locks a mutex that it holds, and hangs.
 */
#include <pthread.h>

#include "../support/told.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *run(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m); /* HERE: has */
    pthread_mutex_lock(&m); /* HERE: wants */
    return NULL;
}

int main(void)
{
    pthread_t t;

    pthread_create(&t, NULL, run, NULL); /* HERE: create */
    until_told();
    return 0;
}
