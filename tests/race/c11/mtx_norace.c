/* SPDX-License-Identifier: MIT
 *
 * What was done under a mutex happens before what its next holder does.
 */
#include <stdlib.h>
#include <threads.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static mtx_t m;

static int first(void *arg)
{
    (void)arg;
    mtx_lock(&m);
    x = 1;
    mtx_unlock(&m);
    hidden_step();
    return 0;
}

static int second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    mtx_lock(&m);
    if (x == 2)
        abort();
    mtx_unlock(&m);
    return 0;
}

int main(void)
{
    thrd_t a, b;

    mtx_init(&m, mtx_plain);
    if (thrd_create(&a, first, NULL) != thrd_success ||
        thrd_create(&b, second, NULL) != thrd_success)
        abort();
    thrd_join(a, NULL);
    thrd_join(b, NULL);
    mtx_destroy(&m);
    return 0;
}
