/* SPDX-License-Identifier: MIT
 *
 * A set of 64-bit keys that grows. The caller has a lock. All zero: empty.
 */
#ifndef DT_KEYSET_H
#define DT_KEYSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dt_keyset {
    uint64_t *keys; /* 0: free */
    size_t size, used;
};

/* False: it was there. */
bool dt_keyset_add(struct dt_keyset *s, uint64_t key);
bool dt_keyset_has(const struct dt_keyset *s, uint64_t key);
void dt_keyset_clear(struct dt_keyset *s);

#endif
