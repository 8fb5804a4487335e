/* SPDX-License-Identifier: MIT
 *
 * See handler_rules.h.
 */
#include <errno.h>

#include "interpose/handler_rules.h"
#include "report/finding.h"
#include "runtime/instrumented.h"

static void report(struct dt_task *t, const char *rule, const char *words, uintptr_t pc)
{
    struct dt_finding f = {
        .kind = "misuse",
        .rule = rule,
        .words = words,
        .certainty = DT_CERTAIN,
        .counts = true,
    };
    dt_begin(t);
    dt_finding_stack(&f, "misuse", t->info, dt_here(t, pc), NULL);
    dt_finding_creation(&f, t->info);
    dt_finish(t);
    dt_finding_add(&f);
}

bool dt_handler_begin(bool is_fault)
{
    struct dt_thread *th = dt_thread_self;
    bool anywhere = th && !is_fault && !th->sending && !th->wait.reason;
    if (anywhere)
        th->in_handler++;
    return anywhere;
}

void dt_handler_end(bool begun, uintptr_t handler, int errno_before)
{
    struct dt_thread *th = dt_thread_self;
    int now = errno;
    if (begun && th && th->in_handler)
        th->in_handler--;
    struct dt_task *t =
        begun && now != errno_before && dt_instrumented(handler) ? dt_enter() : NULL;
    if (t)
        report(t, "errno-in-handler", "errno changed by a signal handler", handler + 1);
    errno = now;
}

void dt_handler_unsafe_call(uintptr_t pc)
{
    struct dt_task *t = dt_instrumented(pc) ? dt_enter() : NULL;
    int saved = errno;
    if (t)
        report(t, "signal-unsafe-call", "signal-unsafe call in a signal handler", pc);
    errno = saved;
}
