/* SPDX-License-Identifier: MIT
 *
 * Main joins a thread while it holds a lock that the thread takes. The thread was first this time;
 * the one before had told that it is through.
 */
#include <pthread.h>

#include "../support/barrier.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int n, told[2];

static void *worker(void *arg)
{
    pthread_mutex_lock(&lock); /* HERE: worker-locks */
    n++;
    pthread_mutex_unlock(&lock);
    hidden_step();
    return arg;
}

static void *teller(void *arg)
{
    pthread_mutex_lock(&lock);
    n++;
    pthread_mutex_unlock(&lock);
    return write(told[1], "", 1) == 1 ? arg : NULL;
}

int main(void)
{
    pthread_t t;
    char c;
    if (pipe(told))
        return 1;
    pthread_create(&t, NULL, teller, NULL);
    if (read(told[0], &c, 1) != 1)
        return 1;
    pthread_mutex_lock(&lock);
    pthread_join(t, NULL);
    pthread_mutex_unlock(&lock);

    pthread_create(&t, NULL, worker, NULL); /* HERE: create */
    hidden_wait(1);
    pthread_mutex_lock(&lock); /* HERE: main-locks */
    pthread_join(t, NULL);     /* HERE: joins */
    pthread_mutex_unlock(&lock);
    return 0;
}
