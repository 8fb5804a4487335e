/* SPDX-License-Identifier: MIT
 *
 * What fork() must not divide. The child's copy of memory is not made at one moment, and whoever
 * else was changing something is not there to finish it. Locks that fork() takes cannot do for
 * objects that the library does not know: changes of the tree of contexts, which a deadline that is
 * pending in the child walks, are made between gorc__undivided_begin and _end, and fork() waits for
 * the end. Short: nothing in between parks, runs code of the program, or begins another one.
 */
#ifndef GORC_LIB_SCHED_FORK_H
#define GORC_LIB_SCHED_FORK_H

#include "sched/g.h"

/* The caller's counter; not its own where the thread has no record. */
static inline _Atomic uint32_t *gorc__undivided_begin(void)
{
    struct gorc__m *m = gorc__m_self();
    if (GORC__UNLIKELY(!m))
        return gorc__undivided_shared();
    atomic_store_explicit(&m->undivided, 1, memory_order_relaxed);
    gorc__fence_light();
    if (GORC__UNLIKELY(atomic_load_explicit(&gorc__sched.forking, memory_order_acquire)))
        gorc__undivided_wait(&m->undivided);
    return &m->undivided;
}

static inline void gorc__undivided_end(_Atomic uint32_t *count)
{
    if (GORC__LIKELY(count != &gorc__sched.undivided))
        atomic_store_explicit(count, 0, memory_order_release);
    else
        atomic_fetch_sub(count, 1);
}

#endif
