/* SPDX-License-Identifier: MIT
 *
 * A wait on a cond whose mutex was given up too early (K1): who did that is shown.
 */
#include <gorc.h>

static gorc_mutex m;
static gorc_cond c;

static void wait_badly(void)
{
    gorc_mutex_lock(&m);    /* HERE: lock */
    gorc_mutex_unlock(&m);  /* HERE: unlock */
    gorc_cond_wait(&c, &m); /* HERE: wait */
}

int main(void)
{
    wait_badly(); /* HERE: call */
    return 0;
}
