/* SPDX-License-Identifier: MIT
 *
 * See blockmap.h. Level 0 has a bit for each eight bytes of a chunk, level k + 1 a bit for each
 * word of level k.
 */
#include "blockmap.h"

enum { SHIFT = 26, LEVELS = 4, BITS = 1 << (SHIFT - 3) };
#define TABLE ((size_t)1 << (47 - SHIFT))

struct an_chunk {
    uint32_t index; /* address >> SHIFT */
    uint64_t bits[BITS / 64];
    uint64_t up1[BITS / 64 / 64];
    uint64_t up2[BITS / 64 / 64 / 64];
    uint64_t up3[1];
    uint64_t marks[BITS / 64];
};

static uint64_t *level(struct an_chunk *c, int k)
{
    uint64_t *levels[LEVELS] = {c->bits, c->up1, c->up2, c->up3};
    return levels[k];
}

bool an_blockmap_init(struct an_blockmap *m, const struct an_memory *memory)
{
    *m = (struct an_blockmap){.memory = memory, .lowest = AN_NO_ADDRESS};
    m->table = an_alloc(memory, TABLE * sizeof(struct an_chunk *));
    return m->table != NULL;
}

static struct an_chunk *chunk_add(struct an_blockmap *m, size_t index)
{
    if (m->n == m->cap) {
        uint32_t cap = m->cap ? 2 * m->cap : 64;
        struct an_chunk **order = an_alloc(m->memory, cap * sizeof(struct an_chunk *));
        if (!order)
            return NULL;
        for (uint32_t i = 0; i < m->n; i++)
            order[i] = m->order[i];
        m->order = order;
        m->cap = cap;
    }
    struct an_chunk *c = an_alloc(m->memory, sizeof *c);
    if (!c)
        return NULL;
    c->index = (uint32_t)index;
    m->table[index] = c;
    m->order[m->n++] = c;
    return c;
}

bool an_blockmap_add(struct an_blockmap *m, uintptr_t start)
{
    size_t index = start >> SHIFT;
    if (index >= TABLE)
        return true; /* no address of a program's */
    struct an_chunk *c = m->table[index] ? m->table[index] : chunk_add(m, index);
    if (!c)
        return false;
    size_t bit = start >> 3 & (BITS - 1);
    for (int k = 0; k < LEVELS; k++, bit >>= 6)
        level(c, k)[bit >> 6] |= (uint64_t)1 << (bit & 63);
    if (start < m->lowest)
        m->lowest = start;
    if (start > m->highest)
        m->highest = start;
    return true;
}

/* Insertion sort: chunks come nearly sorted, and are few. */
void an_blockmap_seal(struct an_blockmap *m)
{
    for (uint32_t i = 1; i < m->n; i++) {
        struct an_chunk *c = m->order[i];
        uint32_t j = i;
        for (; j > 0 && m->order[j - 1]->index > c->index; j--)
            m->order[j] = m->order[j - 1];
        m->order[j] = c;
    }
}

/* Position in `order` of the first chunk with an index of at least `index`. */
static uint32_t lower_bound(const struct an_blockmap *m, uint32_t index)
{
    uint32_t lo = 0, hi = m->n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (m->order[mid]->index < index)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The greatest bit <= bit that is set; -1: none. */
static int64_t bit_below(struct an_chunk *c, int64_t bit)
{
    int k = 0;
    for (; k < LEVELS; k++, bit = (bit >> 6) - 1) {
        if (bit < 0)
            return -1;
        uint64_t w = level(c, k)[bit >> 6] << (63 - (bit & 63));
        if (w) {
            bit -= __builtin_clzll(w);
            break;
        }
    }
    if (k == LEVELS)
        return -1;
    while (k-- > 0)
        bit = bit * 64 + 63 - __builtin_clzll(level(c, k)[bit]);
    return bit;
}

/* The least bit >= bit that is set; -1: none. */
static int64_t bit_above(struct an_chunk *c, int64_t bit)
{
    int k = 0;
    int64_t end = BITS;
    for (; k < LEVELS; k++, bit = (bit >> 6) + 1, end >>= 6) {
        if (bit >= end)
            return -1;
        uint64_t w = level(c, k)[bit >> 6] >> (bit & 63);
        if (w) {
            bit += __builtin_ctzll(w);
            break;
        }
    }
    if (k == LEVELS)
        return -1;
    while (k-- > 0)
        bit = bit * 64 + __builtin_ctzll(level(c, k)[bit]);
    return bit;
}

static uintptr_t address_of(const struct an_chunk *c, int64_t bit)
{
    return ((uintptr_t)c->index << SHIFT) + ((uintptr_t)bit << 3);
}

uintptr_t an_blockmap_below(const struct an_blockmap *m, uintptr_t addr)
{
    size_t index = addr >> SHIFT;
    if (addr < m->lowest || index >= TABLE)
        return AN_NO_ADDRESS;
    struct an_chunk *c = m->table[index];
    int64_t bit = c ? bit_below(c, addr >> 3 & (BITS - 1)) : -1;
    if (bit >= 0)
        return address_of(c, bit);
    uint32_t at = lower_bound(m, (uint32_t)index);
    if (at == 0)
        return AN_NO_ADDRESS;
    c = m->order[at - 1];
    return address_of(c, bit_below(c, BITS - 1));
}

uintptr_t an_blockmap_above(const struct an_blockmap *m, uintptr_t addr)
{
    addr = (addr + 7) & ~(uintptr_t)7;
    size_t index = addr >> SHIFT;
    if (index >= TABLE || addr > m->highest)
        return AN_NO_ADDRESS;
    struct an_chunk *c = m->table[index];
    int64_t bit = c ? bit_above(c, addr >> 3 & (BITS - 1)) : -1;
    if (bit >= 0)
        return address_of(c, bit);
    uint32_t at = lower_bound(m, (uint32_t)index + 1);
    if (at == m->n)
        return AN_NO_ADDRESS;
    c = m->order[at];
    return address_of(c, bit_above(c, 0));
}

bool an_blockmap_mark(struct an_blockmap *m, uintptr_t start)
{
    struct an_chunk *c = m->table[start >> SHIFT];
    size_t bit = start >> 3 & (BITS - 1);
    uint64_t mask = (uint64_t)1 << (bit & 63);
    bool fresh = !(c->marks[bit >> 6] & mask);
    c->marks[bit >> 6] |= mask;
    return fresh;
}

void an_blockmap_unmark(struct an_blockmap *m, uintptr_t start)
{
    size_t bit = start >> 3 & (BITS - 1);
    m->table[start >> SHIFT]->marks[bit >> 6] &= ~((uint64_t)1 << (bit & 63));
}

bool an_blockmap_marked(const struct an_blockmap *m, uintptr_t start)
{
    const struct an_chunk *c = start >> SHIFT < TABLE ? m->table[start >> SHIFT] : NULL;
    size_t bit = start >> 3 & (BITS - 1);
    return c && c->marks[bit >> 6] >> (bit & 63) & 1;
}
