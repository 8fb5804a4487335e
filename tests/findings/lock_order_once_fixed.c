/* SPDX-License-Identifier: MIT
 *
 * The once is called before the lock is taken: nobody holds the lock and waits for it.
 */
#include <gorc.h>

#include "../support/barrier.h"

static gorc_mutex registry;
static gorc_once loaded;
static gorc_waitgroup done;

static void load(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&registry);
    gorc_mutex_unlock(&registry);
}

static void starter(void *arg)
{
    (void)arg;
    gorc_once_do(&loaded, load, NULL);
    hidden_step();
}

static void client(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_once_do(&loaded, load, NULL);
    gorc_mutex_lock(&registry);
    gorc_once_do(&loaded, load, NULL);
    gorc_mutex_unlock(&registry);
}

int main(void)
{
    gorc_wg_go(&done, starter, NULL);
    gorc_wg_go(&done, client, NULL);
    gorc_wg_wait(&done);
    return 0;
}
