/* SPDX-License-Identifier: MIT
 *
 * See blockmap.h. Level 0 has a bit for each eight bytes of a chunk, level k + 1 a bit for each
 * word of level k.
 */
#include "blockmap.h"

enum { LEVELS = 4, BITS = 1 << (AN_CHUNK_SHIFT - 3) };
#define TABLE ((size_t)1 << (47 - AN_CHUNK_SHIFT))
#define SEGMENT ((size_t)1 << AN_SEGMENT_SHIFT)

struct an_chunk {
    uint32_t index; /* address >> AN_CHUNK_SHIFT */
    uint32_t last;  /* number of its last block */
    struct an_word words[BITS / 64];
    uint64_t up1[BITS / 64 / 64];
    uint64_t up2[BITS / 64 / 64 / 64];
    uint64_t up3[1];
};

/* The 64 bits number i of level k. */
static uint64_t bits_at(const struct an_chunk *c, int k, int64_t i)
{
    const uint64_t *levels[LEVELS] = {NULL, c->up1, c->up2, c->up3};
    return k == 0 ? c->words[i].starts : levels[k][i];
}

bool an_blockmap_init(struct an_blockmap *m, const struct an_memory *memory)
{
    *m = (struct an_blockmap){.memory = memory, .lowest = AN_NO_ADDRESS};
    m->table = an_alloc(memory, TABLE * sizeof *m->table);
    m->blocks = an_alloc(memory, AN_MAX_SEGMENTS * sizeof *m->blocks);
    return m->table && m->blocks;
}

