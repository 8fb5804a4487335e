/* SPDX-License-Identifier: MIT
 *
 * Counts of accesses by the locks held. See lockcount.h.
 *
 * A thread's table is direct-mapped. Who is there stays until as many accesses of others were
 * turned away as it has had itself: what is accessed often is not pushed out by what is accessed
 * once. What was turned away is not counted, so the numbers are of accesses seen.
 *
 * Only its thread writes a table, inside the core; who reads or marks all of them has the gate
 * closed. A table is never freed: it goes from a thread that ended, with its counts, to the next.
 */
#include <string.h>

#include "base/dalloc.h"
#include "core/cell.h"
#include "core/core.h"
#include "core/lockcount.h"

enum { BITS = 11, BARE_BITS = 10 };

/* Of a place: after so many counted accesses it counts fewer; with so many more accesses to memory
 * that is not in the table than to such that is, none for a while. */
enum { EXACT = 4096, COARSE = 1 << 16, ASTRAY = 512 };

struct count {
    uintptr_t addr;
    dt_lockset set; /* 0: none, and in a race */
    uint32_t n;     /* 0: free */
};
struct place {
    uint32_t counted, strange;
};
struct counts {
    struct count entries[1 << BITS];
    uint32_t others[1 << BITS]; /* turned away for the entry's sake */
    bool sampled[1 << BITS];    /* n is an estimate */
    struct place places[DT_LOCKCOUNT_PLACES];
    uint16_t skip[DT_LOCKCOUNT_PLACES];
    struct counts *next;
    bool taken; /* atomic */
};

static struct counts *all; /* atomic */
static __thread struct counts *mine __attribute__((tls_model("initial-exec")));
static uint16_t skip_none[DT_LOCKCOUNT_PLACES]; /* of threads without a table */
__thread uint16_t *dt_lockcount_skip __attribute__((tls_model("initial-exec"))) = skip_none;

/* --- counting --- */

