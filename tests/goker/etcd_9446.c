/* SPDX-License-Identifier: MIT
 *
 * Two goroutines share a table: one goes through it and deletes, the other looks a key up.
 *
 * verdict: race
 */
#include <gorc.h>

struct table {
    int key, used;
};

static struct table names = {.key = 1, .used = 1};
static gorc_waitgroup wg;

static void delete_all(void *arg)
{
    (void)arg;
    if (names.used)
        names.used = 0; /* HERE: delete */
    gorc_wg_done(&wg);
}

static void look_up(void *arg)
{
    volatile int found = names.used && names.key == 1; /* HERE: lookup */
    (void)arg;
    (void)found;
    gorc_wg_done(&wg);
}

int main(void)
{
    gorc_wg_add(&wg, 2);
    gorc_go(delete_all, NULL); /* HERE: go-delete */
    gorc_go(look_up, NULL);    /* HERE: go-lookup */
    gorc_wg_wait(&wg);
    return 0;
}
