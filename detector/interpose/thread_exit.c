/* SPDX-License-Identifier: MIT
 *
 * What libstdc++ does at the end of a thread: std::promise::set_value_at_thread_exit makes its
 * future ready there, by an atomic store inside the library, which nobody sees. The elements wait
 * in a list of the thread's, run by the destructor of a key that is made after ours: so all of them
 * are released before they are run.
 *
 * An element is {next, function, what it is about}; the future's state has its status word at 16,
 * which those who wait load atomically.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/reals.h"
#include "core/map.h"
#include "core/sync.h"
#include "interpose/interpose.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

enum { STATUS = 16 };

struct element {
    const struct element *next;
    void (*fn)(void *);
    uintptr_t state;
};

static void ending(struct dt_thread *th)
{
    struct dt_task *t = th->exit_elements ? dt_enter() : NULL;
    if (!t)
        return;
    const struct element *e = th->exit_elements;
    th->exit_elements = NULL;
    for (; e; e = e->next)
        if (e->state && e->state < DT_ADDRESS_END - STATUS)
            dt_release(t, (const void *)(e->state + STATUS));
}

/* std::__future_base::_State_baseV2::_Make_ready::_M_set() */
void _ZNSt13__future_base13_State_baseV211_Make_ready6_M_setEv(struct element *e);
DT_INTERPOSE(void, _ZNSt13__future_base13_State_baseV211_Make_ready6_M_setEv, (struct element * e))
{
    __typeof__(&dt_interpose__ZNSt13__future_base13_State_baseV211_Make_ready6_M_setEv) real =
        DT_REAL_OPTIONAL(_ZNSt13__future_base13_State_baseV211_Make_ready6_M_setEv);
    if (!real)
        return;
    real(e);
    if (dt_enter() && dt_thread_self && dt_thread_self->task == dt_self) {
        dt_thread_self->exit_elements = e;
        dt_thread_ending = ending;
    }
}
