/* SPDX-License-Identifier: MIT
 *
 * A write after the signaller's unlock races with the waiter.
 */
#include <stdlib.h>
#include <threads.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static mtx_t m;
static cnd_t c;
static int ready;

static int first(void *arg)
{
    (void)arg;
    mtx_lock(&m);
    ready = 1;
    cnd_broadcast(&c);
    mtx_unlock(&m);
    x = 1;
    hidden_step();
    return 0;
}

static int second(void *arg)
{
    (void)arg;
    mtx_lock(&m);
    while (!ready)
        cnd_wait(&c, &m);
    mtx_unlock(&m);
    hidden_wait(1);
    if (x == 2)
        abort();
    return 0;
}

int main(void)
{
    thrd_t a, b;

    mtx_init(&m, mtx_plain);
    cnd_init(&c);
    if (thrd_create(&a, first, NULL) != thrd_success ||
        thrd_create(&b, second, NULL) != thrd_success)
        abort();
    thrd_join(a, NULL);
    thrd_join(b, NULL);
    cnd_destroy(&c);
    mtx_destroy(&m);
    return 0;
}
