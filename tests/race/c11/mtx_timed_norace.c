/* SPDX-License-Identifier: MIT
 *
 * A successful mtx_timedlock or mtx_trylock is a lock, also of a recursive mutex.
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
    mtx_lock(&m);
    mtx_unlock(&m);
    x = 1;
    mtx_unlock(&m);
    hidden_step();
    return 0;
}

static int second(void *arg)
{
    (void)arg;
    struct timespec until;

    hidden_wait(1);
    timespec_get(&until, TIME_UTC);
    until.tv_sec += 30;
    if (mtx_timedlock(&m, &until) != thrd_success || mtx_trylock(&m) != thrd_success)
        abort();
    if (x == 2)
        abort();
    mtx_unlock(&m);
    mtx_unlock(&m);
    return 0;
}

int main(void)
{
    thrd_t a, b;

    mtx_init(&m, mtx_timed | mtx_recursive);
    if (thrd_create(&a, first, NULL) != thrd_success ||
        thrd_create(&b, second, NULL) != thrd_success)
        abort();
    thrd_join(a, NULL);
    thrd_join(b, NULL);
    mtx_destroy(&m);
    return 0;
}
