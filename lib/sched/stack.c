/* SPDX-License-Identifier: MIT
 *
 * Lock: `lock` (rank STACK, a leaf) guards the growth of arenas, the trimmed slots and the lists of
 * sized stacks. `used` and the list of arenas are read without it by gorc__stack_each.
 */
#include "sched/stack.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "os/vm.h"
#include "sched/threadstate.h"

#define BATCH 16u
#define MIN_SLOT ((size_t)16 << 10)
#define MAX_RESERVE ((size_t)1 << 38)
#define MIN_RESERVE ((size_t)4 << 20)
#define MAX_CLASS 48u

static struct gorc__lock lock;
_Atomic(struct gorc__arena *) gorc__arenas;
static struct gorc__g *sized_free[MAX_CLASS];
size_t gorc__slot_size = (size_t)84 << 10;

/* Slots whose memory was given back, guards in place. */
static uintptr_t *trimmed;
static size_t n_trimmed, trimmed_capacity;

static size_t guard_size(void)
{
    return GORC__GUARD_PAGES * gorc__vm_page();
}

void gorc__stack_init(size_t size)
{
    size_t page = gorc__vm_page();
    if (size < MIN_SLOT)
        size = MIN_SLOT;
    if (size > MAX_RESERVE / 64)
        size = MAX_RESERVE / 64;
    size = (size + page - 1) & ~(page - 1);
    gorc__slot_size = size + guard_size();
    if ((gorc__slot_size / page) % 2 == 0)
        gorc__slot_size += page;
}

/* Records at the same offset of each slot would all fall into the same few sets of the caches. An
 * odd number of pages from slot to slot spreads them over the second level, and different offsets
 * in the page over the first; a record, its colour and a parked goroutine's frames still fit into
 * one page. */
static struct gorc__g *record_at(uintptr_t slot, size_t size)
{
    size_t colour = slot / size % GORC__COLOURS * GORC__COLOUR_STEP;
    return (struct gorc__g *)(slot + size - colour - sizeof(struct gorc__g));
}

/* --- the default size --- */

static struct gorc__arena *arena_new(struct gorc__arena *older)
{
    struct gorc__arena *a = gorc__alloc_opaque(sizeof *a);
    if (!a)
        return NULL;
    for (size_t size = MAX_RESERVE; size >= MIN_RESERVE && size >= gorc__slot_size; size /= 2) {
        void *base = gorc__vm_reserve(size);
        if (!base)
            continue;
        a->base = (uintptr_t)base;
        a->slots = size / gorc__slot_size;
        a->older = older;
        return a;
    }
    gorc__free(a);
    return NULL;
}

/* Commits more slots, in chunks that grow with the arena (so the number of calls is small and
 * little is committed for nothing). */
static bool arena_commit(struct gorc__arena *a)
{
    size_t n = a->committed / 4;
    if (n < 64)
        n = 64;
    if (n > a->slots - a->committed)
        n = a->slots - a->committed;
    for (; n > 0; n /= 2) {
        void *start = (void *)(a->base + a->committed * gorc__slot_size);
        if (gorc__vm_commit(start, n * gorc__slot_size)) {
            a->committed += n;
            gorc__state_stacks_made(start, n * gorc__slot_size);
            return true;
        }
    }
    return false;
}

/* Takes up to `want` slots in a row, one that was trimmed or else fresh ones; returns how many, 0
 * when memory is out. */
static size_t take_slots(size_t want, uintptr_t *ret_first, bool *ret_guarded)
{
    gorc__lock(&lock);
    *ret_guarded = n_trimmed > 0;
    if (n_trimmed > 0) {
        *ret_first = trimmed[--n_trimmed];
        gorc__unlock(&lock);
        return 1;
    }
    struct gorc__arena *a = atomic_load_explicit(&gorc__arenas, memory_order_relaxed);
    size_t used = a ? atomic_load_explicit(&a->used, memory_order_relaxed) : 0;
    size_t n = 0;
    if (!a || used == a->slots) {
        a = arena_new(a);
        used = 0;
        if (a)
            atomic_store_explicit(&gorc__arenas, a, memory_order_release);
    }
    if (a && (used < a->committed || arena_commit(a))) {
        n = a->committed - used < want ? a->committed - used : want;
        *ret_first = a->base + used * gorc__slot_size;
        atomic_store_explicit(&a->used, used + n, memory_order_release);
    }
    gorc__unlock(&lock);
    return n;
}

static struct gorc__g *slot_open(uintptr_t slot, size_t size, bool guarded)
{
    if (!guarded)
        gorc__vm_guard((void *)slot, guard_size());
    struct gorc__g *g = record_at(slot, size);
    g->stack_lo = slot + guard_size();
    g->stack_hi = (uintptr_t)g;
    return g;
}

