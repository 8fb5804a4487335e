/* SPDX-License-Identifier: MIT
 *
 * A thread that has a read lock asks for the write lock, and hangs.
 */
#include <pthread.h>

#include "../support/told.h"

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;

static void *run(void *arg)
{
    (void)arg;
    pthread_rwlock_rdlock(&l); /* HERE: has */
    pthread_rwlock_wrlock(&l); /* HERE: wants */
    return NULL;
}

int main(void)
{
    pthread_t t;

    pthread_create(&t, NULL, run, NULL); /* HERE: create */
    until_told();
    return 0;
}
