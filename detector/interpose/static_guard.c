/* SPDX-License-Identifier: MIT
 *
 * C++ function-local statics: the initialisation happens before every later use. A use that finds
 * the guard set reads it with an acquire load, so the object is the guard's own address.
 */
#include <stddef.h>

#include "base/reals.h"
#include "core/sync.h"
#include "interpose/interpose.h"
#include "runtime/runtime.h"

DT_INTERPOSE(int, __cxa_guard_acquire, (void *guard))
{
    __typeof__(&dt_interpose___cxa_guard_acquire) real = DT_REAL_OPTIONAL(__cxa_guard_acquire);
    DT_WAIT_BEGIN("static initialisation", guard, false);
    int first = real(guard);
    DT_WAIT_END();
    struct dt_task *t = dt_enter();
    if (t)
        dt_acquire(t, guard);
    return first;
}

DT_INTERPOSE(void, __cxa_guard_release, (void *guard))
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_release(t, guard);
    DT_REAL_OPTIONAL(__cxa_guard_release)(guard);
}

DT_INTERPOSE(void, __cxa_guard_abort, (void *guard))
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_release(t, guard);
    DT_REAL_OPTIONAL(__cxa_guard_abort)(guard);
}
