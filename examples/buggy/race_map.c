/* SPDX-License-Identifier: MIT
 *
 * Bug: two goroutines write to one map, and nothing orders them. Both may take the same entry.
 */
#include <gorc.h>
#include <stdio.h>

enum { ENTRIES = 16 };

struct map {
    size_t len;
    struct {
        char key;
        int value;
    } entry[ENTRIES];
};

static void map_put(struct map *m, char key, int value)
{
    size_t i = m->len++; /* HERE: len */
    m->entry[i].key = key;
    m->entry[i].value = value;
}

static void put_a(void *arg)
{
    map_put(arg, 'a', 1); /* HERE: a */
}

static void put_b(void *arg)
{
    map_put(arg, 'b', 2); /* HERE: b */
}

int main(void)
{
    static struct map m;
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, put_a, &m); /* HERE: go-a */
    gorc_wg_go(&wg, put_b, &m); /* HERE: go-b */
    gorc_wg_wait(&wg);
    printf("%zu entries\n", m.len);
    return 0;
}
