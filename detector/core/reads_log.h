/* SPDX-License-Identifier: MIT
 *
 * Logs from within, for reads.c, reads_look.c and reads_purge.c.
 */
#ifndef DT_READS_LOG_H
#define DT_READS_LOG_H

#include "core/reads.h"

/* The pools' second array. */
struct dt_log_info {
    struct dt_reader *reader; /* NULL: being freed */
    uint64_t region;          /* address >> DT_REGION_SHIFT */
    uint32_t next;            /* of the region, named as in dt_chunk.readers; 0: last */
    uint32_t retired;         /* of the reader (dt_reader.retired) */
};

/* A log as dt_chunk.readers and dt_log_info.next name it. */
#define DT_LOG_NAME_FINE ((uint32_t)1 << 31)

static inline struct dt_log_info *dt_log_info(uint32_t name)
{
    if (name & DT_LOG_NAME_FINE)
        return (struct dt_log_info *)dt_fine_pool.side_base + (name & ~DT_LOG_NAME_FINE);
    return (struct dt_log_info *)dt_coarse_pool.side_base + name;
}

static inline uint16_t *dt_log_fields(uint32_t name)
{
    return name & DT_LOG_NAME_FINE ? dt_fine_log(name & ~DT_LOG_NAME_FINE) : dt_coarse_log(name);
}

static inline uint32_t dt_log_name(uint64_t entry)
{
    uint32_t id = (uint32_t)(entry & (DT_LOG_IS_FINE - 1));
    return entry & DT_LOG_IS_FINE ? id | DT_LOG_NAME_FINE : id;
}

static inline uint32_t dt_read_part_size(uint32_t part)
{
    return part ? 16u << part : 32;
}

/* The entry of addr's log in the reader's table, or the free place for it. */
static inline uint64_t *dt_log_slot(const struct dt_reader *r, uintptr_t addr)
{
    uint64_t region = addr >> DT_REGION_SHIFT;
    for (uint64_t i = region;; i++) {
        uint64_t *e = &r->table[i & r->mask];
        if (!*e || *e >> DT_LOG_REGION_SHIFT == region)
            return e;
    }
}

/* 0: there is none. */
static inline uint64_t dt_log_find(const struct dt_reader *r, uintptr_t addr)
{
    uint64_t e = dt_reads_entry(r, addr);
    return e || r->used == 0 ? e : *dt_log_slot(r, addr);
}

/* Puts addr's entry into the table, perhaps in place of another. */
void dt_log_enter(struct dt_reader *r, uintptr_t addr, uint64_t entry);

/* No entry, or one without a log (reads_bounded.h). */
static inline bool dt_log_is_none(uint64_t entry)
{
    return (entry & ((DT_LOG_IS_FINE << 1) - 1)) == 0;
}

/* The fields of a granule, by byte. */
void dt_log_granule(uint32_t name, uintptr_t granule, uint32_t ret_index[8]);
/* Mask bits of the bytes whose index is at least `first`. */
uint64_t dt_log_mask(const uint32_t index[8], uint32_t first);
/* Takes the bytes of one read out of index[] and returns it as a cell; 0: none is left. */
uint64_t dt_log_next_element(const struct dt_reader *r, uint32_t index[8]);

#endif
