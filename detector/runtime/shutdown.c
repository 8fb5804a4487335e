/* SPDX-License-Identifier: MIT
 *
 * The end of a run, however it comes: exit() through on_exit, quick_exit() through
 * at_quick_exit, _exit() and exec through interpose/process.c, signals through fatal.c. Whoever
 * comes first does the work; others that come meanwhile wait, since they would end the process
 * under it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/flags.h"
#include "core/reads.h"
#include "core/lockgraph.h"
#include "core/shadow.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "report/modules.h"
#include "report/record.h"
#include "report/unwind.h"
#include "runtime/instrumented.h"
#include "runtime/leak.h"
#include "runtime/reach.h"
#include "runtime/lock_order.h"
#include "runtime/callbacks.h"
#include "runtime/runtime.h"
#include "runtime/shutdown.h"
#include "runtime/thread.h"
#include "runtime/threads_asleep.h"

enum { STATUS_FAILED = 99 };

static pid_t our_pid;
static int ending_tid;   /* thread that ends the run; atomic */
static bool forked;      /* a forked child says nothing unless it has something to say */
static int quick_status; /* given to quick_exit() */

static pid_t pid_now(void)
{
    return (pid_t)syscall(SYS_getpid);
}

bool dt_shutdown_is_ours(void)
{
    return pid_now() == our_pid;
}

static bool is_bare(void)
{
    return !dt_flags.record[0];
}

/* What the program has written comes before what we print. exit() would flush it after us. */
static void flush_stdout(void)
{
    if (ftrylockfile(stdout))
        return;
    fflush_unlocked(stdout);
    funlockfile(stdout);
}

static void write_summary(enum dt_end why)
{
    struct dt_summary s = {
        .goroutines = gorc__inspect_started(),
        .threads = dt_threads_started() + 1,
        .accesses = dt_instrumented_word(),
        .reads_not_remembered = dt_reads_not_remembered(),
        .dropped_in_signal = dt_shadow_stats.dropped_in_signal,
        .lock_orders_not_compared =
            dt_lockgraph_stats.nestings_left_out + dt_lockgraph_stats.searches_cut,
        .by_signal = why == DT_END_SIGNAL_ASKED || why == DT_END_SIGNAL_FATAL,
    };
    bool silent = forked && !dt_findings_total() && !dt_record_failed();
    if (dt_record_summary(&s) && is_bare() && !silent) {
        if (why == DT_END_EXIT)
            flush_stdout();
        dt_record_print();
    }
}

/* False: the calling thread is at it already. Waits for ever for another one, which ends the
 * process, or until an exec has failed. */
static bool claim_end(void)
{
    int me = (int)syscall(SYS_gettid), owner = 0;
    while (!__atomic_compare_exchange_n(
        &ending_tid, &owner, me, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        if (owner == me)
            return false;
        usleep(1000);
        owner = 0;
    }
    return true;
}

static __attribute__((noinline)) int shut_down(enum dt_end why, int status, uintptr_t here)
{
    if (!dt_on || !dt_shutdown_is_ours())
        return status;
    /* The record of `gorc run` goes on in the new image; a bare run would lose what it has. */
    if (why == DT_END_EXEC && (!is_bare() || !dt_findings_counting()))
        return status;
    if (!claim_end())
        return status;
    struct dt_task *me = dt_self;
    if (why != DT_END_HALT && me->in_runtime == 0)
        dt_reads_settle();
    if (me != &dt_task_unknown)
        dt_begin(me);
    bool normal = why == DT_END_EXIT || why == DT_END_FAST_EXIT;
    if (dt_flags.detect_leaks && (normal || why == DT_END_SIGNAL_ASKED))
        dt_leak_record(normal, here);
    if (why == DT_END_SIGNAL_ASKED)
        dt_threads_asleep_report();
    if (normal || why == DT_END_SIGNAL_ASKED || why == DT_END_HALT)
        dt_abandoned_report(NULL);
    dt_lock_report_parks();
    dt_lock_report_waits();
    write_summary(why);
    bool failed = __tsan_on_finalize(
        dt_findings_counting() > 0 && (!is_bare() || dt_record_printed_counts()));
    if (me != &dt_task_unknown)
        dt_finish(me);
    if (why != DT_END_EXEC)
        dt_on = false;
    if ((status & 0xff) != 0 || why == DT_END_EXEC)
        return status;
    if (dt_record_failed())
        return STATUS_FAILED;
    return is_bare() && failed ? dt_flags.exitcode : status;
}

int dt_shutdown(enum dt_end why, int status)
{
    DT_REACH_HERE(here);
    return shut_down(why, status, here);
}

/* halt_on_error: the first finding ends the run. */
static void halt(void)
{
    _exit(dt_shutdown(DT_END_HALT, 0));
}

void dt_shutdown_undo(void)
{
    if (!dt_shutdown_is_ours())
        return; /* a vfork child in its parent's memory */
    __atomic_store_n(&ending_tid, 0, __ATOMIC_RELEASE);
}

extern void __libc_start_main(void);
enum { START_SIZE = 0x200, MAX_EXIT_FRAMES = 8 };

/* Where the program's part of the stack begins. When main has returned, libc calls exit(), whose
 * frames lie over main's dead one and hold what it has left there: then there is no such part but
 * what is above libc's call of main. When exit() was called, main's registers lie in those frames.
 */
static uintptr_t live_from(uintptr_t here, uintptr_t frame)
{
    uintptr_t start = (uintptr_t)__libc_start_main, pc, cfa;
    int libc = dt_module_place(start).module;
    for (int i = 0; i < MAX_EXIT_FRAMES && dt_unwind_frame(NULL, frame, &pc, &cfa); i++) {
        if (pc - start < START_SIZE)
            return cfa;
        if (dt_module_place(pc).module != libc)
            break;
        frame = cfa;
    }
    return here;
}

/* exit() may be called again from a handler: it goes on with what is left, and the new status. */
static void at_exit(int status, void *arg)
{
    (void)arg;
    DT_REACH_HERE(here);
    int wanted = shut_down(DT_END_EXIT, status, live_from(here, (uintptr_t)__builtin_dwarf_cfa()));
    if (wanted != status)
        exit(wanted);
}

static void at_quick(void)
{
    int wanted = dt_shutdown(DT_END_FAST_EXIT, quick_status);
    if (wanted != quick_status)
        _exit(wanted);
}

void dt_shutdown_quick_status(int status)
{
    quick_status = status;
}

void dt_shutdown_init(void)
{
    our_pid = pid_now();
    on_exit(at_exit, NULL);
    at_quick_exit(at_quick);
    dt_on_halt = halt;
}

void dt_shutdown_forked(void)
{
    our_pid = pid_now();
    ending_tid = 0;
    forked = true;
}
