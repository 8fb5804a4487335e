/* SPDX-License-Identifier: MIT
 *
 * A thread unlocks what another one has locked.
 */
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *run(void *arg)
{
    (void)arg;
    pthread_mutex_unlock(&m); /* HERE: unlock */
    return NULL;
}

int main(void)
{
    pthread_t t;

    pthread_mutex_lock(&m);              /* HERE: lock */
    pthread_create(&t, NULL, run, NULL); /* HERE: create */
    pthread_join(t, NULL);
    return 0;
}
