/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: bad unlock.
 */
#include "barrier.h"
pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
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
    pthread_mutex_unlock(&m);
    return 0;
}
