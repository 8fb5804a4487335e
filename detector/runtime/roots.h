/* SPDX-License-Identifier: MIT
 *
 * The memory of the process that may refer to something: the roots of leak marking. All that is
 * writable and private, what several processes share too (it can hold addresses of this one), and
 * what is anonymous and protected for the moment; without the detector's and the library's own
 * memory, and without what lies below the stack pointers of the threads. And the words that the
 * kernel keeps for the program: epoll data, values of timers.
 */
#ifndef DT_ROOTS_H
#define DT_ROOTS_H

#include "analysis/marking.h"
#include "runtime/world.h"

struct dt_roots {
    struct an_range *ranges;
    uint32_t n, cap;
    uintptr_t *words;
    uint32_t n_words, cap_words;
    bool complete; /* false: something there could not be looked at */
};

/* At start: where the library itself lies. */
void dt_roots_init(void);
void dt_roots_add_word(struct dt_roots *r, struct dt_arena *a, uintptr_t word);
/* With the world stopped; *r is zero, but for words. `live_sp`: the caller's stack pointer.
 * `floor`: that of the library's monitor thread, if it is the caller; 0. False: somebody was just
 * changing what the detector has, nothing can be said. */
bool dt_roots_read(
    struct dt_roots *r, const struct dt_world *w, uintptr_t live_sp, uintptr_t floor);
/* By `lo`. */
void dt_ranges_sort(struct an_range *v, uint32_t n);
/* Memory for an_marking.read; `arg` is the struct an_marking. */
const void *dt_roots_memory(void *arg, uintptr_t addr, size_t size, size_t *ret_size);

#endif
