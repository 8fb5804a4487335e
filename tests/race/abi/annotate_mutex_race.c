/* SPDX-License-Identifier: MIT
 *
 * Two readers of such a mutex are not ordered.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

void __tsan_mutex_pre_lock(void *m, unsigned flags);
void __tsan_mutex_post_lock(void *m, unsigned flags, int recursion);
int __tsan_mutex_pre_unlock(void *m, unsigned flags);
void __tsan_mutex_post_unlock(void *m, unsigned flags);
int x; /* not static, or compilers would see through the test */
static char own_mutex;
enum { READ_LOCK = 8 };

static void *first(void *arg)
{
    (void)arg;
    __tsan_mutex_pre_lock(&own_mutex, READ_LOCK);
    __tsan_mutex_post_lock(&own_mutex, READ_LOCK, 0);
    x = 1;
    __tsan_mutex_pre_unlock(&own_mutex, READ_LOCK);
    __tsan_mutex_post_unlock(&own_mutex, READ_LOCK);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    __tsan_mutex_pre_lock(&own_mutex, READ_LOCK);
    __tsan_mutex_post_lock(&own_mutex, READ_LOCK, 0);
    if (x == 2)
        abort();
    __tsan_mutex_pre_unlock(&own_mutex, READ_LOCK);
    __tsan_mutex_post_unlock(&own_mutex, READ_LOCK);
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
