/* SPDX-License-Identifier: MIT
 *
 * A thread reads twice under glibc's default rwlock, which prefers readers, while a writer waits:
 * the second read is let in.
 */
#include <pthread.h>
#include <stdlib.h>

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static int value;

static void *writer(void *arg)
{
    (void)arg;
    pthread_rwlock_wrlock(&rw);
    value++;
    pthread_rwlock_unlock(&rw);
    return NULL;
}

int main(void)
{
    pthread_t t;
    pthread_rwlock_rdlock(&rw);
    pthread_create(&t, NULL, writer, NULL);
    for (int i = 0; i < 1000; i++)
        sched_yield();
    pthread_rwlock_rdlock(&rw);
    int seen = value;
    pthread_rwlock_unlock(&rw);
    pthread_rwlock_unlock(&rw);
    pthread_join(t, NULL);
    return seen;
}
