/* SPDX-License-Identifier: MIT
 *
 * Two goroutines take two mutexes in opposite orders, one after the other: it could have hung.
 */
#include <gorc.h>

#include "../support/barrier.h"

static gorc_mutex from, to;
static gorc_waitgroup done;

static void one(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&from); /* HERE: one-has */
    gorc_mutex_lock(&to);   /* HERE: one-wants */
    gorc_mutex_unlock(&to);
    gorc_mutex_unlock(&from);
    hidden_step();
}

static void two(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_mutex_lock(&to);   /* HERE: two-has */
    gorc_mutex_lock(&from); /* HERE: two-wants */
    gorc_mutex_unlock(&from);
    gorc_mutex_unlock(&to);
}

int main(void)
{
    gorc_wg_go(&done, one, NULL); /* HERE: go-one */
    gorc_wg_go(&done, two, NULL); /* HERE: go-two */
    gorc_wg_wait(&done);
    return 0;
}
