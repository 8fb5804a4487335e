/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: thread leak.
 */
#include "barrier.h"
static void *run(void *arg)
{
    step();
    return arg;
}
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
    pthread_t t;
    pthread_create(&t, NULL, run, NULL);
    step();
    for (volatile int i = 0; i < 100000000; i++)
        ;
    return 0;
}
