/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: read write.
 */
#include "barrier.h"
int counter, seen;
void first(void *arg)
{
    (void)arg;
    counter = 1;
}
void second(void *arg)
{
    (void)arg;
    seen = counter;
}
int main(void)
{
    both(NULL);
    return 0;
}
