/* SPDX-License-Identifier: MIT
 *
 * A write after a send by select is not ordered before what the receiver does.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_chan *c;

static void first(void *arg)
{
    int v = 7;
    gorc_case cases[] = {gorc_case_send(c, &v), gorc_case_recv(NULL, NULL)};

    (void)arg;
    gorc_select(cases, 2);
    x = 1;
    hidden_step();
}

static void second(void *arg)
{
    int v;
    gorc_case cases[] = {gorc_case_recv(NULL, NULL), gorc_case_recv(c, &v)};

    (void)arg;
    gorc_select(cases, 2);
    hidden_yield_until(1);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    c = gorc_chan_new(sizeof(int), 0);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_chan_unref(c);
    return 0;
}
