/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: main thread.
 */
#include "barrier.h"
int counter;
static void *run(void *arg)
{
    counter = 1;
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
    counter = 2;
    return pthread_join(t, NULL);
}
