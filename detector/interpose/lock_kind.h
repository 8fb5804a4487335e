/* SPDX-License-Identifier: MIT
 *
 * What glibc keeps in a mutex of how it was initialised. Static initialisers hold these values, so
 * they cannot change.
 */
#ifndef DT_LOCK_KIND_H
#define DT_LOCK_KIND_H

#include <pthread.h>

#include "core/task.h"

static inline enum dt_lock_kind dt_mutex_kind(const pthread_mutex_t *m)
{
    return m->__data.__kind & (0x10 | 0x80) ? DT_LOCK_ROBUST : DT_LOCK_MUTEX;
}

#endif
