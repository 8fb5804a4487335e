/* SPDX-License-Identifier: MIT
 *
 * A thread joins one that waits for a mutex which the first one holds.
 */
#include <pthread.h>
#include <threads.h>

#include "../support/told.h"

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

int main(void)
{
    pthread_t t;

    pthread_create(&t, NULL, run, NULL); /* HERE: create */
    until_told();
    return 0;
}
