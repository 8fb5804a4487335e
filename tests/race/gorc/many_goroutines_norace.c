/* SPDX-License-Identifier: MIT
 *
 * A thousand goroutines, a pipeline each, one mutex for all: nothing to report.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

enum { GOROUTINES = 1000 };

static gorc_mutex m;
static long sum; /* guarded by m */

static void adder(void *arg)
{
    gorc_chan *in = arg;
    int v;

    while (gorc_chan_recv(in, &v)) {
        gorc_mutex_lock(&m);
        sum += v;
        gorc_mutex_unlock(&m);
    }
    gorc_chan_unref(in);
}

int main(void)
{
    gorc_waitgroup wg = {0};

    for (int i = 0; i < GOROUTINES; i++) {
        gorc_chan *c = gorc_chan_new(sizeof(int), (size_t)i % 3);
        gorc_wg_go(&wg, adder, gorc_chan_ref(c));
        for (int k = 0; k < 4; k++)
            gorc_chan_send(c, &k);
        gorc_chan_close(c);
        gorc_chan_unref(c);
    }
    gorc_wg_wait(&wg);
    if (sum != 6L * GOROUTINES)
        abort();
    return 0;
}
