/* SPDX-License-Identifier: MIT
 *
 * Creation happens before the start, the end before the join.
 */
#include <stdlib.h>
#include <threads.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static int run(void *arg)
{
    (void)arg;
    x++;
    return 0;
}

int main(void)
{
    thrd_t t;

    x = 1;
    if (thrd_create(&t, run, NULL) != thrd_success)
        abort();
    thrd_join(t, NULL);
    if (x != 2)
        abort();
    return 0;
}
