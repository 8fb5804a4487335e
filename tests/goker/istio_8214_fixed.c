/* SPDX-License-Identifier: MIT
 *
 * Repaired: each field of the copy is loaded atomically.
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
    __atomic_fetch_add(&stats.hits, 1, __ATOMIC_SEQ_CST);
    struct statistics copy = {
        __atomic_load_n(&stats.hits, __ATOMIC_SEQ_CST),
        __atomic_load_n(&stats.misses, __ATOMIC_SEQ_CST),
    };
    volatile long seen = copy.hits + copy.misses;
    (void)seen;
    gorc_wg_done(&wg);
}

int main(void)
{
    gorc_wg_add(&wg, 2);
    gorc_go(get, NULL);
    gorc_go(get, NULL);
    gorc_wg_wait(&wg);
    return 0;
}
