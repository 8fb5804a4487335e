/* SPDX-License-Identifier: MIT
 *
 * See overflow.h.
 */
#include <string.h>

#include "base/lock.h"
#include "core/overflow.h"

struct dt_pool dt_over_pool;

uint64_t dt_over_lock(uint64_t *cells)
{
    unsigned round = 0;
    for (;;) {
        uint64_t first = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
        uint64_t second = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
        if (!dt_cell_is_special(second))
            return 0;
        if (second & DT_OVER_LOCK)
            dt_pause(&round);
        else if (dt_cas16(cells, first, second, first, second | DT_OVER_LOCK))
            return second;
    }
}

void dt_over_unlock(uint64_t *cells, uint64_t first, uint64_t second)
{
    if (dt_cell_is_special(second)) {
        uint64_t version = (second & DT_CELL_LOW) / DT_OVER_VERSION + 1;
        second = (second & ~(DT_CELL_LOW & ~(DT_OVER_VERSION - 1))) |
                 ((version * DT_OVER_VERSION) & DT_CELL_LOW);
    }
    __atomic_store_n(&cells[0], first, __ATOMIC_RELEASE);
    __atomic_store_n(&cells[1], second, __ATOMIC_RELEASE);
}

void dt_over_free_chain(uint32_t id)
{
    while (id) {
        uint32_t next = dt_over_at(id)->next;
        dt_pool_free(&dt_over_pool, id);
        id = next;
    }
}

uint32_t dt_over_add(uint32_t id, uint64_t cell)
{
    for (uint32_t b = id; b; b = dt_over_at(b)->next) {
        uint64_t *cells = dt_over_at(b)->cells;
        for (unsigned i = 0; i < DT_OVER_CELLS; i++) {
            if (!cells[i]) {
                __atomic_store_n(&cells[i], cell, __ATOMIC_RELEASE);
                return id;
            }
        }
    }
    uint32_t head = dt_pool_alloc(&dt_over_pool);
    struct dt_over *o = dt_over_at(head);
    memset(o->cells, 0, sizeof o->cells);
    o->next = id;
    o->cells[0] = cell;
    return head;
}
