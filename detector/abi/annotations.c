/* SPDX-License-Identifier: MIT
 *
 * The Annotate* calls of "dynamic annotations", as many programs have them already. Each has the
 * caller's file and line first, which are not needed: a stack says more. The annotations that only
 * other tools understand do nothing.
 */
#include <stddef.h>
#include <stdint.h>

#include "abi/exported.h"
#include "core/shadow.h"
#include "core/sync.h"
#include "report/benign.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"

typedef const char *file;

#define ANNOTATION(name, ...)                                                                      \
    EXPORT void name(file f, int l, ##__VA_ARGS__);                                                \
    void name(__attribute__((unused)) file f, __attribute__((unused)) int l, ##__VA_ARGS__)

#define UNUSED __attribute__((unused))

/* --- happens-before --- */

ANNOTATION(AnnotateHappensBefore, const volatile void *addr)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_release(t, (const void *)addr);
}

ANNOTATION(AnnotateHappensAfter, const volatile void *addr)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_acquire(t, (const void *)addr);
}

ANNOTATION(WTFAnnotateHappensBefore, const volatile void *addr)
{
    AnnotateHappensBefore(f, l, addr);
}

ANNOTATION(WTFAnnotateHappensAfter, const volatile void *addr)
{
    AnnotateHappensAfter(f, l, addr);
}

ANNOTATION(AnnotateCondVarSignal, const volatile void *cv)
{
    AnnotateHappensBefore(f, l, cv);
}

ANNOTATION(AnnotateCondVarSignalAll, const volatile void *cv)
{
    AnnotateHappensBefore(f, l, cv);
}

ANNOTATION(AnnotateCondVarWait, const volatile void *cv, UNUSED const volatile void *lock)
{
    AnnotateHappensAfter(f, l, cv);
}

ANNOTATION(AnnotatePCQPut, const volatile void *queue)
{
    AnnotateHappensBefore(f, l, queue);
}

ANNOTATION(AnnotatePCQGet, const volatile void *queue)
{
    AnnotateHappensAfter(f, l, queue);
}

/* --- locks --- */

ANNOTATION(AnnotateRWLockCreate, const volatile void *lock)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_lock_created(t, (const void *)lock, CALLER);
}

ANNOTATION(AnnotateRWLockCreateStatic, const volatile void *lock)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_lock_created(t, (const void *)lock, CALLER);
}

ANNOTATION(AnnotateRWLockDestroy, const volatile void *lock)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_lock_destroyed(t, (const void *)lock, 1);
}

ANNOTATION(AnnotateRWLockAcquired, const volatile void *lock, long is_write)
{
    struct dt_task *t = dt_enter();
    if (!t)
        return;
    if (is_write)
        dt_lock_acquired(t, (const void *)lock, DT_LOCK_RWLOCK, 0, CALLER);
    else
        dt_lock_acquired_shared(t, (const void *)lock, DT_LOCK_RWLOCK, 0, CALLER);
}

ANNOTATION(AnnotateRWLockReleased, const volatile void *lock, UNUSED long is_write)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_lock_releasing_any(t, (const void *)lock);
}

/* --- accesses that are not to be checked --- */

static void ignore(struct dt_task *t)
{
    if (t)
        t->ignore++;
}

static void check_again(struct dt_task *t)
{
    if (t && t->ignore)
        t->ignore--;
}

ANNOTATION(AnnotateIgnoreReadsBegin)
{
    ignore(dt_enter());
}

ANNOTATION(AnnotateIgnoreReadsEnd)
{
    check_again(dt_enter());
}

ANNOTATION(AnnotateIgnoreWritesBegin)
{
    ignore(dt_enter());
}

ANNOTATION(AnnotateIgnoreWritesEnd)
{
    check_again(dt_enter());
}

/* Locks, atomics and the like in between order nothing. */
ANNOTATION(AnnotateIgnoreSyncBegin)
{
    struct dt_task *t = dt_enter();
    if (t)
        t->ignore_sync++;
}

ANNOTATION(AnnotateIgnoreSyncEnd)
{
    struct dt_task *t = dt_enter();
    if (t && t->ignore_sync)
        t->ignore_sync--;
}

ANNOTATION(AnnotateBenignRaceSized, const volatile void *addr, size_t size, UNUSED const char *why)
{
    if (dt_enter())
        dt_benign_add((uintptr_t)addr, size);
}

ANNOTATION(WTFAnnotateBenignRaceSized, const volatile void *addr, size_t size, const char *why)
{
    AnnotateBenignRaceSized(f, l, addr, size, why);
}

ANNOTATION(AnnotateBenignRace, const volatile void *addr, const char *why)
{
    AnnotateBenignRaceSized(f, l, addr, 1, why);
}

/* --- memory and names --- */

ANNOTATION(AnnotateNewMemory, const volatile void *addr, size_t size)
{
    if (dt_enter())
        dt_shadow_clear((uintptr_t)addr, size);
}

ANNOTATION(AnnotateThreadName, const char *name)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_task_set_name(t, name);
}

/* --- what has no meaning here --- */

ANNOTATION(AnnotatePublishMemoryRange, UNUSED const volatile void *addr, UNUSED size_t size)
{
}

ANNOTATION(AnnotateUnpublishMemoryRange, UNUSED const volatile void *addr, UNUSED size_t size)
{
}

ANNOTATION(AnnotateMutexIsUsedAsCondVar, UNUSED const volatile void *lock)
{
}

ANNOTATION(AnnotateMutexIsNotPHB, UNUSED const volatile void *lock)
{
}

ANNOTATION(AnnotatePCQCreate, UNUSED const volatile void *queue)
{
}

ANNOTATION(AnnotatePCQDestroy, UNUSED const volatile void *queue)
{
}

ANNOTATION(AnnotateTraceMemory, UNUSED const volatile void *addr)
{
}

ANNOTATION(AnnotateNoOp, UNUSED const volatile void *addr)
{
}

ANNOTATION(AnnotateFlushState)
{
}

ANNOTATION(AnnotateExpectRace, UNUSED const volatile void *addr, UNUSED const char *why)
{
}

ANNOTATION(AnnotateFlushExpectedRaces)
{
}

ANNOTATION(AnnotateEnableRaceDetection, UNUSED int enable)
{
}

ANNOTATION(AnnotateMemoryIsInitialized, UNUSED const volatile void *addr, UNUSED size_t size)
{
}

ANNOTATION(AnnotateMemoryIsUninitialized, UNUSED const volatile void *addr, UNUSED size_t size)
{
}

/* How much slower the program runs here than alone; programs stretch their time limits by it. */
EXPORT double ValgrindSlowdown(void);
double ValgrindSlowdown(void)
{
    return 10;
}

/* Programs ask these to find out whether annotations are looked at. */
EXPORT int RunningOnValgrind(void);
EXPORT const char *ThreadSanitizerQuery(const char *query);

int RunningOnValgrind(void)
{
    return 0;
}

const char *ThreadSanitizerQuery(const char *query)
{
    (void)query;
    return "pure_happens_before";
}
