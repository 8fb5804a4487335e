/* SPDX-License-Identifier: MIT
 *
 * gorc/detect.h in the production library: nothing happens. The race library has its own.
 */
#include <gorc/detect.h>

#ifndef GORC_DETECT

void gorc_access_read(const volatile void *p, size_t size)
{
    (void)p, (void)size;
}

void gorc_access_write(const volatile void *p, size_t size)
{
    (void)p, (void)size;
}

void gorc_happens_before(const void *addr)
{
    (void)addr;
}

void gorc_happens_after(const void *addr)
{
    (void)addr;
}

bool gorc_detect_active(void)
{
    return false;
}

int gorc_check_leaks(void)
{
    return -ENOTSUP;
}

void gorc_set_report_hook(void (*fn)(const struct gorc_finding *finding, void *arg), void *arg)
{
    (void)fn, (void)arg;
}

void gorc_ignore_begin(void)
{
}

void gorc_ignore_end(void)
{
}

#endif
