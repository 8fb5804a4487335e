/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: use after free.
 */
#include "barrier.h"
void first(void *arg)
{
    free(arg);
}
void second(void *arg)
{
    ((volatile int *)arg)[8] = 2;
}
int main(void)
{
    both(malloc(64));
    return 0;
}
