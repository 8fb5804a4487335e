/* SPDX-License-Identifier: MIT
 *
 * Repaired: the rate is read and written under the lessor's lock.
 */
#include <gorc.h>

static int lease_revoke_rate = 1000;

struct lessor {
    gorc_mutex mu;
    gorc_chan *stop;
    gorc_waitgroup running;
    int expired;
};

static void run_loop(void *arg)
{
    struct lessor *l = arg;
    for (int i = 0; i < 10; i++) {
        gorc_mutex_lock(&l->mu);
        l->expired += lease_revoke_rate / 2;
        gorc_mutex_unlock(&l->mu);
        gorc_case cases[] = {gorc_case_after(GORC_MILLISECOND), gorc_case_recv(l->stop, NULL)};
        gorc_select(cases, 2);
    }
    gorc_wg_done(&l->running);
}

static int set_rate(struct lessor *l, int rate)
{
    gorc_mutex_lock(&l->mu);
    int saved = lease_revoke_rate;
    lease_revoke_rate = rate;
    gorc_mutex_unlock(&l->mu);
    return saved;
}

int main(void)
{
    static struct lessor l;
    gorc_wg_add(&l.running, 1);
    gorc_go(run_loop, &l);
    int saved = set_rate(&l, 10);
    gorc_yield();
    set_rate(&l, saved);
    gorc_wg_wait(&l.running);
    return 0;
}
