/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of moby_7559.c: the lock is given up before.
 */
#include <gorc.h>
#include <stdlib.h>

struct proxy {
    gorc_mutex lock;
    int conns;
};

static void run(void *arg)
{
    struct proxy *p = arg;
    for (int i = 0; i < 3; i++) {
        gorc_mutex_lock(&p->lock);
        if (i == 1) {
            gorc_mutex_unlock(&p->lock);
            continue;
        }
        p->conns++;
        gorc_mutex_unlock(&p->lock);
    }
}

int main(void)
{
    struct proxy *p = calloc(1, sizeof *p);
    gorc_go(run, p);
    gorc_yield();
    return 0;
}
