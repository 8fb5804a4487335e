/* SPDX-License-Identifier: MIT
 *
 * libunwind. It calls libc functions that are interposed (mutexes, mmap, sigprocmask): the calling
 * task counts as inside the runtime meanwhile, so that they go straight to libc.
 */
#define _GNU_SOURCE
#define UNW_LOCAL_ONLY
#include <errno.h>
#include <libunwind.h>
#include <string.h>

#include "core/task.h"
#include "report/modules.h"
#include "report/unwind.h"

enum { SKIP_MAX = 64 };

/* What lies below a goroutine's function says nothing. */
static size_t without_outer(const uintptr_t *pcs, size_t n)
{
    size_t kept = n;
    while (kept && dt_module_is_ours(pcs[kept - 1]))
        kept--;
    return kept ? kept : n;
}

/* The frame that was stepped to: its address was left below its stack pointer by the call, unless a
 * signal came there. */
static void note_slot(unw_cursor_t *c, struct dt_unwind_slots *slots, bool *known)
{
    unw_word_t pc, sp;
    uintptr_t at;
    *known = *known && slots->n < DT_UNWIND_SLOTS && unw_get_reg(c, UNW_REG_IP, &pc) == 0 &&
             unw_get_reg(c, UNW_REG_SP, &sp) == 0;
    if (!*known || !pc)
        return;
    at = (uintptr_t)sp - sizeof(uintptr_t);
    *known = *(const uintptr_t *)at == pc;
    slots->at[slots->n++] = at;
}

/* Collects from the cursor's frame outwards, leaving out our own frames at both ends, and all up to
 * from_pc if that is found. Everybody takes pcs for return addresses, so a place that a
 * signal interrupted is moved by one. `slots` may be NULL. */
static size_t collect(unw_cursor_t *c, uintptr_t from_pc, uintptr_t *ret_pcs, size_t max,
    struct dt_unwind_slots *slots)
{
    size_t n = 0, skipped = 0;
    bool inner = true, interrupted = false, known = slots != NULL, is_first = true;
    do {
        if (known && !is_first)
            note_slot(c, slots, &known);
        is_first = false;
        unw_word_t pc = 0;
        if (unw_get_reg(c, UNW_REG_IP, &pc) != 0 || !pc)
            break;
        bool is_signal = unw_is_signal_frame(c) > 0;
        if (inner && dt_module_is_ours(pc) && ++skipped < SKIP_MAX)
            continue;
        inner = false;
        if (is_signal || interrupted)
            pc++;
        interrupted = is_signal;
        if (from_pc && pc == from_pc) {
            n = 0; /* what came before is below the place that was asked for */
            from_pc = 0;
        }
        if (n < max)
            ret_pcs[n++] = pc;
        else if (!from_pc)
            break;
    } while (unw_step(c) > 0);
    if (slots && !known)
        slots->n = 0;
    return without_outer(ret_pcs, n);
}

static struct dt_task *enter(void)
{
    struct dt_task *t = dt_self;
    if (t == &dt_task_unknown)
        return NULL;
    t->in_runtime++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return t;
}

static void leave(struct dt_task *t)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (t)
        t->in_runtime--;
}

size_t dt_unwind_here(uintptr_t from_pc, uintptr_t *ret_pcs, size_t max)
{
    int saved = errno;
    struct dt_task *t = enter();
    unw_context_t here;
    unw_cursor_t c;
    size_t n = 0;
    unw_getcontext(&here);
    if (unw_init_local(&c, &here) == 0)
        n = collect(&c, from_pc, ret_pcs, max, NULL);
    leave(t);
    errno = saved;
    return n;
}

static void fill(unw_context_t *uc, const struct dt_regs *r)
{
    memset(uc, 0, sizeof *uc);
#if defined(__x86_64__)
    greg_t *g = uc->uc_mcontext.gregs;
    g[REG_RIP] = (greg_t)r->pc;
    g[REG_RSP] = (greg_t)r->sp;
    g[REG_RBP] = (greg_t)r->bp;
    g[REG_RBX] = (greg_t)r->bx;
    g[REG_R12] = (greg_t)r->r12;
    g[REG_R13] = (greg_t)r->r13;
    g[REG_R14] = (greg_t)r->r14;
    g[REG_R15] = (greg_t)r->r15;
#else
#error "dt_unwind_regs is not written for this architecture"
#endif
}

size_t dt_unwind_regs_slots(
    const struct dt_regs *regs, uintptr_t *ret_pcs, size_t max, struct dt_unwind_slots *ret_slots)
{
    int saved = errno;
    struct dt_task *t = enter();
    unw_context_t uc;
    unw_cursor_t c;
    size_t n = 0;
    fill(&uc, regs);
    if (ret_slots)
        ret_slots->n = 0;
    if (unw_init_local(&c, &uc) == 0)
        n = collect(&c, 0, ret_pcs, max, ret_slots);
    leave(t);
    errno = saved;
    return n;
}

size_t dt_unwind_regs(const struct dt_regs *regs, uintptr_t *ret_pcs, size_t max)
{
    return dt_unwind_regs_slots(regs, ret_pcs, max, NULL);
}

static bool find_frame(unw_cursor_t *c, uintptr_t addr, uintptr_t *ret_pc, uintptr_t *ret_cfa)
{
    unw_word_t pc, sp, cfa;
    if (unw_get_reg(c, UNW_REG_SP, &sp) != 0)
        return false;
    for (; unw_get_reg(c, UNW_REG_IP, &pc) == 0 && unw_step(c) > 0; sp = cfa) {
        if (unw_get_reg(c, UNW_REG_SP, &cfa) != 0)
            return false;
        if (addr < sp || addr >= cfa)
            continue;
        *ret_pc = pc;
        *ret_cfa = cfa;
        return !dt_module_is_ours(pc);
    }
    return false;
}

bool dt_unwind_frame(
    const struct dt_regs *regs, uintptr_t addr, uintptr_t *ret_pc, uintptr_t *ret_cfa)
{
    int saved = errno;
    struct dt_task *t = enter();
    unw_context_t uc;
    unw_cursor_t c;
    if (regs)
        fill(&uc, regs);
    else
        unw_getcontext(&uc);
    bool found = unw_init_local(&c, &uc) == 0 && find_frame(&c, addr, ret_pc, ret_cfa);
    leave(t);
    errno = saved;
    return found;
}

size_t dt_unwind_context(const void *context, uintptr_t *ret_pcs, size_t max)
{
    int saved = errno;
    struct dt_task *t = enter();
    unw_context_t uc = *(const unw_context_t *)context;
    unw_cursor_t c;
    size_t n = 0;
    if (unw_init_local2(&c, &uc, UNW_INIT_SIGNAL_FRAME) == 0)
        n = collect(&c, 0, ret_pcs, max, NULL);
    leave(t);
    errno = saved;
    return n;
}

uintptr_t dt_unwind_library(void)
{
    return (uintptr_t)unw_step;
}
