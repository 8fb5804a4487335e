/* SPDX-License-Identifier: MIT
 *
 * gorc_map: many goroutines look the same few things up, whoever comes first makes them. Keys are
 * compared by content.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READERS = 8, ROUNDS = 100 };

static const char *const names[] = {"alpha", "beta", "gamma"};

struct entry {
    char name[16];
    size_t length;
};

static size_t name_hash(const void *key)
{
    size_t h = 5381;

    for (const char *c = key; *c; c++)
        h = h * 33 + (unsigned char)*c;
    return h;
}

static bool name_equal(const void *a, const void *b)
{
    return strcmp(a, b) == 0;
}

static gorc_map cache = {.hash = name_hash, .equal = name_equal};
static atomic_long sum;

static struct entry *look_up(const char *name)
{
    void *found;

    if (gorc_map_load(&cache, (void *)name, &found))
        return found;
    struct entry *e = calloc(1, sizeof *e);
    snprintf(e->name, sizeof e->name, "%s", name);
    e->length = strlen(name);
    if (gorc_map_load_or_store(&cache, e->name, e, &found))
        free(e); /* another goroutine was faster */
    return found;
}

static void reader_main(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++)
        for (int k = 0; k < 3; k++)
            atomic_fetch_add(&sum, (long)look_up(names[k])->length);
}

static bool free_entry(void *key, void *value, void *arg)
{
    gorc_map_delete(&cache, key);
    free(value); /* nobody else uses the map any more */
    ++*(int *)arg;
    return true;
}

int main(void)
{
    gorc_waitgroup wg = {0};
    int entries = 0;

    for (int i = 0; i < READERS; i++)
        gorc_wg_go(&wg, reader_main, NULL);
    gorc_wg_wait(&wg);
    gorc_map_range(&cache, free_entry, &entries);
    gorc_map_clear(&cache);
    printf("%d entries, %ld letters\n", entries, atomic_load(&sum));
    return 0;
}
