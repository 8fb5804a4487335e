/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: write read.
 */
#include "barrier.h"
int counter, seen;
void first(void *arg)
{
    (void)arg;
    seen = counter;
}
void second(void *arg)
{
    (void)arg;
    counter = 1;
}
int main(void)
{
    both(NULL);
    return 0;
}
