/* SPDX-License-Identifier: MIT
 *
 * Messages in a buffer of the thread's. libc frees the last one at the next call on the same
 * thread; goroutines take turns on a thread, with no order between them that the program made. The
 * buffers are therefore no blocks of the program's, and every call hands its text out afresh.
 */
#define _GNU_SOURCE
#include <locale.h>
#include <string.h>

#include "core/shadow.h"
#include "interpose/interpose.h"
#include "runtime/runtime.h"

static struct dt_task *begin(void)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_begin(t);
    return t;
}

static char *end(struct dt_task *t, char *text)
{
    if (!t)
        return text;
    if (text)
        dt_shadow_clear((uintptr_t)text, strlen(text) + 1);
    dt_finish(t);
    return text;
}

DT_INTERPOSE(char *, strerror, (int err))
{
    struct dt_task *t = begin();
    return end(t, strerror(err));
}

DT_INTERPOSE(char *, strerror_l, (int err, locale_t locale))
{
    struct dt_task *t = begin();
    return end(t, strerror_l(err, locale));
}

DT_INTERPOSE(char *, strsignal, (int sig))
{
    struct dt_task *t = begin();
    return end(t, strsignal(sig));
}
