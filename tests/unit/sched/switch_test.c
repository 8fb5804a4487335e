/* SPDX-License-Identifier: MIT
 *
 * The register switch: callee-saved registers survive it, unwinding a parked goroutine goes through
 * it and ends cleanly at the goroutine's first frame.
 */
#define UNW_LOCAL_ONLY
#include <criterion/criterion.h>
#include <gorc.h>
#include <libunwind.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"

/* --- registers --- */

/* Enough live values over the yield that some are in each callee-saved register. */
static void keep_values(void *arg)
{
    uint64_t a = (uint64_t)(uintptr_t)arg * 3 + 1, b = a * 5 + 1, c = b * 7 + 1, d = c * 11 + 1;
    uint64_t e = d * 13 + 1, f = e * 17 + 1, g = f * 19 + 1;
    for (int i = 0; i < 1000; i++) {
        uint64_t sum = a ^ b ^ c ^ d ^ e ^ f ^ g;
        gorc_yield();
        if (sum != (a ^ b ^ c ^ d ^ e ^ f ^ g))
            abort();
        a += b, b += c, c += d, d += e, e += f, f += g, g += a;
    }
}

Test(switch, callee_saved_registers_survive)
{
    gorc_waitgroup wg = {0};
    for (uintptr_t i = 0; i < 8; i++)
        gorc_wg_go(&wg, keep_values, (void *)i);
    gorc_wg_wait(&wg);
}

/* --- unwinding --- */

__attribute__((noinline)) static void innermost_caller(gorc_chan *c)
{
    gorc_chan_recv(c, NULL);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void goroutine_function(void *arg)
{
    innermost_caller(arg);
    __asm__ volatile("" ::: "memory");
}

struct trace {
    bool caller, function, bottom;
    int last_step;
};

static bool unwind(const struct gorc__inspect_g *g, void *arg)
{
    struct trace *t = arg;
    unw_context_t context;
    unw_cursor_t cursor;
    if (g->state != GORC__G_BLOCKED || strcmp(g->reason, "chan receive") != 0)
        return true;
    unw_getcontext(&context);
#if defined(__x86_64__)
    context.uc_mcontext.gregs[16] = (long)g->regs.pc; /* REG_RIP */
    context.uc_mcontext.gregs[15] = (long)g->regs.sp;
    context.uc_mcontext.gregs[10] = (long)g->regs.bp;
    context.uc_mcontext.gregs[11] = (long)g->regs.bx;
    context.uc_mcontext.gregs[4] = (long)g->regs.r12;
    context.uc_mcontext.gregs[5] = (long)g->regs.r13;
    context.uc_mcontext.gregs[6] = (long)g->regs.r14;
    context.uc_mcontext.gregs[7] = (long)g->regs.r15;
#endif
    unw_init_local(&cursor, &context);
    for (int i = 0; i < 32; i++) {
        char name[64] = "";
        unw_word_t offset;
        unw_get_proc_name(&cursor, name, sizeof name, &offset);
        t->caller |= strcmp(name, "innermost_caller") == 0;
        t->function |= strcmp(name, "goroutine_function") == 0;
        t->bottom = strcmp(name, "gorc__switch_entry") == 0;
        t->last_step = unw_step(&cursor);
        if (t->last_step <= 0)
            return false;
    }
    return false;
}

Test(switch, a_parked_goroutine_can_be_unwound_to_its_end)
{
    struct trace t = {0};
    gorc_procs(1);
    gorc_chan *c = gorc_chan_new(0, 0);
    gorc_go(goroutine_function, c);
    gorc_yield();
    gorc__inspect_goroutines(unwind, &t);
    cr_assert(t.caller);
    cr_assert(t.function);
    cr_assert(t.bottom, "the last frame is the goroutine's first instruction");
    cr_assert_eq(t.last_step, 0, "a clean end, not an error");
    gorc_chan_send(c, NULL);
    gorc_yield();
    gorc_chan_unref(c);
}
