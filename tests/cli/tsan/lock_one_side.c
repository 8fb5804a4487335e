/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: lock one side.
 */
#include "barrier.h"
int counter;
pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
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
    counter = 2;
}
int main(void)
{
    both(NULL);
    return 0;
}
