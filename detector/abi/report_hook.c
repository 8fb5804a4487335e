/* SPDX-License-Identifier: MIT
 *
 * Findings handed to the program: as plain data to gorc_set_report_hook's function, and to
 * __tsan_on_report.
 */
#include <stddef.h>

#include <gorc/detect.h>

#include "abi/tsan_report.h"
#include "base/dalloc.h"
#include "report/finding.h"
#include "report/record.h"

static void (*hook_fn)(const struct gorc_finding *finding, void *arg); /* atomic */
static void *hook_arg;

static uint64_t goid_of(const struct dt_finding *f)
{
    const struct dt_task_info *t = f->nstacks ? f->stacks[0].task : NULL;
    if (!t || t->kind == DT_TASK_THREAD)
        return 0;
    return t->kind == DT_TASK_MAIN ? 1 : t->id;
}

/* Too large for a goroutine's stack. */
struct view {
    struct gorc_finding finding;
    struct gorc_finding_stack stacks[DT_MAX_STACKS];
    char tasks[DT_MAX_STACKS][24];
    uintptr_t frames[DT_MAX_STACKS][DT_MAX_FRAMES];
};

static void fill(struct view *v, const struct dt_finding *f)
{
    v->finding = (struct gorc_finding){
        .kind = f->kind,
        .rule = f->rule ? f->rule : f->kind,
        .certainty = dt_certainty_word(f->certainty),
        .message = f->message ? f->message : f->words,
        .object = (const void *)f->object.addr,
        .goid = goid_of(f),
        .stacks = v->stacks,
        .nstacks = f->nstacks,
    };
    for (size_t i = 0; i < f->nstacks; i++) {
        dt_task_label(f->stacks[i].task, v->tasks[i]);
        v->stacks[i] = (struct gorc_finding_stack){
            .role = f->stacks[i].role,
            .task = v->tasks[i],
            .frames = v->frames[i],
            .nframes = dt_finding_stack_pcs(&f->stacks[i], v->frames[i]),
        };
    }
}

static void call_own_hook(const struct dt_finding *f)
{
    void (*fn)(const struct gorc_finding *, void *) = __atomic_load_n(&hook_fn, __ATOMIC_ACQUIRE);
    struct view *v = fn ? dt_map(sizeof *v) : NULL;
    if (!v)
        return;
    fill(v, f);
    fn(&v->finding, hook_arg);
    dt_unmap(v, sizeof *v);
}

/* As with the compilers' runtime, a suppressed report is none. */
static void call_hooks(const struct dt_finding *f, uint32_t number)
{
    bool wanted = __atomic_load_n(&hook_fn, __ATOMIC_RELAXED) || dt_tsan_report_wanted();
    if (!wanted || dt_record_suppresses(number))
        return;
    call_own_hook(f);
    dt_tsan_report(f);
}

__attribute__((constructor(102))) static void start(void)
{
    dt_finding_hook = call_hooks;
}

void gorc_set_report_hook(void (*fn)(const struct gorc_finding *finding, void *arg), void *arg)
{
    __atomic_store_n(&hook_fn, NULL, __ATOMIC_SEQ_CST);
    hook_arg = arg;
    __atomic_store_n(&hook_fn, fn, __ATOMIC_RELEASE);
}
