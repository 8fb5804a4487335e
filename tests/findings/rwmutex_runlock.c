/* SPDX-License-Identifier: MIT
 *
 * A runlock that nobody has locked (R3).
 */
#include <gorc.h>

static void reader(gorc_rwmutex *m)
{
    gorc_rwmutex_runlock(m); /* HERE: runlock */
}

int main(void)
{
    static gorc_rwmutex m;

    reader(&m); /* HERE: call */
    return 0;
}
