/* SPDX-License-Identifier: MIT
 *
 * A helper waits on a cond for a manifest, which stays empty because the activation has failed
 * without a signal; main waits for the helper.
 *
 * verdict: deadlock
 */
#include <gorc.h>

struct plugin {
    gorc_mutex mu;
    gorc_cond activated;
    int manifest, error;
    gorc_chan *done;
};

static void wait_active(struct plugin *p)
{
    gorc_mutex_lock(&p->mu);
    while (!p->manifest)
        gorc_cond_wait(&p->activated, &p->mu); /* HERE: cond */
    gorc_mutex_unlock(&p->mu);
}

static void helper(void *arg)
{
    struct plugin *p = arg;
    wait_active(p); /* HERE: wait */
    gorc_chan_close(p->done);
}

static void activate(struct plugin *p)
{
    gorc_mutex_lock(&p->mu);
    p->error = 1;
    gorc_mutex_unlock(&p->mu);
}

static void run(struct plugin *p)
{
    gorc_go(helper, p); /* HERE: go */
    gorc_yield();
    activate(p);
    gorc_chan_recv(p->done, NULL); /* HERE: recv */
}

int main(void)
{
    struct plugin p = {.done = gorc_chan_new(0, 0)};
    run(&p); /* HERE: run */
    gorc_chan_unref(p.done);
    return 0;
}
