/* SPDX-License-Identifier: MIT
 *
 * A map that goroutines share, guarded by a mutex that lives beside the data it guards. No caller
 * sees the map without the lock.
 */
#include <gorc.h>
#include <stdio.h>
#include <string.h>

enum { BUCKETS = 16, WRITERS = 4, ROUNDS = 250 };

struct counters {
    gorc_mutex mu;
    struct {
        const char *key;
        long count;
    } slot[BUCKETS]; /* guarded by mu; open addressing, never full in this program */
};

static unsigned hash(const char *key)
{
    unsigned h = 5381;

    while (*key)
        h = 33 * h + (unsigned char)*key++;
    return h;
}

/* The slot of `key`, or the free one where it belongs. Called with mu held. */
static unsigned find(const struct counters *c, const char *key)
{
    unsigned i = hash(key) % BUCKETS;

    while (c->slot[i].key && strcmp(c->slot[i].key, key) != 0)
        i = (i + 1) % BUCKETS;
    return i;
}

static void counters_add(struct counters *c, const char *key, long n)
{
    gorc_mutex_lock(&c->mu);
    gorc_defer_unlock(&c->mu);
    unsigned i = find(c, key);
    c->slot[i].key = key;
    c->slot[i].count += n;
}

static long counters_get(struct counters *c, const char *key)
{
    gorc_mutex_lock(&c->mu);
    gorc_defer_unlock(&c->mu);
    return c->slot[find(c, key)].count;
}

static void writer_main(void *arg)
{
    struct counters *c = arg;

    for (int i = 0; i < ROUNDS; i++) {
        counters_add(c, i % 2 ? "odd" : "even", 1);
        counters_add(c, "all", 1);
    }
}

int main(void)
{
    static struct counters c;
    gorc_waitgroup wg = {0};

    for (int i = 0; i < WRITERS; i++)
        gorc_wg_go(&wg, writer_main, &c);
    gorc_wg_wait(&wg);
    printf("even %ld\n", counters_get(&c, "even"));
    printf("odd %ld\n", counters_get(&c, "odd"));
    printf("all %ld\n", counters_get(&c, "all"));
    printf("none %ld\n", counters_get(&c, "none"));
    return 0;
}
