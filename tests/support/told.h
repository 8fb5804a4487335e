/* SPDX-License-Identifier: MIT
 *
 * For programs that hang: main goes on when the detector has told of it, at once when there is
 * none.
 */
#ifndef GORC_TESTS_TOLD_H
#define GORC_TESTS_TOLD_H

#include <gorc/detect.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

static atomic_int told_already;

static void told_hook(const struct gorc_finding *f, void *arg)
{
    (void)f, (void)arg;
    told_already = 1;
}

__attribute__((constructor)) static void told_begin(void)
{
    gorc_set_report_hook(told_hook, NULL);
}

static void until_told(void)
{
    struct timespec ms = {.tv_nsec = 1000000};
    while (gorc_detect_active() && !told_already)
        nanosleep(&ms, NULL);
}

#endif
