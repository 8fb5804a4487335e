/* SPDX-License-Identifier: MIT
 *
 * See pool.h. Lock order: shard, then grow. Both are leaves for everybody else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/dalloc.h"
#include "base/out.h"
#include "base/own.h"
#include "base/pool.h"

enum { STEP = 1 << 20, BATCH = 16, LEAST = 1 << 16 };

static char *reserve(size_t size)
{
    void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    dt_own_add(p, size);
    return p;
}

static size_t rounded(uint64_t size)
{
    return (size + STEP - 1) & ~(size_t)(STEP - 1);
}

/* What one pool may take of the address space under a limit: there are a dozen of them, and shadow.
 */
static uint64_t share(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_AS, &r) != 0 || r.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return r.rlim_cur / 48;
}

/* Under an address-space limit, fewer ids are better than none. */
void dt_pool_init(struct dt_pool *p, const char *what, uint32_t item, uint32_t side, uint32_t max)
{
    int saved = errno;
    p->what = what;
    p->item = item;
    p->side = side;
    p->next = 1;
    while ((uint64_t)max * (item + side) > share() && max / 2 >= LEAST)
        max /= 2;
    for (;; max /= 2) {
        if (max < LEAST)
            dt_die_no_room(what);
        p->base = reserve(rounded((uint64_t)max * item));
        if (!p->base)
            continue;
        p->side_base = side ? reserve(rounded((uint64_t)max * side)) : NULL;
        if (!side || p->side_base)
            break;
        munmap(p->base, rounded((uint64_t)max * item));
    }
    p->max = max;
    errno = saved;
}

static bool open_range(char *base, uint64_t from, uint64_t to)
{
    size_t begin = rounded(from), end = rounded(to);
    if (begin >= end)
        return true;
    madvise(base + begin, end - begin, MADV_NOHUGEPAGE);
    return mprotect(base + begin, end - begin, PROT_READ | PROT_WRITE) == 0;
}

/* Makes ids below `upto` usable. Called with grow held. */
static void commit(struct dt_pool *p, uint32_t upto)
{
    int saved = errno;
    uint64_t step = STEP / p->item, to = p->committed + step;
    if (to < upto)
        to = upto;
    if (to > p->max)
        to = p->max;
    if (!open_range(p->base, (uint64_t)p->committed * p->item, to * p->item) ||
        !open_range(p->side_base, (uint64_t)p->committed * p->side, to * p->side))
        dt_die_no_room(p->what);
    p->committed = (uint32_t)to;
    errno = saved;
}

uint32_t dt_pool_fresh(struct dt_pool *p, uint32_t n)
{
    uint32_t id = 0;
    dt_lock_take(&p->grow);
    if (p->max - p->next >= n) {
        id = p->next;
        if (id + n > p->committed)
            commit(p, id + n);
        __atomic_store_n(&p->next, id + n, __ATOMIC_RELEASE);
    }
    dt_lock_drop(&p->grow);
    return id;
}

static uint32_t *link_of(struct dt_pool *p, uint32_t id)
{
    return (uint32_t *)dt_pool_at(p, id) + 1;
}

/* Empties another shard that has at least so many into this one, whose list is empty. */
static uint32_t steal(struct dt_pool *p, unsigned mine, uint32_t least)
{
    for (unsigned i = 0; i < DT_POOL_SHARDS; i++) {
        if (i == mine || __atomic_load_n(&p->shards[i].count, __ATOMIC_RELAXED) < least ||
            !dt_lock_try(&p->shards[i].lock))
            continue;
        uint32_t id = p->shards[i].freed, n = p->shards[i].count;
        p->shards[i].freed = 0;
        __atomic_store_n(&p->shards[i].count, 0, __ATOMIC_RELAXED);
        dt_lock_drop(&p->shards[i].lock);
        if (id) {
            p->shards[mine].count = n;
            return id;
        }
    }
    return 0;
}

/* What one thread or stack frees others take: else a pool would grow for ever where the ones make
 * objects and the others end them. */
static uint32_t refill(struct dt_pool *p, unsigned shard)
{
    uint32_t first = steal(p, shard, BATCH);
    if (first)
        return first;
    first = dt_pool_fresh(p, BATCH);
    if (!first)
        return steal(p, shard, 1);
    for (uint32_t i = 0; i < BATCH; i++)
        *link_of(p, first + i) = i + 1 < BATCH ? first + i + 1 : 0;
    p->shards[shard].count = BATCH;
    return first;
}

uint32_t dt_pool_alloc(struct dt_pool *p)
{
    unsigned shard = dt_thread_hash();
    dt_lock_take(&p->shards[shard].lock);
    uint32_t id = p->shards[shard].freed;
    if (!id)
        id = refill(p, shard);
    if (id) {
        p->shards[shard].freed = __atomic_load_n(link_of(p, id), __ATOMIC_RELAXED);
        __atomic_store_n(&p->shards[shard].count, p->shards[shard].count - 1, __ATOMIC_RELAXED);
    }
    p->shards[shard].taken++;
    dt_lock_drop(&p->shards[shard].lock);
    if (!id)
        dt_die("out of ids for %s", p->what);
    return id;
}

void dt_pool_free(struct dt_pool *p, uint32_t id)
{
    unsigned shard = dt_thread_hash();
    dt_lock_take(&p->shards[shard].lock);
    __atomic_store_n(link_of(p, id), p->shards[shard].freed, __ATOMIC_RELAXED);
    p->shards[shard].freed = id;
    __atomic_store_n(&p->shards[shard].count, p->shards[shard].count + 1, __ATOMIC_RELAXED);
    p->shards[shard].given++;
    dt_lock_drop(&p->shards[shard].lock);
}

uint32_t dt_pool_live(const struct dt_pool *p)
{
    uint32_t live = 0;
    for (unsigned i = 0; i < DT_POOL_SHARDS; i++)
        live += p->shards[i].taken - p->shards[i].given;
    return live;
}
