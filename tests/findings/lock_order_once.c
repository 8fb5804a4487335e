/* SPDX-License-Identifier: MIT
 *
 * The function of a once takes a lock; somebody calls the once while it holds that lock. The
 * function was done by then this time.
 */
#include <gorc.h>

#include "../support/barrier.h"

static gorc_mutex registry;
static gorc_once loaded;
static gorc_waitgroup done;

static void load(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&registry); /* HERE: load-locks */
    gorc_mutex_unlock(&registry);
}

static void starter(void *arg)
{
    (void)arg;
    gorc_once_do(&loaded, load, NULL); /* HERE: starter-calls */
    hidden_step();
}

static void client(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_mutex_lock(&registry);        /* HERE: client-locks */
    gorc_once_do(&loaded, load, NULL); /* HERE: client-calls */
    gorc_mutex_unlock(&registry);
}

int main(void)
{
    gorc_wg_go(&done, starter, NULL); /* HERE: go-starter */
    gorc_wg_go(&done, client, NULL);  /* HERE: go-client */
    gorc_wg_wait(&done);
    return 0;
}
