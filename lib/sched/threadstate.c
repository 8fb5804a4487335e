/* SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "sched/threadstate.h"

#include <pthread.h>

#include "os/vm.h"

/* Of the C++ runtime, where the process has one. */
extern struct gorc__exceptions *__cxa_get_globals(void) __attribute__((weak));

/* Of AddressSanitizer (sanitizer/common_interface_defs.h). A fake stack holds the locals whose use
 * after return it would notice; it is handed from thread to thread with its goroutine. */
extern void __sanitizer_start_switch_fiber(void **ret_fake_stack, const void *bottom, size_t size)
    __attribute__((weak));
extern void __sanitizer_finish_switch_fiber(
    void *fake_stack, const void **ret_old_bottom, size_t *ret_old_size) __attribute__((weak));

/* sanitizer/lsan_interface.h */
extern void __lsan_register_root_region(const void *start, size_t size) __attribute__((weak));

void gorc__state_start(void)
{
    if (__lsan_register_root_region)
        gorc__vm_guard_by_mprotect();
}

void gorc__state_stacks_made(const void *start, size_t size)
{
    if (__lsan_register_root_region)
        __lsan_register_root_region(start, size);
}

void gorc__state_setup(struct gorc__m *m)
{
    pthread_attr_t attr;
    void *lo;
    size_t size;
    if (__cxa_get_globals)
        m->exceptions = __cxa_get_globals();
    m->has_state = m->exceptions || __sanitizer_start_switch_fiber;
    if (!__sanitizer_start_switch_fiber || m->g0.stack_hi != 0 ||
        pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    if (pthread_attr_getstack(&attr, &lo, &size) == 0) {
        m->g0.stack_lo = (uintptr_t)lo;
        m->g0.stack_hi = (uintptr_t)lo + size;
    }
    pthread_attr_destroy(&attr);
}

GORC__NO_ASAN static void leave(
    struct gorc__m *m, struct gorc__g *from, const struct gorc__g *to, bool dead)
{
    if (m->exceptions)
        from->saved_exceptions = *m->exceptions;
    if (__sanitizer_start_switch_fiber)
        __sanitizer_start_switch_fiber(
            dead ? NULL : &from->fake_stack, (void *)to->stack_lo, to->stack_hi - to->stack_lo);
}

void gorc__state_leave(struct gorc__m *m, struct gorc__g *from, const struct gorc__g *to)
{
    leave(m, from, to, false);
}

void gorc__state_leave_dead(struct gorc__m *m, struct gorc__g *from, const struct gorc__g *to)
{
    leave(m, from, to, true);
}

GORC__NO_ASAN void gorc__state_arrive(struct gorc__m *m, struct gorc__g *self)
{
    if (__sanitizer_finish_switch_fiber)
        __sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
    if (m->exceptions)
        *m->exceptions = self->saved_exceptions;
}

GORC__NO_ASAN void gorc__state_begin(struct gorc__m *m, struct gorc__g *self)
{
    self->fake_stack = NULL;
    self->saved_exceptions = (struct gorc__exceptions){NULL, 0};
    gorc__state_arrive(m, self);
}
