/* SPDX-License-Identifier: MIT
 *
 * Plain reads of read-shared granules are not kept in the granule but in logs of the reading task,
 * one per kilobyte of memory: what many tasks read costs no line that they share
 * (docs/shadow.md, "Read-shared granules").
 *
 * A log has a field of 16 bits for each aligned four bytes (a coarse log) or for each byte (a fine
 * one): 0, or the index of the last read there in the task's table of reads, which tells segment
 * and origin. Indices grow with time: a field is of the current epoch iff it is >= `first`.
 *
 * Only its owner stores indices into a log; whoever clears memory stores zeros. Logs, tables and
 * readers are freed with the gate closed only (reads_purge.c), so others may look at them any time.
 */
#ifndef DT_READS_H
#define DT_READS_H

#include "base/pool.h"
#include "core/cell.h"
#include "core/map.h"
#include "core/task.h"

enum {
    DT_LOG_BYTES = 1 << DT_REGION_SHIFT, /* of memory */
    DT_LOG_COARSE = DT_LOG_BYTES / 4,    /* fields */
    DT_LOG_FINE = DT_LOG_BYTES,
    DT_LOG_ID_BITS = 26,
    DT_READ_PARTS = 12, /* of the table: 32, 32, 64, 128 ... entries */
    DT_READ_RECENT = 16,
    DT_READ_RING = 64,
};
#define DT_LOG_IS_FINE ((uint64_t)1 << DT_LOG_ID_BITS)
#define DT_LOG_REGION_SHIFT (DT_LOG_ID_BITS + 1)

struct dt_read {
    uint32_t seg, origin;
};

struct dt_reader {
    /* What the hot path reads. Entries: region number, DT_LOG_IS_FINE, id; 0: free. */
    uint64_t *table;
    uint64_t mask;
    uint32_t first;    /* index of the current epoch's first read, or the next one's */
    uint32_t next;     /* index */
    uint32_t last_seg; /* of the last read in the table; atomic */
    uint32_t n_ring;
    struct {
        uint32_t origin, read;
    } recent[DT_READ_RECENT];
    struct dt_read *part[DT_READ_PARTS];
    uint32_t used;    /* entries of `table` */
    uint32_t retired; /* chain of coarse logs that became fine; still in their regions' lists */
    struct dt_reader *link; /* all readers; dead ones: the dead */
    /* Of a task that has ended. */
    bool dead;
    bool dropped; /* by the purge that is going on */
    dt_index index;
    dt_epoch epoch;
    /* precision=bounded (reads_bounded.h) */
    uint64_t not_remembered;
    uint64_t renewed; /* not_remembered when `again` moved */
    uint32_t again;   /* index: older reads are remembered again when they are repeated */
    uint32_t version; /* of dt_reads_version at the last flush */
    uintptr_t ring[DT_READ_RING]; /* granules read since */
};

extern DT_HIDDEN struct dt_pool dt_coarse_pool, dt_fine_pool;
extern DT_HIDDEN struct dt_reader dt_no_reader;
extern DT_HIDDEN uint32_t dt_reads_version; /* counts writes to read-shared granules; atomic */
extern DT_HIDDEN bool dt_reads_bounded;
/* Indices: a purge is asked for at nearly_full, it leaves at most `keep`; last: there are no more
 * (tests lower them). */
struct dt_read_limit {
    uint32_t nearly_full, keep, last;
};
extern DT_HIDDEN struct dt_read_limit dt_read_limit;

static inline uint16_t *dt_coarse_log(uint64_t id)
{
    return (uint16_t *)(dt_coarse_pool.base + id * (DT_LOG_COARSE * sizeof(uint16_t)));
}

static inline uint16_t *dt_fine_log(uint64_t id)
{
    return (uint16_t *)(dt_fine_pool.base + id * (DT_LOG_FINE * sizeof(uint16_t)));
}

static inline uint32_t dt_read_part(uint32_t index)
{
    return 27u - (uint32_t)__builtin_clz(index | 16);
}

static inline uint32_t dt_read_part_start(uint32_t part)
{
    return part ? 16u << part : 0;
}

static inline struct dt_read dt_read_at(const struct dt_reader *r, uint32_t index)
{
    uint32_t part = dt_read_part(index);
    return __atomic_load_n(&r->part[part], __ATOMIC_ACQUIRE)[index - dt_read_part_start(part)];
}

