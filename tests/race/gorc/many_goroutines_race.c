/* SPDX-License-Identifier: MIT
 *
 * Of two hundred goroutines that count, one forgets the lock.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

enum { GOROUTINES = 200, FORGETFUL = 120 };

static gorc_mutex m;
static long count; /* guarded by m, but for one */

static void counter(void *arg)
{
    bool forgetful = (size_t)arg == FORGETFUL;

    if (!forgetful)
        gorc_mutex_lock(&m);
    count++;
    if (!forgetful)
        gorc_mutex_unlock(&m);
    hidden_step();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    for (size_t i = 0; i < GOROUTINES; i++) {
        gorc_wg_go(&wg, counter, (void *)i); /* a number in a pointer, as pthread programs do */
        hidden_yield_until((int)i + 1);
    }
    gorc_wg_wait(&wg);
    return count != GOROUTINES;
}
