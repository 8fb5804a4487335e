/* SPDX-License-Identifier: MIT
 *
 * A thread that has a read lock asks for the write lock, and hangs.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;

static void *run(void *arg)
{
    (void)arg;
    pthread_rwlock_rdlock(&l); /* HERE: has */
    pthread_rwlock_wrlock(&l); /* HERE: wants */
    return NULL;
}

int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *until);

int main(void)
{
    pthread_t t;
    struct timespec until;

    pthread_create(&t, NULL, run, NULL); /* HERE: create */
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    if (pthread_timedjoin_np(t, NULL, &until) == 0)
        abort();
    return 0;
}
