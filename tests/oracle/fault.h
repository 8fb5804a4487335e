/* SPDX-License-Identifier: MIT
 *
 * Faults that the oracle must notice, beside those of the core (tests/unit/core/fault.h): included
 * before the sources that ask these questions, with DT_FAULT set. Only answers are bent.
 */
#ifndef ORACLE_FAULT_H
#define ORACLE_FAULT_H

#include "unit/core/fault.h"

#include "abi/atomic.h"
#include "core/sync.h"

/* These bend what the atomics call; the sources that define it stay as they are. */
#if !DT_FAULT_IN_ABI
#elif DT_FAULT == 20 /* a relaxed load leaves nothing for the next fence */
#define dt_sync_acquire_relaxed(t, s) ((void)(t), (void)(s))
#elif DT_FAULT == 21 /* a relaxed store publishes nothing of the fence before it */
#define dt_sync_release_relaxed(t, s, store) ((void)(t), (void)(s), (void)(store))
#elif DT_FAULT == 22 /* consume is no acquire */
#define dt_order_acquires(o) (dt_order_acquires(o) && (o) != __ATOMIC_CONSUME)
#elif DT_FAULT == 23 /* every load acquires */
#define dt_order_acquires(o) true
#elif DT_FAULT == 24 /* an RMW that releases replaces what it has not acquired */
#define dt_sync_update(t, s, knows) dt_sync_release_store((t), (s))
#endif

#endif
