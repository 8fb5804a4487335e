/* SPDX-License-Identifier: MIT
 *
 * gorc_after: a channel of capacity 1 and a timer that refers to it.
 *
 * The channel has two references: the caller's and the timer's. The timer is freed with the
 * channel.
 */
#include <gorc/time.h>

#include <errno.h>

#include "base/alloc.h"
#include "base/misuse.h"
#include "chan/chan_impl.h"
#include "sched/g.h"
#include "chan/after.h"

struct after {
    struct gorc__timer timer; /* first: the callback gets its address */
    struct gorc_chan *chan;
};

static void fire(struct gorc__timer *t)
{
    struct after *a = (struct after *)t;
    struct gorc_chan *c = a->chan;
    int64_t now = gorc__now();
    gorc__chan_fire(c, &now);
    gorc_chan_unref(c);
}

void gorc__after_unref(struct gorc_chan *c)
{
    struct after *a = c->timer;
    if (atomic_load(&c->refs) == 2 && gorc__timer_cancel(&a->timer))
        atomic_fetch_sub(&c->refs, 1);
}

gorc_chan *gorc_after(int64_t ns)
{
    const void *pc = GORC__PC();
    gorc_chan *c = gorc_chan_new(sizeof(int64_t), 1);
    struct after *a = c ? gorc__alloc(sizeof *a) : NULL;
    if (!a) {
        gorc_chan_unref(c);
        errno = ENOMEM;
        return NULL;
    }
    int64_t now = gorc__now();
    if (ns < 0)
        ns = 0;
    c->created = gorc__hook_place(pc);
    if (c->keys) /* the start happens before the value */
        gorc__hook_release(&c->keys->slot[0]);
    a->chan = c;
    a->timer.when = ns > INT64_MAX - 1 - now ? INT64_MAX - 1 : now + ns;
    a->timer.fn = fire;
    a->timer.index = -1;
    c->timer = a;
    gorc_chan_ref(c);
    if (!gorc__timer_add(&a->timer))
        gorc__fatal("out of memory for a timer");
    return c;
}
