/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: two locks.
 */
#include "barrier.h"
int counter;
pthread_mutex_t m, n;
void first(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    counter = 1;
    pthread_mutex_unlock(&m);
}
void second(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&n);
    counter = 2;
    pthread_mutex_unlock(&n);
}
int main(void)
{
    pthread_mutex_init(&m, NULL);
    pthread_mutex_init(&n, NULL);
    both(NULL);
    return 0;
}