static bool take(struct counts *c)
{
    bool was = false;
    return __atomic_compare_exchange_n(
        &c->taken, &was, true, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static __attribute__((noinline)) struct counts *table(void)
{
    struct counts *c = __atomic_load_n(&all, __ATOMIC_ACQUIRE);
    while (c && !take(c))
        c = c->next;
    if (!c) {
        c = dt_alloc(sizeof *c);
        c->taken = true;
        c->next = __atomic_load_n(&all, __ATOMIC_RELAXED);
        while (!__atomic_compare_exchange_n(
            &all, &c->next, c, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            ;
    }
    dt_lockcount_skip = c->skip;
    return mine = c;
}

/* False: it was not there. */
static bool add(uintptr_t addr, dt_lockset set, uint32_t weight)
{
    struct counts *c = mine ? mine : table();
    size_t i = (addr ^ (uint64_t)set << 40) * 0x9e3779b97f4a7c15u >> (64 - BITS);
    struct count *e = &c->entries[i];
    if (e->n && e->addr == addr && e->set == set) {
        e->n = e->n > UINT32_MAX - weight ? UINT32_MAX : e->n + weight;
        c->sampled[i] |= weight > 1;
        return true;
    }
    if (c->others[i] < e->n) {
        c->others[i] += weight;
        return false;
    }
    *e = (struct count){addr, set, weight};
    c->others[i] = 0;
    c->sampled[i] = weight > 1;
    return false;
}

static uint32_t weight_of(const struct place *p)
{
    return p->counted < EXACT ? 1 : p->counted < COARSE ? 16 : 256;
}

void dt_lockcount_add(uintptr_t addr, dt_lockset set, uintptr_t pc)
{
    struct dt_task *me = dt_core_enter();
    struct counts *c = mine ? mine : table();
    unsigned at = dt_lockcount_place(pc);
    struct place *p = &c->places[at];
    uint32_t weight = weight_of(p);
    c->skip[at] = (uint16_t)(weight - 1);
    p->counted += p->counted < COARSE;
    if (!add(addr, set, weight))
        p->strange++;
    else if (p->strange)
        p->strange--;
    if (p->strange == ASTRAY) {
        p->strange = 0;
        c->skip[at] = UINT16_MAX;
    }
    dt_core_leave(me);
}

/* An access may race with several, at once and later. */
void dt_lockcount_bare(uintptr_t addr, uint64_t cell)
{
    static uint64_t counted[1 << BARE_BITS]; /* atomic; the last ones */
    uint64_t key = ((cell & ~DT_CELL_MASK) ^ addr << 31) * 0x9e3779b97f4a7c15u;
    uint64_t *slot = &counted[key >> (64 - BARE_BITS)];
    if (__atomic_exchange_n(slot, key, __ATOMIC_RELAXED) != key)
        add(addr, 0, 1);
}

/* --- threads --- */

void dt_lockcount_thread_end(void)
{
    if (mine)
        __atomic_store_n(&mine->taken, false, __ATOMIC_RELEASE);
    mine = NULL;
    dt_lockcount_skip = skip_none;
}

void dt_lockcount_forked(void)
{
    for (struct counts *c = all; c; c = c->next)
        c->taken = c == mine;
}

void dt_lockcount_mark(void)
{
    for (struct counts *c = all; c; c = c->next)
        for (size_t i = 0; i < 1 << BITS; i++)
            if (c->entries[i].n)
                dt_lockset_mark(c->entries[i].set);
}

/* --- asking --- */

static void add_lock(struct dt_lock_counts *to, const void *lock, uint64_t n)
{
    size_t i = 0;
    while (i < to->n && to->locks[i].lock != lock)
        i++;
    if (i == to->size) {
        size_t size = to->size ? 2 * to->size : 8;
        to->locks = dt_regrow(to->locks, to->n * sizeof *to->locks, to->size * sizeof *to->locks,
            size * sizeof *to->locks);
        to->size = size;
    }
    if (i == to->n)
        to->locks[to->n++] = (struct dt_lock_count){lock, 0};
    to->locks[i].held += n;
}

/* A lock that is held twice is in the set twice. */
static bool is_again(dt_lockset set, uintptr_t lock)
{
    while ((set = dt_lockset_parent(set)) != 0)
        if (dt_lockset_at(set)->lock == lock)
            return true;
    return false;
}

static void add_entry(struct dt_lock_counts *to, const struct counts *c, size_t i)
{
    const struct count *e = &c->entries[i];
    to->accesses += e->n;
    to->sampled |= c->sampled[i];
    for (dt_lockset s = e->set; s; s = dt_lockset_parent(s))
        if (!is_again(s, dt_lockset_at(s)->lock))
            add_lock(to, (const void *)dt_lockset_at(s)->lock, e->n);
}

/* All entries by address, between stop and go_on: who asks for many races does not go over all
 * tables for each, while everybody waits. */
struct named {
    uintptr_t addr;
    const struct counts *in;
    size_t at;
};
static struct named *sorted;
static size_t n_sorted, size_sorted;

static void sift(size_t i, size_t n)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && sorted[child].addr < sorted[child + 1].addr)
            child++;
        if (sorted[i].addr >= sorted[child].addr)
            return;
        struct named other = sorted[i];
        sorted[i] = sorted[child];
        sorted[child] = other;
    }
}

static void sort(void)
{
    for (size_t i = n_sorted / 2; i-- > 0;)
        sift(i, n_sorted);
    for (size_t n = n_sorted; n-- > 1;) {
        struct named last = sorted[n];
        sorted[n] = sorted[0];
        sorted[0] = last;
        sift(0, n);
    }
}

static void index_all(void)
{
    size_t tables = 0;
    for (const struct counts *c = all; c; c = c->next)
        tables++;
    n_sorted = 0;
    size_sorted = tables << BITS;
    sorted = dt_alloc(size_sorted * sizeof *sorted);
    for (const struct counts *c = all; c; c = c->next)
        for (size_t i = 0; i < 1 << BITS; i++)
            if (c->entries[i].n)
                sorted[n_sorted++] = (struct named){c->entries[i].addr, c, i};
    sort();
}

/* The first that is not below addr. */
static size_t first_from(uintptr_t addr)
{
    size_t lo = 0, hi = n_sorted;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (sorted[mid].addr < addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct dt_task *dt_lockcount_stop(void)
{
    struct dt_task *me = dt_core_enter();
    if (dt_gate_close(me)) {
        index_all();
        return me;
    }
    dt_core_leave(me);
    return NULL;
}

void dt_lockcount_go_on(struct dt_task *stopped)
{
    dt_free(sorted, size_sorted * sizeof *sorted);
    dt_gate_open();
    dt_core_leave(stopped);
}

bool dt_lockcount_get(uintptr_t addr, uintptr_t end, struct dt_lock_counts *ret)
{
    *ret = (struct dt_lock_counts){0};
    for (size_t i = first_from(addr); i < n_sorted && sorted[i].addr < end; i++)
        add_entry(ret, sorted[i].in, sorted[i].at);
    return ret->accesses != 0;
}

void dt_lockcount_free(struct dt_lock_counts *c)
{
    dt_free(c->locks, c->size * sizeof *c->locks);
}