/* The entry of addr's log, 0: none in the place where it usually is. */
static inline uint64_t dt_reads_entry(const struct dt_reader *r, uintptr_t addr)
{
    uint64_t region = addr >> DT_REGION_SHIFT;
    uint64_t e = r->table[region & r->mask];
    return e >> DT_LOG_REGION_SHIFT == region ? e : 0;
}

/* The task has read these bytes in its current epoch. False: not known. Any size up to 8; coarse
 * logs only, so that the hot path needs no call. A free entry names log 0, which is empty. */
static inline __attribute__((always_inline)) bool dt_reads_cover(
    const struct dt_reader *r, uintptr_t addr, unsigned size)
{
    uint64_t region = addr >> DT_REGION_SHIFT, e = r->table[region & r->mask];
    if (__builtin_expect(e >> DT_LOG_ID_BITS != region << 1, 0))
        return false;
    const uint16_t *f = dt_coarse_log(e & (DT_LOG_IS_FINE - 1)) + (addr % DT_LOG_BYTES >> 2);
    if (size == 8)
        return (addr & 7) == 0 && __atomic_load_n(&f[0], __ATOMIC_RELAXED) >= r->first &&
               __atomic_load_n(&f[1], __ATOMIC_RELAXED) >= r->first;
    return (addr & 3) + size <= 4 && __atomic_load_n(&f[0], __ATOMIC_RELAXED) >= r->first;
}

void dt_reads_init(void);
/* The reads of the closed epoch cover no more. */
static inline void dt_reads_close(struct dt_reader *r)
{
    if (r != &dt_no_reader)
        r->first = r->next;
}

/* Before t first looks at a read-shared granule. */
void dt_reads_begin(struct dt_task *t);
/* x: a plain read by t of its current segment, with bytes. False: the table is full. */
bool dt_reads_record(struct dt_task *t, uintptr_t granule, uint64_t x);
/* The index of a read at pc in t's current segment; 0: the table is full. */
uint32_t dt_reads_index(struct dt_task *t, uint64_t pc);
/* x, recorded in the log, was made at pc: for fast.c. */
void dt_reads_remember_index(struct dt_task *t, uint64_t pc, uint64_t x);
bool dt_reads_full(struct dt_reader *r, uint64_t x);
/* Mask bits of a granule that t has read in its current epoch. */
uint64_t dt_reads_own(const struct dt_task *t, uintptr_t granule);
/* x is a write by t, which has locked the (read-shared) granule: the races on x's bytes with reads
 * in logs are queued on t, and the reads whose place x takes are forgotten. True: no log has any of
 * the granule left. */
bool dt_reads_look(struct dt_task *t, uintptr_t granule, uint64_t x);
/* Forgets the bytes. With the granule locked. Hands over what remains of coarse fields. */
void dt_reads_clear(
    uintptr_t granule, unsigned mask, void (*keep)(void *arg, uint64_t element), void *arg);

/* Reads since the last flush are looked at again if somebody wrote to a read-shared granule
 * meanwhile. Before t's clock changes and before others may learn of t's epoch, by t; or by
 * another task with the gate closed. Races are queued on `on`. */
void dt_reads_flush_slow(struct dt_task *t, struct dt_task *on);
static inline void dt_reads_flush(struct dt_task *t, struct dt_task *on);
/* t, flushed, has ended. */
void dt_reads_end(struct dt_task *t);

/* --- reads_purge.c --- */

/* Marks what the tables of reads refer to. */
void dt_reads_mark(void (*mark)(uint32_t seg, dt_stackid origin));
/* Called inside the core, outermost. Frees logs of ended tasks that no access can race with, and
 * entries of tables that no log refers to. */
void dt_reads_purge(struct dt_task *me);
/* One more log of an ended task, or one more table that is nearly full. */
void dt_reads_want_purge(unsigned dead_logs, bool full);
void dt_reads_enlist(struct dt_reader *r);
/* Gate closed: flushes all tasks for `me`. */
void dt_reads_flush_all(struct dt_task *me);
/* By a running task, outside the core: every race of accesses made so far is delivered. */
void dt_reads_settle(void);
/* With precision=bounded. */
uint64_t dt_reads_not_remembered(void);

static inline void dt_reads_flush(struct dt_task *t, struct dt_task *on)
{
    if (__builtin_expect(t->reads->n_ring != 0, 0))
        dt_reads_flush_slow(t, on);
}

#endif
