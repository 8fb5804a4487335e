/* SPDX-License-Identifier: MIT
 *
 * The naive model that the shadow is compared with: every access to every byte is kept, with the
 * full vector clock's idea of when it was; two accesses are ordered if and only if the clocks say
 * so. Slow, unbounded, and too simple to be wrong.
 */
#ifndef DT_TEST_MODEL_H
#define DT_TEST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_TASKS = 64, MODEL_KEYS = 8, MODEL_BYTES = 160, MODEL_ACCESSES = 4096 };

struct model_clock {
    uint32_t v[MODEL_TASKS];
};

struct model_access {
    int task;
    uint32_t stamp; /* the task's own time */
    uint32_t epoch; /* times the task has released before */
    bool write, atomic, is_free;
    uintptr_t pc;
};

struct model {
    struct model_clock task[MODEL_TASKS], key[MODEL_KEYS];
    struct model_clock acquire_fence[MODEL_TASKS], release_fence[MODEL_TASKS];
    uint32_t epoch[MODEL_TASKS];
    struct {
        struct model_access list[MODEL_ACCESSES];
        unsigned n;
    } byte[MODEL_BYTES];
};

void model_reset(struct model *m);
void model_spawn(struct model *m, int parent, int child);
/* `to` learns all that `from` did so far. */
void model_edge(struct model *m, int from, int to);
void model_acquire(struct model *m, int t, int key);
void model_release(struct model *m, int t, int key, bool replace);
void model_fence_acquire(struct model *m, int t);
void model_fence_release(struct model *m, int t);
void model_acquire_relaxed(struct model *m, int t, int key);
void model_forget_key(struct model *m, int key);
/* One byte; whether the access races with an earlier one that its task has not made redundant: an
 * access at least as strong to this byte in the same epoch was checked in its place. */
bool model_access(struct model *m, int t, size_t byte, const struct model_access *a);
bool model_races(const struct model *m, int t, size_t byte, const struct model_access *a);
/* Is there an earlier access of this description that races with a? */
bool model_has_racing(const struct model *m, int t, size_t byte, const struct model_access *a,
    const struct model_access *earlier);
/* Was there such an access? */
bool model_has(const struct model *m, size_t byte, const struct model_access *a);
void model_clear(struct model *m, size_t byte);

#endif
