/* SPDX-License-Identifier: MIT
 *
 * A goroutine that waits for a semaphore nobody releases, and one that waits for a place in an
 * error group.
 */
#include <gorc.h>
#include <stdlib.h>

static void acquire(void *arg)
{
    gorc_sem_acquire(arg, NULL, 1); /* HERE: acquire */
}

static int stay(void *arg)
{
    (void)arg;
    gorc_chan_recv(NULL, NULL); /* HERE: stay */
    return 0;
}

static void start(void *g)
{
    gorc_group_go(g, stay, NULL); /* HERE: go */
}

int main(void)
{
    static gorc_sem s = GORC_SEM_INIT(1);
    gorc_group *g = gorc_group_new(NULL, NULL);

    gorc_sem_acquire(&s, NULL, 1);
    gorc_group_set_limit(g, 1);
    gorc_group_go(g, stay, NULL); /* HERE: first */
    gorc_go(acquire, &s);         /* HERE: sem */
    gorc_go(start, g);            /* HERE: start */
    for (int i = 0; i < 100; i++)
        gorc_yield();
    return 0;
}
