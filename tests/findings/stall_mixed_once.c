/* SPDX-License-Identifier: MIT
 *
 * The function of a once waits for a signal on a cond, which only somebody would give who first
 * calls the once himself, and main waits for both. A ticker goes on meanwhile, and ends the program
 * when the deadlock has been told.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdlib.h>

struct service {
    gorc_once once;
    gorc_mutex m;
    gorc_cond up;
    gorc_waitgroup entered;
    bool is_up;
};

static atomic_int told;

static void on_report(const struct gorc_finding *f, void *arg)
{
    (void)f, (void)arg;
    told = 1;
}

static void set_up(void *arg)
{
    struct service *s = arg;
    gorc_mutex_lock(&s->m);
    gorc_wg_done(&s->entered);
    while (!s->is_up)
        gorc_cond_wait(&s->up, &s->m); /* HERE: wait */
    gorc_mutex_unlock(&s->m);
}

static void user(void *arg)
{
    struct service *s = arg;
    gorc_once_do(&s->once, set_up, s); /* HERE: once */
}

static void starter(void *arg)
{
    struct service *s = arg;
    gorc_wg_wait(&s->entered);
    gorc_once_do(&s->once, set_up, s); /* HERE: again */
    gorc_mutex_lock(&s->m);
    s->is_up = true;
    gorc_cond_signal(&s->up);
    gorc_mutex_unlock(&s->m);
}

static void tick(void *arg)
{
    (void)arg;
    while (gorc_detect_active() && !told)
        gorc_sleep(GORC_MILLISECOND); /* serves */
    exit(0);
}

int main(void)
{
    struct service *s = calloc(1, sizeof *s);
    gorc_waitgroup all = {0};
    gorc_set_report_hook(on_report, NULL);
    gorc_go(tick, NULL); /* HERE: go-tick */
    gorc_wg_add(&s->entered, 1);
    gorc_wg_go(&all, user, s);    /* HERE: go-user */
    gorc_wg_go(&all, starter, s); /* HERE: go-starter */
    gorc_wg_wait(&all);
    return 0;
}
