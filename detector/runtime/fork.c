/* SPDX-License-Identifier: MIT
 *
 * fork() and what is built on it in libc (daemon, forkpty). Our handlers are registered before any
 * other: prepare runs last, the child's first.
 *
 * The child has one thread. The core sees to it that nobody was inside it (core.h), and the
 * registry of threads starts anew.
 */
#include <pthread.h>

#include "core/core.h"
#include "report/record.h"
#include "runtime/fork.h"
#include "runtime/freed.h"
#include "runtime/instrumented.h"
#include "runtime/reach.h"
#include "runtime/runtime.h"
#include "runtime/shutdown.h"
#include "runtime/thread.h"
#include "runtime/watch.h"

static void before(void)
{
    dt_core_fork_prepare(); /* from outside the core, or a sweep would wait for us */
    struct dt_task *t = dt_self;
    if (t != &dt_task_unknown)
        dt_begin(t);
}

static void leave(void)
{
    struct dt_task *t = dt_self;
    if (t != &dt_task_unknown)
        dt_finish(t);
}

static void in_parent(void)
{
    dt_core_fork_parent();
    leave();
}

static void in_child(void)
{
    dt_core_fork_child();
    dt_reach_forked();
    dt_world_forked();
    dt_freed_forked();
    dt_watch_forked();
    if (dt_on) {
        dt_shutdown_forked();
        dt_threads_forked();
        dt_record_open();
        dt_record_accesses(dt_instrumented_word());
    }
    leave();
}

void dt_fork_init(void)
{
    pthread_atfork(before, in_parent, in_child);
}
