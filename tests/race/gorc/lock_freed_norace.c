/* SPDX-License-Identifier: MIT
 *
 * L1: whoever gets the lock, the Done or the close may free the object at once.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct object {
    gorc_mutex m;
    gorc_waitgroup wg;
    gorc_chan *done;
    int value;
};

enum { ROUNDS = 200 };

static void worker(void *arg)
{
    struct object *o = arg;

    gorc_mutex_lock(&o->m);
    o->value++;
    gorc_mutex_unlock(&o->m);
    gorc_wg_done(&o->wg);
}

static void closer(void *arg)
{
    gorc_chan_close(arg);
}

int main(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct object *o = calloc(1, sizeof(*o));
        if (!o)
            abort();
        o->done = gorc_chan_new(0, 0);
        gorc_wg_add(&o->wg, 2);
        gorc_go(worker, o);
        gorc_go(worker, o);
        gorc_go(closer, o->done);
        gorc_wg_wait(&o->wg);
        gorc_chan_recv(o->done, NULL);
        gorc_chan_unref(o->done);
        if (o->value != 2)
            abort();
        free(o);
    }
    return 0;
}
