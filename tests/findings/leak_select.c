/* SPDX-License-Identifier: MIT
 *
 * A goroutine in a select that no one serves.
 */
#include <gorc.h>

static gorc_chan *a, *b;

static void stuck(void *arg)
{
    (void)arg;
    gorc_case cases[] = {gorc_case_recv(a, NULL), gorc_case_recv(b, NULL)};

    gorc_select(cases, 2); /* HERE: wait */
}

int main(void)
{
    a = gorc_chan_new(0, 0); /* HERE: a */
    b = gorc_chan_new(0, 0); /* HERE: b */
    gorc_go(stuck, NULL);    /* HERE: go */
    gorc_yield();
    return 0;
}
