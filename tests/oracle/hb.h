/* SPDX-License-Identifier: MIT
 *
 * The naive model of the oracle: every access is kept with the full vector clock of its time, and
 * every synchronisation object has whole clocks. C11 5.1.2.4 and 7.17 for atomics and fences, Go's
 * memory model for channels (docs/memory-model.md). Too simple to be wrong, and it knows nothing of
 * how the detector does it.
 */
#ifndef ORACLE_HB_H
#define ORACLE_HB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TASKS = 12,
    CELLS = 5,
    SYNCS = 32,
    AREAS = 5,
    AREA_BYTES = 256,
    ACCESSES = 512,
    CLEARINGS = 512
};

struct clock {
    uint32_t v[TASKS];
};

struct access {
    struct clock clock; /* what its task knew, itself included */
    uint32_t stamp, epoch;
    int task, step, area;
    unsigned begin, end;
    uint16_t frame; /* of the program's function, 0: none */
    bool write, atomic, is_free;
};

/* Memory that became fresh when so many accesses had been made. */
struct clearing {
    int area;
    unsigned begin, end, at;
};

/* What a byte of an access must show. */
enum verdict { QUIET, RACES, TOLD_BEFORE };

struct hb {
    struct clock task[TASKS], acquire_fence[TASKS], release_fence[TASKS];
    bool has_release_fence[TASKS];
    uint32_t epoch[TASKS]; /* how often it has published what it knows */
    struct clock sync[SYNCS];
    /* Of an atomic object, for each task: what the release operation knew that heads the latest
     * release sequence of this task that still goes on. */
    struct clock head[CELLS][TASKS];
    bool heads[CELLS][TASKS];
    bool plain[CELLS]; /* nothing but one release store */
    struct access list[ACCESSES];
    unsigned n;
    struct clearing clearing[CLEARINGS];
    unsigned clearings;
    uint16_t cleared[AREAS][AREA_BYTES]; /* accesses before this one do not count */
};

extern struct hb hb;

void hb_reset(void);
void hb_spawn(int parent, int child);
/* `to` learns what `from` did. */
void hb_edge(int from, int to);
void hb_acquire(int t, int sync);
void hb_release(int t, int sync);

/* Atomic operations. `order` as __ATOMIC_*. */
void hb_atomic_seen(int t, int cell, int order);
void hb_atomic_stored(int t, int cell, int order);
void hb_atomic_updated(int t, int cell, int order);
void hb_fence(int t, int order);
/* Does a relaxed store by t end or keep release sequences that the detector keeps apart? What it
 * does not (sync.c: of a merged past nobody can say who heads it) stays, on the safe side. */
bool hb_store_is_exact(int t, int cell, int order);
void hb_forget_cell(int cell);

/* `a` as made now by a->task; fills in the rest. verdict[i] of byte begin + i. */
void hb_look(struct access *a, enum verdict *verdict);
/* It has been made. */
void hb_add(const struct access *a);
void hb_clear(int area, unsigned begin, unsigned end);
/* Is there an access like `like` (task, kinds, frame) that races with a on this byte? */
bool hb_races_with(const struct access *a, const struct access *like, unsigned byte);
/* Two accesses like these on this byte that race with each other, or did before it was cleared. */
bool hb_pair_races(const struct access *x, const struct access *y, unsigned byte);
/* One like this touched that byte. */
bool hb_touched(const struct access *like, unsigned byte);

#endif
