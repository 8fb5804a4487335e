/* SPDX-License-Identifier: MIT
 *
 * Repaired: the sub-test waits for what it started.
 */
#include <gorc.h>

struct scope {
    int finished, lines;
};

static gorc_waitgroup late;

static void log_line(struct scope *s)
{
    if (!s->finished)
        s->lines++;
}

static void reconcile(void *arg)
{
    log_line(arg);
    gorc_wg_done(&late);
}

static void sub_test(struct scope *s)
{
    gorc_wg_add(&late, 1);
    gorc_go(reconcile, s);
    gorc_wg_wait(&late);
    s->finished = 1;
}

int main(void)
{
    static struct scope s;
    sub_test(&s);
    return 0;
}
