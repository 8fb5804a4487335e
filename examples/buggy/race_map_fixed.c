/* SPDX-License-Identifier: MIT
 *
 * Repaired: the map has a mutex, and every access holds it.
 */
#include <gorc.h>
#include <stdio.h>

enum { ENTRIES = 16 };

struct map {
    gorc_mutex mu; /* guards the rest */
    size_t len;
    struct {
        char key;
        int value;
    } entry[ENTRIES];
};

static void map_put(struct map *m, char key, int value)
{
    gorc_mutex_lock(&m->mu);
    size_t i = m->len++;
    m->entry[i].key = key;
    m->entry[i].value = value;
    gorc_mutex_unlock(&m->mu);
}

static void put_a(void *arg)
{
    map_put(arg, 'a', 1);
}

static void put_b(void *arg)
{
    map_put(arg, 'b', 2);
}

int main(void)
{
    static struct map m;
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, put_a, &m);
    gorc_wg_go(&wg, put_b, &m);
    gorc_wg_wait(&wg);
    printf("%zu entries\n", m.len);
    return 0;
}