struct gorc__g *gorc__stack_new(struct gorc__p *p)
{
    uintptr_t slot;
    bool guarded = false;
    if (p && p->slot_next != p->slot_end) {
        slot = p->slot_next;
        p->slot_next += gorc__slot_size;
        return slot_open(slot, gorc__slot_size, false);
    }
    size_t n = take_slots(p ? BATCH : 1, &slot, &guarded);
    if (n == 0)
        return NULL;
    if (p) {
        p->slot_next = slot + gorc__slot_size;
        p->slot_end = slot + n * gorc__slot_size;
    }
    return slot_open(slot, gorc__slot_size, guarded);
}

/* --- giving memory back --- */

/* Room for n more. The array is replaced under the lock, but allocated without it. */
static bool trimmed_reserve(size_t n)
{
    for (;;) {
        gorc__lock(&lock);
        size_t have = trimmed_capacity, need = n_trimmed + n;
        gorc__unlock(&lock);
        if (need <= have)
            return true;
        size_t capacity = 2 * need;
        uintptr_t *array = gorc__alloc_opaque(capacity * sizeof *array), *old = NULL;
        if (!array)
            return false;
        gorc__lock(&lock);
        if (capacity > trimmed_capacity) {
            if (n_trimmed > 0)
                memcpy(array, trimmed, n_trimmed * sizeof *array);
            old = trimmed;
            trimmed = array;
            trimmed_capacity = capacity;
        } else {
            old = array;
        }
        gorc__unlock(&lock);
        gorc__free(old);
    }
}

static void sift(uintptr_t *a, size_t i, size_t n)
{
    uintptr_t x = a[i];
    for (size_t c; (c = 2 * i + 1) < n; i = c) {
        c += c + 1 < n && a[c + 1] > a[c];
        if (a[c] <= x)
            break;
        a[i] = a[c];
    }
    a[i] = x;
}

static void sort(uintptr_t *a, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(a, i, n);
    for (size_t i = n; i-- > 1;) {
        uintptr_t last = a[i];
        a[i] = a[0];
        a[0] = last;
        sift(a, 0, i);
    }
}

void gorc__stack_trim(struct gorc__g **list, size_t n)
{
    uintptr_t *slots = (uintptr_t *)list; /* read as records below, from then on as addresses */
    for (size_t i = 0; i < n; i++) {
        uintptr_t slot = list[i]->stack_lo - guard_size();
        memcpy(&slots[i], &slot, sizeof slot);
    }
    sort(slots, n);
    for (size_t i = 0, next; i < n; i = next) { /* neighbours by one call */
        for (next = i + 1; next < n && slots[next] == slots[next - 1] + gorc__slot_size; next++)
            ;
        gorc__vm_trim((void *)slots[i], slots[next - 1] + gorc__slot_size - slots[i]);
    }
    if (!trimmed_reserve(n))
        return; /* these slots are not used again: address space, no memory */
    gorc__lock(&lock);
    for (size_t i = n; i-- > 0;) /* the lowest is used first */
        trimmed[n_trimmed++] = slots[i];
    gorc__unlock(&lock);
}

bool gorc__stack_each(bool (*fn)(struct gorc__g *g, void *arg), void *arg)
{
    struct gorc__arena *a = atomic_load_explicit(&gorc__arenas, memory_order_acquire);
    for (; a; a = a->older) {
        size_t used = atomic_load_explicit(&a->used, memory_order_acquire);
        for (size_t i = 0; i < used; i++)
            if (!fn(record_at(a->base + i * gorc__slot_size, gorc__slot_size), arg))
                return false;
    }
    return true;
}

/* --- other sizes: powers of two, never smaller than asked --- */

struct gorc__g *gorc__stack_new_sized(size_t size)
{
    size_t need = size + guard_size() + sizeof(struct gorc__g);
    if (need < size)
        return NULL;
    if (need < MIN_SLOT)
        need = MIN_SLOT;
    uint32_t class = 64 - (uint32_t)__builtin_clzl(need - 1);
    if (class >= MAX_CLASS)
        return NULL;
    gorc__lock(&lock);
    struct gorc__g *g = sized_free[class];
    if (g)
        sized_free[class] = g->next;
    gorc__unlock(&lock);
    if (g)
        return g;
    size = (size_t)1 << class;
    void *map = gorc__vm_reserve(size);
    if (!map || !gorc__vm_commit(map, size))
        return NULL;
    gorc__state_stacks_made(map, size);
    g = slot_open((uintptr_t)map, size, false);
    g->size_class = class;
    g->all_next = atomic_load(&gorc__sched.all_large);
    while (!atomic_compare_exchange_weak(&gorc__sched.all_large, &g->all_next, g))
        ;
    return g;
}

void gorc__stack_free_sized(struct gorc__g *g)
{
    gorc__vm_trim((void *)g->stack_lo, (g->stack_hi & ~(gorc__vm_page() - 1)) - g->stack_lo);
    gorc__lock(&lock);
    g->next = sized_free[g->size_class];
    sized_free[g->size_class] = g;
    gorc__unlock(&lock);
}
