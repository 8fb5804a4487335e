/* SPDX-License-Identifier: MIT
 *
 * The rest of what compilers call around accesses: start, function entry and exit, ranges, virtual
 * table pointers.
 */
#include <stddef.h>
#include <stdint.h>

#include "abi/exported.h"
#include "core/core.h"
#include "core/shadow.h"
#include "core/task.h"
#include "runtime/instrumented.h"
#include "runtime/runtime.h"

EXPORT void __tsan_init(void);
void __tsan_init(void)
{
    dt_init();
    dt_instrumented_announce((uintptr_t)__builtin_return_address(0));
}

/* --- the shadow stack --- */

EXPORT void __tsan_func_entry(void *pc);
EXPORT void __tsan_func_exit(void);

/* The stack is full, or the thread has none yet. A handler that interrupted the core can make no
 * room: its frames are counted and not stored, beyond the end. */
static __attribute__((noinline)) void entry_slow(uintptr_t pc)
{
    struct dt_task *t = dt_self;
    if (t == &dt_task_unknown)
        t = dt_task_meet ? dt_task_meet() : NULL;
    if (!t)
        return;
    if (t->in_runtime) {
        t->top++;
        return;
    }
    if (t->top >= t->limit) {
        struct dt_task *me = dt_core_enter();
        dt_task_grow_stack(t);
        dt_core_leave(me);
    }
    struct dt_frame *f = t->top + 1;
    __atomic_store_n(&t->top, f, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    f->pc = pc;
    f->node = 0;
}

/* First the top moves, then the frame is filled: a handler in between pushes above it. */
void __tsan_func_entry(void *pc)
{
    struct dt_task *t = dt_self;
    struct dt_frame *f = t->top + 1;
    if (__builtin_expect(f > t->limit, 0)) {
        entry_slow((uintptr_t)pc);
        return;
    }
    __atomic_store_n(&t->top, f, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    f->pc = (uintptr_t)pc;
    f->node = 0;
}

/* Functions that were entered before the detector was on return here, too. */
void __tsan_func_exit(void)
{
    struct dt_task *t = dt_self;
    struct dt_frame *top = t->top;
    if (__builtin_expect(top > t->base, 1))
        __atomic_store_n(&t->top, top - 1, __ATOMIC_RELAXED);
}

/* --- ranges --- */

static void range(const void *p, size_t size, unsigned flags, uintptr_t pc)
{
    dt_shadow_stats.accesses_seen = 1;
    struct dt_task *t = dt_enter_quietly();
    if (t)
        dt_access(t, (uintptr_t)p, size, flags, pc);
}

EXPORT void __tsan_read_range(void *p, size_t n);
EXPORT void __tsan_write_range(void *p, size_t n);
EXPORT void __tsan_read_range_pc(void *p, size_t n, void *pc);
EXPORT void __tsan_write_range_pc(void *p, size_t n, void *pc);

void __tsan_read_range(void *p, size_t n)
{
    range(p, n, DT_READ, CALLER);
}

void __tsan_write_range(void *p, size_t n)
{
    range(p, n, DT_WRITE, CALLER);
}

void __tsan_read_range_pc(void *p, size_t n, void *pc)
{
    range(p, n, DT_READ, (uintptr_t)pc);
}

void __tsan_write_range_pc(void *p, size_t n, void *pc)
{
    range(p, n, DT_WRITE, (uintptr_t)pc);
}

/* --- virtual table pointers --- */

EXPORT void __tsan_vptr_update(void **p, void *value);
EXPORT void __tsan_vptr_read(void **p);

/* Constructors and destructors of a hierarchy store the same pointer again: no change, no race. */
void __tsan_vptr_update(void **p, void *value)
{
    if (*p != value)
        range(p, sizeof *p, DT_WRITE, CALLER);
}

void __tsan_vptr_read(void **p)
{
    range(p, sizeof *p, DT_READ, CALLER);
}
