/* SPDX-License-Identifier: MIT
 *
 * Repaired: both hold the table's lock.
 */
#include <gorc.h>

struct table {
    gorc_mutex mu;
    int key, used;
};

static struct table names = {.key = 1, .used = 1};
static gorc_waitgroup wg;

static void delete_all(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&names.mu);
    names.used = 0;
    gorc_mutex_unlock(&names.mu);
    gorc_wg_done(&wg);
}

static void look_up(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&names.mu);
    volatile int found = names.used && names.key == 1;
    (void)found;
    gorc_mutex_unlock(&names.mu);
    gorc_wg_done(&wg);
}

int main(void)
{
    gorc_wg_add(&wg, 2);
    gorc_go(delete_all, NULL);
    gorc_go(look_up, NULL);
    gorc_wg_wait(&wg);
    return 0;
}
