/* SPDX-License-Identifier: MIT
 *
 * For compare.sh: tls.
 */
#include "barrier.h"
static _Thread_local int mine;
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
    both(&mine);
    return 0;
}
