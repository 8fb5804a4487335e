/* SPDX-License-Identifier: MIT
 *
 * Stacks as text, in the production library only: function names from the unwinder's symbol tables.
 * The race library has the detector's reports instead. With GORC_NO_UNWIND (where there is no
 * libunwind) no frames are printed.
 */
#define _GNU_SOURCE

#include "base/misuse.h"

#include "inspect.h"

#ifndef GORC_DETECT

static void print_header(const struct gorc__inspect_g *g, const char *note)
{
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
    gorc__printf("]%s:\n", note ? note : "");
}

#endif

#if !defined(GORC_DETECT) && !defined(GORC_NO_UNWIND)

#define UNW_LOCAL_ONLY
#include <dlfcn.h>
#include <libunwind.h>
#include <stdbool.h>
#include <string.h>

#include "base/lock.h"

#define MAX_FRAMES 64
#define CONTEXT_FRAMES 16u
#define CONTEXT_WALK 16384

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

struct frame {
    unw_word_t pc, offset;
    char function[96];
};

static size_t collect(unw_cursor_t *cursor, struct frame *frames)
{
    size_t n = 0;
    while (n < MAX_FRAMES) {
        struct frame *f = &frames[n];
        f->offset = 0;
        if (unw_get_reg(cursor, UNW_REG_IP, &f->pc) < 0 || f->pc == 0)
            break;
        if (unw_get_proc_name(cursor, f->function, sizeof f->function, &f->offset) < 0)
            f->function[0] = '?', f->function[1] = 0;
        n++;
        if (unw_step(cursor) <= 0)
            break;
    }
    return n;
}

static bool is_public(const char *function)
{
    return strncmp(function, "gorc_", 5) == 0 && function[5] != '_';
}

/* What the library does inside a public function says nothing to the reader. */
static void print_cursor(unw_cursor_t *cursor)
{
    static struct gorc__lock lock; /* frames are large for a goroutine's stack */
    static struct frame frames[MAX_FRAMES];
    gorc__lock(&lock);
    size_t n = collect(cursor, frames), first = 0;
    while (first < n && first < 16 && !is_public(frames[first].function))
        first++;
    if (first == n || first == 16)
        first = 0;
    for (size_t i = first; i < n; i++)
        if (strncmp(frames[i].function, "gorc__", 6) != 0)
            print_frame(frames[i].pc, frames[i].function, frames[i].offset);
    if (n == MAX_FRAMES)
        gorc__print("    ...\n");
    gorc__unlock(&lock);
}

void gorc__print_stack(void)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_getcontext(&context);
    if (unw_init_local(&cursor, &context) == 0)
        print_cursor(&cursor);
}

/* A recursion is one line. */
void gorc__print_context(const void *context)
{
    unw_context_t at = *(const unw_context_t *)context;
    unw_cursor_t cursor;
    char function[96];
    unw_word_t pc, offset, last = 0;
    unsigned printed = 0, repeated = 0;
    if (unw_init_local2(&cursor, &at, UNW_INIT_SIGNAL_FRAME) != 0)
        return;
    for (int i = 0; i < CONTEXT_WALK && printed < CONTEXT_FRAMES; i++) {
        if (unw_get_reg(&cursor, UNW_REG_IP, &pc) < 0 || pc == 0)
            break;
        if (pc == last) {
            repeated++;
        } else {
            if (repeated)
                gorc__printf("    ... and %u times more\n", repeated);
            repeated = 0;
            last = pc;
            offset = 0;
            if (unw_get_proc_name(&cursor, function, sizeof function, &offset) < 0)
                function[0] = '?', function[1] = 0;
            if (strncmp(function, "gorc__", 6) != 0) {
                print_frame(pc, function, offset);
                printed++;
            }
        }
        if (unw_step(&cursor) <= 0)
            return;
    }
    gorc__print("    ...\n");
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

void gorc__print_place(const char *role, gorc__place place, uint64_t goid)
{
    struct gorc__g_regs at = {.pc = (uintptr_t)place};
    unw_context_t context;
    unw_cursor_t cursor;
    char function[96] = "?";
    unw_word_t offset = 0;
    gorc__printf("%s", role);
    if (goid)
        gorc__printf(" goroutine %llu", (unsigned long long)goid);
    gorc__print(" at\n");
    unw_getcontext(&context);
    set_registers(&context, &at);
    if (unw_init_local(&cursor, &context) == 0)
        unw_get_proc_name(&cursor, function, sizeof function, &offset);
    print_frame((unw_word_t)place, function, offset);
}

static bool unwind(const struct gorc__inspect_g *g, unw_context_t *context, unw_cursor_t *cursor)
{
    if (!g->regs.pc)
        return false;
    unw_getcontext(context);
    set_registers(context, &g->regs);
    return unw_init_local(cursor, context) == 0;
}

uint64_t gorc__stack_hash(const struct gorc__inspect_g *g)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t pc;
    uint64_t hash = 0;
    if (!unwind(g, &context, &cursor))
        return hash;
    for (int i = 0; i < MAX_FRAMES && unw_step(&cursor) > 0; i++) {
        if (unw_get_reg(&cursor, UNW_REG_IP, &pc) < 0 || pc == 0)
            break;
        hash = (hash ^ pc) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return hash;
}

void gorc__print_goroutine(const struct gorc__inspect_g *g, const char *note)
{
    unw_context_t context;
    unw_cursor_t cursor;
    print_header(g, note);
    if (unwind(g, &context, &cursor))
        print_cursor(&cursor);
    if (g->created)
        gorc__print_place("created by", g->created, g->parent);
}

#else

void gorc__print_stack(void)
{
}

void gorc__print_context(const void *context)
{
    (void)context;
}

void gorc__print_place(const char *role, gorc__place place, uint64_t goid)
{
    (void)role, (void)place, (void)goid;
}

uint64_t gorc__stack_hash(const struct gorc__inspect_g *g)
{
    (void)g;
    return 0;
}

void gorc__print_goroutine(const struct gorc__inspect_g *g, const char *note)
{
#ifdef GORC_DETECT
    (void)g, (void)note;
#else
    print_header(g, note);
#endif
}

#endif
