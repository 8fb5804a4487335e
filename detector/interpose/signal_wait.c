/* SPDX-License-Identifier: MIT
 *
 * Waiting for signals. Who is given one without a handler (sigwait and its kind) knows what was
 * done before it was sent.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "interpose/libc_access.h"
#include "interpose/signal_state.h"

DT_INTERPOSE(int, pause, (void))
{
    DT_WAIT_BEGIN("pause", NULL, false);
    int err = pause();
    DT_WAIT_END();
    return err;
}

DT_INTERPOSE(int, sigsuspend, (const sigset_t *mask))
{
    DT_WAIT_BEGIN("wait for signal", NULL, false);
    int err = sigsuspend(mask);
    DT_WAIT_END();
    return err;
}

static void got(int sig, void *result, size_t size, uintptr_t pc)
{
    int saved = errno;
    dt_signal_acquire(sig);
    struct dt_task *t = result && sig > 0 ? dt_enter_checked(pc) : NULL;
    if (t)
        dt_writes(t, result, size, pc);
    errno = saved;
}

DT_INTERPOSE(int, sigwait, (const sigset_t *set, int *sig))
{
    DT_WAIT_BEGIN("wait for signal", NULL, false);
    int err = sigwait(set, sig);
    DT_WAIT_END();
    if (!err)
        got(*sig, sig, sizeof *sig, DT_CALLER);
    return err;
}

DT_INTERPOSE(int, sigwaitinfo, (const sigset_t *set, siginfo_t *info))
{
    DT_WAIT_BEGIN("wait for signal", NULL, false);
    int sig = sigwaitinfo(set, info);
    DT_WAIT_END();
    got(sig, info, sizeof *info, DT_CALLER);
    return sig;
}

DT_INTERPOSE(
    int, sigtimedwait, (const sigset_t *set, siginfo_t *info, const struct timespec *timeout))
{
    DT_WAIT_BEGIN("wait for signal", NULL, timeout != NULL);
    int sig = sigtimedwait(set, info, timeout);
    DT_WAIT_END();
    got(sig, info, sizeof *info, DT_CALLER);
    return sig;
}
