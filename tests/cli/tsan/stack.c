/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: stack.
 */
#include "barrier.h"
void first(void *arg)
{
    *(int *)arg = 1;
}
void second(void *arg)
{
    *(int *)arg = 2;
}
int main(void)
{
    volatile int x = 0;
    both((void *)&x);
    return x - 2;
}
