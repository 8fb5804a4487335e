/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: global.
 */
#include "barrier.h"
int counter;
void first(void *arg)
{
    (void)arg;
    counter = 1;
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
