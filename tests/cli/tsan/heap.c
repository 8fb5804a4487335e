/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: heap.
 */
#include "barrier.h"
void first(void *arg)
{
    ((char *)arg)[3] = 1;
}
void second(void *arg)
{
    ((char *)arg)[3] = 2;
}
int main(void)
{
    char *p = malloc(40);
    both(p);
    free(p);
    return 0;
}
