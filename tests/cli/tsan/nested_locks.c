/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: nested locks.
 */
#include "barrier.h"
int counter;
pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER;
void first(void *arg)
{
    (void)arg;
    counter = 1;
}
void second(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    pthread_mutex_lock(&n);
    counter = 2;
    pthread_mutex_unlock(&n);
    pthread_mutex_unlock(&m);
}
int main(void)
{
    both(NULL);
    return 0;
}
