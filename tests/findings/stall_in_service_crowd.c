/* SPDX-License-Identifier: MIT
 *
 * Two goroutines that wait for each other, and a crowd that waits behind them, each with a lock of
 * its own, while the program goes on serving: the two are told while it runs.
 */
#include <gorc.h>
#include <stdatomic.h>

enum { CROWD = 2000 };

static gorc_mutex accounts, journal, own[CROWD];
static gorc_waitgroup ready;
static atomic_int told;

static void on_report(const struct gorc_finding *f, void *arg)
{
    (void)f, (void)arg;
    told = 1;
}

static void one(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&accounts); /* HERE: one-has */
    gorc_wg_done(&ready);
    gorc_wg_wait(&ready);
    gorc_mutex_lock(&journal); /* HERE: one-wants */
    gorc_mutex_unlock(&journal);
    gorc_mutex_unlock(&accounts);
}

static void two(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&journal); /* HERE: two-has */
    gorc_wg_done(&ready);
    gorc_wg_wait(&ready);
    gorc_mutex_lock(&accounts); /* HERE: two-wants */
    gorc_mutex_unlock(&accounts);
    gorc_mutex_unlock(&journal);
}

static void behind(void *arg)
{
    gorc_mutex_lock(arg);
    gorc_mutex_lock(&accounts);
    gorc_mutex_unlock(&accounts);
    gorc_mutex_unlock(arg);
}

int main(void)
{
    gorc_set_report_hook(on_report, NULL);
    gorc_wg_add(&ready, 2);
    gorc_go(one, NULL); /* HERE: go-one */
    gorc_go(two, NULL); /* HERE: go-two */
    gorc_wg_wait(&ready);
    for (int i = 0; i < CROWD; i++)
        gorc_go(behind, &own[i]);
    while (gorc_detect_active() && !told)
        gorc_sleep(GORC_MILLISECOND); /* serves */
    return 0;
}
