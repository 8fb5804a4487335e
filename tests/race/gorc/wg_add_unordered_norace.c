/* SPDX-License-Identifier: MIT
 *
 * Adds from zero that are ordered with every wait (W2), and waits that are not ordered among
 * themselves: by the go statement, and by a lock that also decides whether to add at all.
 */
#include <gorc.h>

static gorc_mutex mu;
static bool closing;
static gorc_waitgroup wg, others;

static void waiter(void *arg)
{
    (void)arg;
    gorc_wg_wait(&wg);
    gorc_wg_done(&others);
}

static void work(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&mu);
    if (!closing)
        gorc_wg_add(&wg, 1);
    bool added = !closing;
    gorc_mutex_unlock(&mu);
    if (added)
        gorc_wg_done(&wg);
    gorc_wg_done(&others);
}

int main(void)
{
    gorc_wg_add(&others, 4);
    for (int i = 0; i < 2; i++)
        gorc_go(work, NULL);
    gorc_yield();
    gorc_mutex_lock(&mu);
    closing = true;
    gorc_mutex_unlock(&mu);
    for (int i = 0; i < 2; i++)
        gorc_go(waiter, NULL);
    gorc_wg_wait(&wg);
    gorc_wg_wait(&others);
    return 0;
}
