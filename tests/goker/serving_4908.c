/* SPDX-License-Identifier: MIT
 *
 * A goroutine that a sub-test started logs through the sub-test's logger after the sub-test has
 * ended: it reads the flag `finished` that the owner sets.
 *
 * verdict: race
 */
#include <gorc.h>

#include "barrier.h"

struct scope {
    int finished, lines;
};

static gorc_waitgroup late;

static void log_line(struct scope *s)
{
    if (!s->finished) /* HERE: read */
        s->lines++;
}

static void reconcile(void *arg)
{
    hidden_yield_until(1);
    log_line(arg); /* HERE: log */
    gorc_wg_done(&late);
}

static void sub_test(struct scope *s)
{
    gorc_wg_add(&late, 1);
    gorc_go(reconcile, s); /* HERE: go */
    s->finished = 1;       /* HERE: finish */
    hidden_step();
}

int main(void)
{
    static struct scope s;
    sub_test(&s); /* HERE: sub */
    gorc_wg_wait(&late);
    return 0;
}
