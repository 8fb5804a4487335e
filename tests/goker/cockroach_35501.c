/* SPDX-License-Identifier: MIT
 *
 * A loop over check records starts a goroutine for each and gives it the address of the one
 * variable that the loop goes on to overwrite.
 *
 * verdict: race
 */
#include <gorc.h>

struct check {
    int name, columns;
};

struct job {
    struct check current; /* of the loop */
    gorc_waitgroup *wg;
};

static void validate(void *arg)
{
    struct job *j = arg;
    volatile int name = j->current.name; /* HERE: read */
    (void)name;
    gorc_wg_done(j->wg);
}

static void validate_all(void *arg)
{
    gorc_waitgroup wg = {0};
    struct job job = {.wg = &wg};
    for (int i = 0; i < 10; i++) {
        job.current.name = i; /* HERE: write */
        gorc_wg_add(&wg, 1);
        gorc_go(validate, &job); /* HERE: go */
    }
    gorc_wg_wait(&wg);
    gorc_wg_done(arg);
}

int main(void)
{
    gorc_waitgroup all = {0};
    gorc_wg_add(&all, 1);
    gorc_go(validate_all, &all); /* HERE: start */
    gorc_wg_wait(&all);
    return 0;
}
