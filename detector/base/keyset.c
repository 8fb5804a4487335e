/* SPDX-License-Identifier: MIT
 *
 * Open addressing, at most half full.
 */
#include "base/dalloc.h"
#include "base/keyset.h"

enum { FIRST_SIZE = 64 };

static uint64_t *slot(uint64_t *keys, size_t size, uint64_t key)
{
    size_t i = (size_t)(key * 0x9e3779b97f4a7c15u >> 32) & (size - 1);
    while (keys[i] && keys[i] != key)
        i = (i + 1) & (size - 1);
    return &keys[i];
}

static void grow(struct dt_keyset *s)
{
    size_t size = s->size ? 2 * s->size : FIRST_SIZE;
    uint64_t *more = dt_alloc(size * sizeof *more);
    for (size_t i = 0; i < s->size; i++)
        if (s->keys[i])
            *slot(more, size, s->keys[i]) = s->keys[i];
    dt_free(s->keys, s->size * sizeof *more);
    s->keys = more;
    s->size = size;
}

bool dt_keyset_add(struct dt_keyset *s, uint64_t key)
{
    key += key == 0;
    if (2 * s->used >= s->size)
        grow(s);
    uint64_t *k = slot(s->keys, s->size, key);
    if (*k)
        return false;
    *k = key;
    s->used++;
    return true;
}

bool dt_keyset_has(const struct dt_keyset *s, uint64_t key)
{
    key += key == 0;
    return s->size && *slot(s->keys, s->size, key) == key;
}

void dt_keyset_clear(struct dt_keyset *s)
{
    dt_free(s->keys, s->size * sizeof *s->keys);
    *s = (struct dt_keyset){0};
}
