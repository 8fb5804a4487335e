/* SPDX-License-Identifier: MIT
 *
 * A thread joins one that waits for a mutex which the first one holds.
 */
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

static mtx_t m;

static int child(void *arg)
{
    (void)arg;
    mtx_lock(&m); /* HERE: wants */
    return 0;
}

static void *run(void *arg)
{
    thrd_t t;

    (void)arg;
    mtx_init(&m, mtx_plain);
    mtx_lock(&m);                 /* HERE: has */
    thrd_create(&t, child, NULL); /* HERE: start */
    thrd_join(t, NULL);           /* HERE: join */
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
