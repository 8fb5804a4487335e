/* SPDX-License-Identifier: MIT
 *
 * See map.h. Huge pages are refused: the shadow of sparse memory would become dense.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/dalloc.h"
#include "base/lock.h"
#include "base/out.h"
#include "core/map.h"

uint64_t dt_shadow_delta[DT_N_CHUNKS];
struct dt_chunk *dt_chunks[DT_N_CHUNKS];

static dt_lock map_lock;
static uint32_t *list; /* chunk indices; room for all, touched as far as used */
static uint32_t count;

static void *map(size_t size)
{
    int saved = errno;
    void *p = dt_map(size);
    if (!p)
        dt_die_no_room("shadow");
    madvise(p, size, MADV_NOHUGEPAGE);
    errno = saved;
    return p;
}

static void make(size_t index)
{
    if (!list)
        list = map(DT_N_CHUNKS * sizeof *list);
    struct dt_chunk *c = map(sizeof *c);
    c->meta = map(DT_CHUNK_SIZE / 2);
    /* One page more: the test of a 16-byte access may look beyond the end. */
    uintptr_t shadow = (uintptr_t)map(DT_CHUNK_SIZE * 2 + DT_PAGE);
    __atomic_store_n(&dt_chunks[index], c, __ATOMIC_RELEASE);
    uint64_t delta = shadow - 2 * ((uint64_t)index << DT_CHUNK_SHIFT);
    __atomic_store_n(&dt_shadow_delta[index], delta, __ATOMIC_RELEASE);
    list[count] = (uint32_t)index;
    __atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
}

void dt_chunk_want_room(void)
{
    enum { USUAL = 5 }; /* its data, its heap, libraries, main's stack, another one's */
    struct rlimit r;
    if (getrlimit(RLIMIT_AS, &r) != 0 || r.rlim_cur == RLIM_INFINITY)
        return;
    size_t size = USUAL * (DT_CHUNK_SIZE * 2 + DT_CHUNK_SIZE / 2);
    void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        dt_die_no_room("shadow");
    munmap(p, size);
}

void dt_chunk_map(uintptr_t addr)
{
    size_t index = dt_chunk_index(addr);
    dt_lock_take(&map_lock);
    if (!dt_shadow_delta[index])
        make(index);
    dt_lock_drop(&map_lock);
}

uint32_t dt_chunk_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}

uintptr_t dt_chunk_nth(uint32_t n)
{
    return (uintptr_t)list[n] << DT_CHUNK_SHIFT;
}
