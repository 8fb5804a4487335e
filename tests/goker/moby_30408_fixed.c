/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of moby_30408.c: a failed activation is told, and ends the wait.
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
    while (!p->manifest && !p->error)
        gorc_cond_wait(&p->activated, &p->mu);
    gorc_mutex_unlock(&p->mu);
}

static void helper(void *arg)
{
    struct plugin *p = arg;
    wait_active(p);
    gorc_chan_close(p->done);
}

static void activate(struct plugin *p)
{
    gorc_mutex_lock(&p->mu);
    p->error = 1;
    gorc_cond_broadcast(&p->activated);
    gorc_mutex_unlock(&p->mu);
}

static void run(struct plugin *p)
{
    gorc_go(helper, p);
    gorc_yield();
    activate(p);
    gorc_chan_recv(p->done, NULL);
}

int main(void)
{
    struct plugin p = {.done = gorc_chan_new(0, 0)};
    run(&p);
    gorc_chan_unref(p.done);
    return 0;
}
