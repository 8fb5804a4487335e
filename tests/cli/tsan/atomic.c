/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: atomic.
 */
#include "barrier.h"
int counter;
void first(void *arg)
{
    (void)arg;
    __atomic_store_n(&counter, 1, __ATOMIC_RELAXED);
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
