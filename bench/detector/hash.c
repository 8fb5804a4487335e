/* SPDX-License-Identifier: MIT
 *
 * A sharded hash table of chained heap entries, a mutex for each shard: insert, look up, erase.
 */
#include "threads.h"

enum { SHARDS = 64, BUCKETS = 256, KEYS = 1 << 15 };

struct entry {
    uint64_t key, value;
    struct entry *next;
};

static struct shard {
    pthread_mutex_t m;
    struct entry *bucket[BUCKETS];
} shards[SHARDS];

static struct entry **find(struct shard *s, uint64_t key)
{
    struct entry **p = &s->bucket[key / SHARDS % BUCKETS];

    while (*p && (*p)->key != key)
        p = &(*p)->next;
    return p;
}

static void add(struct shard *s, uint64_t key, uint64_t by)
{
    struct entry **p = find(s, key);

    if (!*p) {
        *p = calloc(1, sizeof(**p));
        if (!*p)
            abort();
        (*p)->key = key;
    }
    (*p)->value += by;
}

static uint64_t take(struct shard *s, uint64_t key)
{
    struct entry **p = find(s, key), *gone = *p;
    uint64_t value = 0;

    if (gone) {
        value = gone->value;
        *p = gone->next;
        free(gone);
    }
    return value;
}

static uint64_t work(int index, int threads, long n)
{
    uint64_t random = 88172645463325252u + (uint64_t)index, sum = 0;

    for (long i = 0; i < n / threads; i++) {
        uint64_t r = next_random(&random), key = r % KEYS;
        struct shard *s = &shards[key % SHARDS];
        pthread_mutex_lock(&s->m);
        if (r >> 60 == 0)
            sum += take(s, key);
        else
            add(s, key, 1);
        pthread_mutex_unlock(&s->m);
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t sum = 0;

    if (argc != 3)
        return 2;
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_init(&shards[i].m, NULL);
    sum = run_threads(atoi(argv[2]), atol(argv[1]), work);
    uint64_t random = 0, taken = 0;
    for (uint64_t key = 0; key < KEYS; key++)
        sum += take(&shards[key % SHARDS], key);
    /* Every add has been taken out: how many there were depends on the random numbers alone. */
    for (int t = 0; t < atoi(argv[2]); t++) {
        random = 88172645463325252u + (uint64_t)t;
        for (long i = 0; i < atol(argv[1]) / atoi(argv[2]); i++)
            taken += next_random(&random) >> 60 != 0;
    }
    printf("%llu\n", (unsigned long long)(sum == taken ? sum : 0));
    return 0;
}
