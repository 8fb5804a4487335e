/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: calls.
 */
#include "barrier.h"
int counter;
static __attribute__((noinline)) void deep(int n)
{
    if (n)
        deep(n - 1);
    else
        counter++;
    __asm__ volatile("");
}
static inline void inlined(void)
{
    counter += 2;
}
void first(void *arg)
{
    (void)arg;
    deep(3);
}
void second(void *arg)
{
    (void)arg;
    inlined();
}
int main(void)
{
    both(NULL);
    return 0;
}
