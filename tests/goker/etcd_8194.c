/* SPDX-License-Identifier: MIT
 *
 * A global rate limit is saved, changed and restored by a test while the lessor's loop reads it.
 *
 * verdict: race
 */
#include <gorc.h>

static int lease_revoke_rate = 1000;

struct lessor {
    gorc_mutex mu;
    gorc_chan *stop; /* NULL, as the loop's select never needs it */
    gorc_waitgroup running;
    int expired;
};

static void run_loop(void *arg)
{
    struct lessor *l = arg;
    for (int i = 0; i < 10; i++) {
        gorc_mutex_lock(&l->mu);
        l->expired += lease_revoke_rate / 2; /* HERE: read */
        gorc_mutex_unlock(&l->mu);
        gorc_case cases[] = {gorc_case_after(GORC_MILLISECOND), gorc_case_recv(l->stop, NULL)};
        gorc_select(cases, 2);
    }
    gorc_wg_done(&l->running);
}

static void change_rate(void)
{
    int saved = lease_revoke_rate;
    lease_revoke_rate = 10; /* HERE: set */
    gorc_yield();
    lease_revoke_rate = saved; /* HERE: restore */
}

int main(void)
{
    static struct lessor l;
    gorc_wg_add(&l.running, 1);
    gorc_go(run_loop, &l); /* HERE: go */
    change_rate();         /* HERE: change */
    gorc_wg_wait(&l.running);
    return 0;
}
