/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: destroy locked.
 */
#include "barrier.h"
pthread_mutex_t m;
void first(void *arg)
{
    (void)arg;
}
void second(void *arg)
{
    (void)arg;
}
int main(void)
{
    pthread_mutex_init(&m, NULL);
    pthread_mutex_lock(&m);
    pthread_mutex_destroy(&m);
    return 0;
}
