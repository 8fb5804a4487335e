/* SPDX-License-Identifier: MIT
 *
 * include/gorc/detect.h in the race library, but for the leak check and the report hook.
 */
#include <gorc/detect.h>

#include "abi/exported.h"
#include "core/shadow.h"
#include "core/sync.h"
#include "runtime/runtime.h"

void gorc_access_read(const volatile void *p, size_t size)
{
    struct dt_task *t = dt_enter();
    if (t && size)
        dt_access(t, (uintptr_t)p, size, DT_READ, CALLER);
}

void gorc_access_write(const volatile void *p, size_t size)
{
    struct dt_task *t = dt_enter();
    if (t && size)
        dt_access(t, (uintptr_t)p, size, DT_WRITE, CALLER);
}

void gorc_happens_before(const void *addr)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_release(t, addr);
}

void gorc_happens_after(const void *addr)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_acquire(t, addr);
}

bool gorc_detect_active(void)
{
    return dt_on;
}

void gorc_ignore_begin(void)
{
    struct dt_task *t = dt_enter();
    if (t)
        t->ignore++;
}

void gorc_ignore_end(void)
{
    struct dt_task *t = dt_enter();
    if (t && t->ignore)
        t->ignore--;
}
