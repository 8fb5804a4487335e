/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: inversion.
 */
#include "barrier.h"
pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER;
static void nest(pthread_mutex_t *a, pthread_mutex_t *b)
{
    pthread_mutex_lock(a);
    pthread_mutex_lock(b);
    pthread_mutex_unlock(b);
    pthread_mutex_unlock(a);
}
void first(void *arg)
{
    (void)arg;
    nest(&m, &n);
}
void second(void *arg)
{
    (void)arg;
    nest(&n, &m);
}
int main(void)
{
    both(NULL);
    return 0;
}
