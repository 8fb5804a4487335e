/* SPDX-License-Identifier: MIT
 *
 * A goroutine waits for a wait group with the registry's lock held, and whoever is left to call
 * Done needs that lock. Everybody knows the lock, so it is only likely that nobody else gives it
 * up. The program goes on meanwhile.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdlib.h>

struct batch {
    gorc_waitgroup done, locked;
};

static gorc_mutex registry;
static atomic_int told;

static void on_report(const struct gorc_finding *f, void *arg)
{
    (void)f, (void)arg;
    told = 1;
}

static void closer(void *arg)
{
    struct batch *b = arg;
    gorc_mutex_lock(&registry); /* HERE: locked */
    gorc_wg_done(&b->locked);
    gorc_wg_wait(&b->done); /* HERE: wait */
    gorc_mutex_unlock(&registry);
}

static void worker(void *arg)
{
    struct batch *b = arg;
    gorc_wg_wait(&b->locked);
    gorc_mutex_lock(&registry); /* HERE: lock */
    gorc_mutex_unlock(&registry);
    gorc_wg_done(&b->done);
}

static void start(void *arg)
{
    struct batch *b = calloc(1, sizeof *b);
    (void)arg;
    gorc_wg_add(&b->done, 1);
    gorc_wg_add(&b->locked, 1);
    gorc_go(closer, b); /* HERE: go-closer */
    gorc_go(worker, b); /* HERE: go-worker */
}

int main(void)
{
    gorc_set_report_hook(on_report, NULL);
    gorc_go(start, NULL); /* HERE: go */
    while (gorc_detect_active() && !told)
        gorc_sleep(GORC_MILLISECOND); /* serves */
    return 0;
}
