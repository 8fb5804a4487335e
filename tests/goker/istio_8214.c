/* SPDX-License-Identifier: MIT
 *
 * Statistics are counted atomically and copied as a whole by a plain read.
 *
 * verdict: race
 */
#include <gorc.h>

struct statistics {
    long hits, misses;
};

static struct statistics stats;
static gorc_waitgroup wg;

static void get(void *arg)
{
    (void)arg;
    __atomic_fetch_add(&stats.hits, 1, __ATOMIC_SEQ_CST); /* HERE: add */
    struct statistics copy = stats;                       /* HERE: copy */
    volatile long seen = copy.hits + copy.misses;
    (void)seen;
    gorc_wg_done(&wg);
}

int main(void)
{
    gorc_wg_add(&wg, 2);
    gorc_go(get, NULL); /* HERE: go */
    gorc_go(get, NULL); /* HERE: go2 */
    gorc_wg_wait(&wg);
    return 0;
}