static struct an_chunk *chunk_add(struct an_blockmap *m, size_t index)
{
    if (m->n == m->cap) {
        uint32_t cap = m->cap ? 2 * m->cap : 64;
        struct an_chunk **order = an_alloc(m->memory, cap * sizeof *order);
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

/* Room for one more block. */
static bool grow(struct an_blockmap *m)
{
    uint32_t segment = m->n_blocks >> AN_SEGMENT_SHIFT;
    if (segment >= AN_MAX_SEGMENTS)
        return false;
    if (!m->blocks[segment])
        m->blocks[segment] = an_alloc(m->memory, SEGMENT * sizeof **m->blocks);
    return m->blocks[segment] != NULL;
}

bool an_blockmap_add(struct an_blockmap *m, uintptr_t start, size_t size, bool is_held)
{
    size_t index = start >> AN_CHUNK_SHIFT;
    if (index >= TABLE)
        return true; /* no address of a program's */
    struct an_chunk *c = m->table[index] ? m->table[index] : chunk_add(m, index);
    if (!c || !grow(m))
        return false;
    size_t bit = start >> 3 & (BITS - 1);
    struct an_word *w = &c->words[bit >> 6];
    if (!w->starts)
        w->first = m->n_blocks;
    w->starts |= (uint64_t)1 << (bit & 63);
    c->up1[bit >> 12] |= (uint64_t)1 << (bit >> 6 & 63);
    c->up2[bit >> 18] |= (uint64_t)1 << (bit >> 12 & 63);
    c->up3[0] |= (uint64_t)1 << (bit >> 18);
    c->last = m->n_blocks;
    *an_blockmap_at(m, m->n_blocks++) = (struct an_block){.size = size, .is_held = is_held};
    if (start < m->lowest)
        m->lowest = start;
    if (start + (size ? size : 1) > m->end)
        m->end = start + (size ? size : 1);
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
static int64_t bit_below(const struct an_chunk *c, int64_t bit)
{
    int k = 0;
    for (; k < LEVELS; k++, bit = (bit >> 6) - 1) {
        if (bit < 0)
            return -1;
        uint64_t w = bits_at(c, k, bit >> 6) << (63 - (bit & 63));
        if (w) {
            bit -= __builtin_clzll(w);
            break;
        }
    }
    if (k == LEVELS)
        return -1;
    while (k-- > 0)
        bit = bit * 64 + 63 - __builtin_clzll(bits_at(c, k, bit));
    return bit;
}

/* The least bit >= bit that is set; -1: none. */
static int64_t bit_above(const struct an_chunk *c, int64_t bit)
{
    int k = 0;
    int64_t end = BITS;
    for (; k < LEVELS; k++, bit = (bit >> 6) + 1, end >>= 6) {
        if (bit >= end)
            return -1;
        uint64_t w = bits_at(c, k, bit >> 6) >> (bit & 63);
        if (w) {
            bit += __builtin_ctzll(w);
            break;
        }
    }
    if (k == LEVELS)
        return -1;
    while (k-- > 0)
        bit = bit * 64 + __builtin_ctzll(bits_at(c, k, bit));
    return bit;
}

static uintptr_t address_of(const struct an_chunk *c, int64_t bit)
{
    return ((uintptr_t)c->index << AN_CHUNK_SHIFT) + ((uintptr_t)bit << 3);
}

/* __builtin_popcountll is a call where the processor is not known to have the instruction. */
static uint32_t count_bits(uint64_t v)
{
    v -= v >> 1 & 0x5555555555555555;
    v = (v & 0x3333333333333333) + (v >> 2 & 0x3333333333333333);
    return (uint32_t)(((v + (v >> 4)) & 0x0f0f0f0f0f0f0f0f) * 0x0101010101010101 >> 56);
}

/* The block that starts there. */
static uint32_t number_of(const struct an_chunk *c, int64_t bit)
{
    const struct an_word *w = &c->words[bit >> 6];
    uint64_t before = w->starts & (((uint64_t)1 << (bit & 63)) - 1);
    return w->first + count_bits(before);
}

uint32_t an_blockmap_find(const struct an_blockmap *m, uintptr_t addr, uintptr_t *ret_start)
{
    size_t index = addr >> AN_CHUNK_SHIFT;
    if (addr < m->lowest || addr >= m->end || index >= TABLE)
        return AN_NO_BLOCK;
    const struct an_chunk *c = m->table[index];
    int64_t bit = c ? bit_below(c, addr >> 3 & (BITS - 1)) : -1;
    if (bit < 0) { /* one that begins in an earlier chunk */
        uint32_t at = lower_bound(m, (uint32_t)index);
        if (at == 0)
            return AN_NO_BLOCK;
        c = m->order[at - 1];
        bit = bit_below(c, BITS - 1);
    }
    uint32_t block = number_of(c, bit);
    uintptr_t start = address_of(c, bit);
    size_t size = an_blockmap_at(m, block)->size;
    if (addr - start >= (size ? size : 1))
        return AN_NO_BLOCK;
    *ret_start = start;
    return block;
}

uintptr_t an_blockmap_end(const struct an_blockmap *m, uintptr_t start)
{
    const struct an_chunk *c = m->table[start >> AN_CHUNK_SHIFT];
    size_t size = an_blockmap_at(m, number_of(c, start >> 3 & (BITS - 1)))->size;
    return start + (size ? size : 1);
}

uintptr_t an_blockmap_above(const struct an_blockmap *m, uintptr_t addr)
{
    addr = (addr + 7) & ~(uintptr_t)7;
    size_t index = addr >> AN_CHUNK_SHIFT;
    if (index >= TABLE || addr >= m->end)
        return AN_NO_ADDRESS;
    const struct an_chunk *c = m->table[index];
    int64_t bit = c ? bit_above(c, addr >> 3 & (BITS - 1)) : -1;
    if (bit >= 0)
        return address_of(c, bit);
    uint32_t at = lower_bound(m, (uint32_t)index + 1);
    if (at == m->n)
        return AN_NO_ADDRESS;
    c = m->order[at];
    return address_of(c, bit_above(c, 0));
}

void an_blockmap_prefetch(const struct an_blockmap *m, uintptr_t addr)
{
    size_t index = addr >> AN_CHUNK_SHIFT;
    const struct an_chunk *c = index < TABLE ? m->table[index] : NULL;
    if (c)
        __builtin_prefetch(&c->words[addr >> 9 & (BITS / 64 - 1)]);
}

void an_blockmap_areas(const struct an_blockmap *m, struct an_range ret_areas[2])
{
    uintptr_t gap = 0, end = 0;
    ret_areas[0] = (struct an_range){m->n_blocks ? m->lowest : 0, m->end};
    ret_areas[1] = (struct an_range){0, 0};
    for (uint32_t i = 0; i < m->n; i++) {
        const struct an_chunk *c = m->order[i];
        uintptr_t first = address_of(c, bit_above(c, 0));
        if (i > 0 && first > end && first - end > gap) {
            gap = first - end;
            ret_areas[0].hi = end;
            ret_areas[1] = (struct an_range){first, m->end};
        }
        size_t size = an_blockmap_at(m, c->last)->size;
        end = address_of(c, bit_below(c, BITS - 1)) + (size ? size : 1);
    }
}
