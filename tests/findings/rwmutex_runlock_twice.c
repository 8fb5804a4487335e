/* SPDX-License-Identifier: MIT
 *
 * A reader that gives an rwmutex up twice (R3): who took it and who gave it up before is shown.
 */
#include <gorc.h>

static gorc_rwmutex m;

static void read_once(void *arg)
{
    (void)arg;
    gorc_rwmutex_rlock(&m);   /* HERE: rlock */
    gorc_rwmutex_runlock(&m); /* HERE: runlock */
}

static void read_badly(void *arg)
{
    (void)arg;
    gorc_rwmutex_runlock(&m); /* HERE: again */
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, read_once, NULL); /* HERE: good */
    gorc_wg_wait(&wg);
    gorc_wg_go(&wg, read_badly, NULL); /* HERE: bad */
    gorc_wg_wait(&wg);
    return 0;
}
