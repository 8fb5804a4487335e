/* SPDX-License-Identifier: MIT
 *
 * The core's entry for accesses and fresh memory, and its start.
 */
#include "core/core.h"
#include "core/fast.h"
#include "core/granule.h"
#include "core/lockgraph.h"
#include "core/map.h"
#include "core/meta.h"
#include "core/node.h"
#include "core/overflow.h"
#include "core/range.h"
#include "core/reads.h"
#include "core/segment.h"
#include "core/sweep.h"

enum { MAX_CLOCK_NODES = 1u << 27 };

struct dt_shadow_stats dt_shadow_stats;

uint64_t dt_keys_real[DT_N_KEYS];
const uint64_t dt_keys_none[DT_N_KEYS];
/* No cell has an origin of all ones. */
#define SLOW8 ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull
const uint64_t dt_keys_slow[DT_N_KEYS] = {SLOW8, SLOW8, SLOW8, SLOW8, SLOW8, SLOW8, SLOW8, SLOW8};

static void make_keys(void)
{
    for (unsigned kind = 0; kind < 8; kind++) {
        unsigned size = 1u << (kind & 3);
        for (unsigned offset = 0; offset < 8; offset++) {
            uint64_t key = ~(uint64_t)0;
            if (offset + size <= 8) {
                uint64_t mask = ((1u << size) - 1) << offset;
                key = DT_CELL_SEG | DT_CELL_P | mask << DT_CELL_MASK_SHIFT;
                if (kind >= DT_KEY_W1)
                    key |= DT_CELL_W;
            }
            dt_keys_real[kind * 8 + offset] = key;
        }
    }
}

void dt_core_init(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    make_keys();
    dt_pool_init(&dt_clock_pool, "clocks", sizeof(struct dt_clock_node), 4, MAX_CLOCK_NODES);
    dt_pool_init(&dt_over_pool, "shared memory", sizeof(struct dt_over), 0, DT_MAX_OVER);
    dt_task_init();
    dt_node_init();
    dt_segment_init();
    dt_reads_init();
    dt_lockset_init();
    dt_sync_init();
    dt_lockgraph_init();
    dt_block_init();
    dt_chunk_want_room();
}

void dt_access_uncovered(
    struct dt_task *t, uintptr_t addr, size_t size, unsigned flags, uintptr_t pc)
{
    if (t->keys == dt_keys_none)
        return;
    struct dt_task *me = dt_core_enter();
    if ((addr & 7) + size <= 8 && size && !t->ignore && addr < DT_ADDRESS_END)
        dt_granule_range(t, addr, (unsigned)size, flags, pc & DT_NODE_PC);
    else
        dt_range_access(t, addr, size, flags, pc & DT_NODE_PC);
    dt_core_leave(me);
    dt_race_deliver(t);
}

/* The same-epoch test of cell.h for a few granules; larger ranges have a test of their own. */
enum { COVERED_MAX = 128 };

static inline bool covers(const uint64_t *cells, uint64_t own, uint64_t need)
{
    return ((__atomic_load_n(&cells[0], __ATOMIC_RELAXED) ^ own) & need) == 0 ||
           ((__atomic_load_n(&cells[1], __ATOMIC_RELAXED) ^ own) & need) == 0;
}

static bool is_covered(const struct dt_task *t, uintptr_t addr, size_t size, unsigned flags)
{
    const uint64_t *cells = dt_shadow_find(addr);
    uint64_t own = t->segment, key = DT_CELL_SEG;
    if (!cells)
        return false;
    if (flags & DT_WRITE)
        key |= DT_CELL_W;
    if (!(flags & DT_ATOMIC))
        key |= DT_CELL_P;
    uint64_t mask = 0xffu << (addr & 7) & 0xffu;
    if ((addr & 7) + size <= 8) {
        uint64_t bytes = (uint64_t)((1u << size) - 1) << ((addr & 7) + DT_CELL_MASK_SHIFT);
        return covers(cells, own, key | bytes);
    }
    uintptr_t end = addr + size;
    if (size > COVERED_MAX || ((addr ^ end) & ~(DT_CHUNK_SIZE - 1)))
        return false;
    for (addr &= ~(uintptr_t)7; addr < end; addr += 8, cells += 2, mask = 0xff) {
        if (end - addr < 8)
            mask &= 0xffu >> (8 - (end - addr));
        if (!covers(cells, own, key | mask << DT_CELL_MASK_SHIFT))
            return false;
    }
    return true;
}

void dt_access(struct dt_task *t, uintptr_t addr, size_t size, unsigned flags, uintptr_t pc)
{
    uint64_t kind = flags & DT_WRITE ? DT_CELL_P | DT_CELL_W : DT_CELL_P;
    if (is_covered(t, addr, size, flags))
        return;
    if (size - 1 < 8 && !(flags & DT_ATOMIC) && addr < DT_ADDRESS_END &&
        dt_access_fast(t, addr, (unsigned)size, kind, pc & DT_NODE_PC))
        return;
    dt_access_uncovered(t, addr, size, flags, pc);
}

void dt_shadow_clear(uintptr_t addr, size_t size)
{
    struct dt_task *me = dt_core_enter();
    dt_range_clear(addr, size);
    dt_core_leave(me);
    dt_race_deliver(me);
}
