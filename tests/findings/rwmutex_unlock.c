/* SPDX-License-Identifier: MIT
 *
 * An unlock of an rwmutex that is only locked for reading (R3).
 */
#include <gorc.h>

int main(void)
{
    static gorc_rwmutex m;

    gorc_rwmutex_rlock(&m);  /* HERE: rlock */
    gorc_rwmutex_unlock(&m); /* HERE: unlock */
    gorc_rwmutex_runlock(&m);
    return 0;
}
