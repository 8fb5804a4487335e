/* SPDX-License-Identifier: MIT
 *
 * A proxy goes on with the next packet when one fails, and has not given its lock up.
 *
 * verdict: deadlock
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
        gorc_mutex_lock(&p->lock); /* HERE: lock */
        if (i == 1) {
            continue;
        }
        p->conns++;
        gorc_mutex_unlock(&p->lock);
    }
}

int main(void)
{
    struct proxy *p = calloc(1, sizeof *p);
    gorc_go(run, p); /* HERE: go */
    gorc_yield();
    return 0;
}
