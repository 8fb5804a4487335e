/* SPDX-License-Identifier: MIT
 *
 * Repaired: each goroutine has a record of its own.
 */
#include <gorc.h>

struct check {
    int name, columns;
};

struct job {
    struct check current;
    gorc_waitgroup *wg;
};

static void validate(void *arg)
{
    struct job *j = arg;
    volatile int name = j->current.name;
    (void)name;
    gorc_wg_done(j->wg);
}

static void validate_all(void *arg)
{
    gorc_waitgroup wg = {0};
    struct job jobs[10];
    for (int i = 0; i < 10; i++) {
        jobs[i] = (struct job){.current.name = i, .wg = &wg};
        gorc_wg_add(&wg, 1);
        gorc_go(validate, &jobs[i]);
    }
    gorc_wg_wait(&wg);
    gorc_wg_done(arg);
}

int main(void)
{
    gorc_waitgroup all = {0};
    gorc_wg_add(&all, 1);
    gorc_go(validate_all, &all);
    gorc_wg_wait(&all);
    return 0;
}
