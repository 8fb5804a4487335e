/* SPDX-License-Identifier: MIT
 *
 * The start. dt_init may be called first by the loader (our constructor), by an instrumented
 * executable's .preinit_array (__tsan_init), or by the library (gorc__hook_start); all of this is
 * before the program can make a thread.
 *
 * The exit hook is registered here, before any other: exit() calls it last, after the program's
 * handlers and all destructors, and hands it the status.
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "base/flags.h"
#include "base/out.h"
#include "base/reals.h"
#include "core/core.h"
#include "core/reads.h"
#include "report/finding.h"
#include "report/record.h"
#include "runtime/callbacks.h"
#include "runtime/describe.h"
#include "runtime/dump.h"
#include "runtime/environment.h"
#include "runtime/fatal.h"
#include "runtime/fork.h"
#include "runtime/freed.h"
#include "runtime/instrumented.h"
#include "runtime/lock_order.h"
#include "runtime/roots.h"
#include "runtime/runtime.h"
#include "runtime/shutdown.h"
#include "runtime/thread.h"

bool dt_on;

static bool inited;

void dt_init(void)
{
    if (inited)
        return;
    inited = true;
    dt_environment_leave_if_foreign();
    dt_reals_init();
    dt_flags_foreign(__tsan_default_options());
    dt_flags_foreign(dt_environment_get("TSAN_OPTIONS"));
    dt_flags_init(dt_environment_get("GORC_OPTIONS"));
    if (strcmp(dt_flags.follow, "none") == 0)
        dt_environment_strip();
    dt_core_init();
    dt_reads_bounded = strcmp(dt_flags.precision, "bounded") == 0;
    dt_threads_init();
    dt_shutdown_init();
    dt_record_suppressions(__tsan_default_suppressions());
    dt_record_open();
    dt_race_init();
    dt_lock_order_init();
    dt_freed_init();
    dt_describe_init();
    dt_describe_address = dt_address_owner;
    dt_describe_task = dt_task_runs;
    dt_instrumented_refresh();
    dt_fork_init();
    dt_fatal_init();
    dt_dump_init();
    dt_roots_init();
    dt_on = true;
}

__attribute__((constructor(101))) static void construct(int argc, char **argv, char **env)
{
    (void)argc;
    dt_environment_init(argv, env);
    dt_init();
}
