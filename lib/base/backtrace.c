/* SPDX-License-Identifier: MIT
 *
 * Stacks as text, in the production library only: function names from the unwinder's symbol tables.
 * The race library has the detector's reports instead.
 */
#define _GNU_SOURCE

#include "base/misuse.h"

#ifndef GORC_DETECT

#define UNW_LOCAL_ONLY
#include <dlfcn.h>
#include <libunwind.h>
#include <string.h>

#include "inspect.h"

#define MAX_FRAMES 64

static void print_frame(unw_word_t pc, const char *function, unw_word_t offset)
{
    Dl_info info;
    if (dladdr((void *)pc, &info) && info.dli_fname) {
        const char *slash = strrchr(info.dli_fname, '/');
        gorc__printf("    %s+0x%lx (%s+0x%lx)\n", function, (unsigned long)offset,
            slash ? slash + 1 : info.dli_fname, (unsigned long)(pc - (uintptr_t)info.dli_fbase));
    } else {
        gorc__printf("    %s+0x%lx (0x%lx)\n", function, (unsigned long)offset, (unsigned long)pc);
    }
}

/* Frames of the library itself say nothing to the reader. */
static bool is_internal(const char *function)
{
    return strncmp(function, "gorc__", 6) == 0;
}

static void print_cursor(unw_cursor_t *cursor)
{
    for (int i = 0; i < MAX_FRAMES; i++) {
        char function[128] = "?";
        unw_word_t pc = 0, offset = 0;
        if (unw_get_reg(cursor, UNW_REG_IP, &pc) < 0 || pc == 0)
            return;
        unw_get_proc_name(cursor, function, sizeof function, &offset);
        if (!is_internal(function))
            print_frame(pc, function, offset);
        if (unw_step(cursor) <= 0)
            return;
    }
    gorc__print("    ...\n");
}

void gorc__print_stack(void)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_getcontext(&context);
    if (unw_init_local(&cursor, &context) == 0)
        print_cursor(&cursor);
}

void gorc__print_place(const char *role, gorc__place place, uint64_t goid)
{
    Dl_info info;
    void *pc = (void *)(uintptr_t)place;
    gorc__printf("%s", role);
    if (goid)
        gorc__printf(" goroutine %llu", (unsigned long long)goid);
    gorc__print(" at\n");
    if (dladdr(pc, &info) && info.dli_sname)
        print_frame((unw_word_t)place, info.dli_sname,
            (unw_word_t)(place - (uintptr_t)info.dli_saddr));
    else
        print_frame((unw_word_t)place, "?", 0);
}

static void set_registers(unw_context_t *context, const struct gorc__g_regs *r)
{
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)r->pc;
    context->uc_mcontext.gregs[REG_RSP] = (greg_t)r->sp;
    context->uc_mcontext.gregs[REG_RBP] = (greg_t)r->bp;
    context->uc_mcontext.gregs[REG_RBX] = (greg_t)r->bx;
    context->uc_mcontext.gregs[REG_R12] = (greg_t)r->r12;
    context->uc_mcontext.gregs[REG_R13] = (greg_t)r->r13;
    context->uc_mcontext.gregs[REG_R14] = (greg_t)r->r14;
    context->uc_mcontext.gregs[REG_R15] = (greg_t)r->r15;
#elif defined(__aarch64__)
    context->uc_mcontext.pc = r->pc;
    context->uc_mcontext.sp = r->sp;
    context->uc_mcontext.regs[29] = r->bp;
    context->uc_mcontext.regs[30] = r->pc;
#endif
}

void gorc__print_goroutine(const struct gorc__inspect_g *g)
{
    unw_context_t context;
    unw_cursor_t cursor;
    if (g->is_foreign)
        gorc__print("\nthread of the program");
    else
        gorc__printf("\ngoroutine %llu", (unsigned long long)g->goid);
    if (g->name)
        gorc__printf(" \"%s\"", g->name);
    gorc__printf(" [%s", g->state == GORC__G_BLOCKED ? g->reason : "runnable");
    if (g->object_name)
        gorc__printf(" \"%s\"", g->object_name);
    if (g->holder)
        gorc__printf(", held by goroutine %llu", (unsigned long long)g->holder);
    gorc__print("]:\n");
    if (g->regs.pc) {
        unw_getcontext(&context);
        set_registers(&context, &g->regs);
        if (unw_init_local(&cursor, &context) == 0)
            print_cursor(&cursor);
    }
    if (g->created)
        gorc__print_place("created by", g->created, g->parent);
}

#else

void gorc__print_stack(void)
{
}

void gorc__print_place(const char *role, gorc__place place, uint64_t goid)
{
    (void)role, (void)place, (void)goid;
}

void gorc__print_goroutine(const struct gorc__inspect_g *g)
{
    (void)g;
}

#endif
