/* SPDX-License-Identifier: MIT
 *
 * The finding of a stack overflow. The stack is unwound from what the signal interrupted; of a
 * recursion a few frames are kept, so that the same bug is the same finding however deep it got.
 *
 * The overflow may have come in the runtime itself, which works on the goroutine's stack. Where it
 * was adding a finding or unwinding, nothing can be recorded, and a line says what happened.
 */
#define _GNU_SOURCE
#include "runtime/stack_overflow.h"

#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "base/out.h"
#include "core/task.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "report/modules.h"
#include "report/unwind.h"
#include "runtime/runtime.h"

enum { WALK = 8192, REPEATS = 3 };

bool dt_is_stack_overflow(int sig, const siginfo_t *info)
{
    struct gorc__inspect_g g;
    return sig == SIGSEGV && info->si_code > 0 && gorc__inspect_overflow(info->si_addr, &g);
}

static uintptr_t pc_of(const void *context)
{
    const ucontext_t *uc = context;
#if defined(__x86_64__)
    return (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
#else
#error "pc_of is not written for this architecture"
#endif
}

/* At most REPEATS of one place in a row, at most DT_MAX_FRAMES in all. */
static size_t fold(uintptr_t *pcs, size_t n)
{
    size_t kept = 0, same = 0;
    for (size_t i = 0; i < n && kept < DT_MAX_FRAMES; i++) {
        same = kept && pcs[kept - 1] == pcs[i] ? same + 1 : 0;
        if (same < REPEATS)
            pcs[kept++] = pcs[i];
    }
    return kept;
}

void dt_record_stack_overflow(const siginfo_t *info, const void *context)
{
    struct gorc__inspect_g g;
    struct dt_task *me = dt_self;
    uintptr_t pcs[WALK];
    char note[96];
    if (!gorc__inspect_overflow(info->si_addr, &g))
        return;
    if (me == &dt_task_unknown || !dt_finding_possible() ||
        strstr(dt_module_path(dt_module_place(pc_of(context)).module), "/libunwind")) {
        dt_say("stack overflow (goroutine %lu%s%s)", (unsigned long)g.goid, g.name ? " " : "",
            g.name ? g.name : "");
        return;
    }
    size_t n = dt_unwind_context(context, pcs, WALK);
    size_t kept = fold(pcs, n);
    struct dt_finding f = {
        .kind = "misuse",
        .rule = "stack-overflow",
        .words = "stack overflow",
        .certainty = DT_CERTAIN,
        .object = {.kind = "stack", .addr = g.stack_lo, .size = g.stack_hi - g.stack_lo},
        .counts = true,
    };
    if (!n) { /* the unwinder knows no way out of there */
        dt_finding_stack(&f, "misuse", me->info, dt_here(me, pc_of(context)), NULL);
        dt_finding_creation(&f, me->info);
        dt_finding_add(&f);
        return;
    }
    snprintf(note, sizeof note, "%zu frames, of which %zu are shown", n, kept);
    dt_finding_pcs(&f, "misuse", me->info, pcs, kept, n > kept ? note : NULL);
    dt_finding_creation(&f, me->info);
    dt_finding_add(&f);
}
