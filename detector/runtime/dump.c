/* SPDX-License-Identifier: MIT
 *
 * See dump.h. The handler runs on whichever thread the signal finds, program or worker; it writes
 * what everybody does, with stacks, and returns. A thread that is interrupted inside the runtime is
 * left alone: the handler then tries again on the next signal, which the reader sends when no
 * end line comes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "core/task.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "report/record.h"
#include "runtime/describe.h"
#include "runtime/dump.h"
#include "runtime/fatal.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

static const char *state_name(enum gorc__g_state state)
{
    switch (state) {
    case GORC__G_RUNNABLE:
        return "runnable";
    case GORC__G_RUNNING:
        return "running";
    case GORC__G_BLOCKED:
        return "blocked";
    case GORC__G_BLOCKING:
        return "in a blocking call";
    case GORC__G_DEAD:
        break;
    }
    return "ended";
}

static bool dump_goroutine(const struct gorc__inspect_g *g, void *arg)
{
    const int64_t *now = arg;
    if (g->is_system || g->is_foreign || g->state == GORC__G_DEAD)
        return true;
    char wait[160] = "";
    struct dt_text t = {wait, sizeof wait};
    bool blocked = g->state == GORC__G_BLOCKED;
    struct dt_wait w;
    bool in_call = dt_goroutine_wait(g, &w);
    if (blocked) {
        dt_describe_wait(&t, g);
        dt_describe_holder(&t, g);
    } else if (in_call) {
        dt_describe_call(&t, &w);
    }
    uintptr_t pcs[DT_MAX_FRAMES];
    struct dt_dump_task d = {
        .kind = g->goid == 1 ? "main" : "goroutine",
        .id = g->goid,
        .name = g->name,
        .state = in_call ? "in a blocking call" : state_name(g->state),
        .reason = blocked   ? g->reason
                  : in_call ? w.reason
                            : NULL,
        .wait = blocked || in_call ? wait : NULL,
        .waited_ns = blocked && g->since ? *now - g->since : -1,
        .pcs = pcs,
        .npcs = dt_goroutine_stack(g, pcs, DT_MAX_FRAMES),
    };
    dt_record_dump_task(&d);
    return true;
}

static bool dump_thread(struct dt_thread *th, void *arg)
{
    (void)arg;
    bool is_main = dt_thread_is_main(th);
    if (th->hidden || !th->task || th->state != DT_THREAD_RUNNING ||
        (is_main && gorc__inspect_started()))
        return true;
    struct dt_wait w;
    bool waits = dt_wait_read(th, &w);
    char wait[160];
    struct dt_text t = {wait, sizeof wait};
    if (waits)
        dt_describe_call(&t, &w);
    uintptr_t pcs[DT_MAX_FRAMES];
    struct dt_dump_task d = {
        .kind = is_main ? "main" : "thread",
        .id = is_main ? 1 : th->number,
        .name = th->task->info->name[0] ? th->task->info->name : NULL,
        .state = waits ? "blocked" : "running",
        .reason = waits ? w.reason : NULL,
        .wait = waits ? wait : NULL,
        .waited_ns = -1,
        .tid = th->tid,
        .pcs = pcs,
        .npcs = dt_thread_stack(th, pcs, DT_MAX_FRAMES),
    };
    dt_record_dump_task(&d);
    return true;
}

enum { STACK_SIZE = 256 << 10 };

static char *dump_stack;
static int busy;

static void dump_all(int unused)
{
    (void)unused;
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    int64_t now = ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
    if (gorc__inspect_started())
        gorc__inspect_goroutines(dump_goroutine, &now);
    dt_threads_each(dump_thread, NULL);
    dt_record_dump_end();
}

static void on_dump(int sig)
{
    (void)sig;
    int saved = errno;
    struct dt_task *me = dt_self;
    if (!dt_on || (me != &dt_task_unknown && me->in_runtime) ||
        __atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
        return;
    if (me != &dt_task_unknown)
        dt_begin(me);
    dt_call_on_stack(dump_stack + STACK_SIZE, dump_all, 0);
    if (me != &dt_task_unknown)
        dt_finish(me);
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    errno = saved;
}

void dt_dump_init(void)
{
    dump_stack = dt_flags.record[0] ? dt_map(STACK_SIZE) : NULL;
    if (!dump_stack)
        return;
    struct sigaction act = {.sa_handler = on_dump, .sa_flags = SA_RESTART};
    sigfillset(&act.sa_mask);
    sigaction(DT_DUMP_SIGNAL, &act, NULL);
}
