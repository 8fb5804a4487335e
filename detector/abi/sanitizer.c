/* SPDX-License-Identifier: MIT
 *
 * The calls of sanitizer/common_interface_defs.h that programs make. Symbols and lines are found
 * outside the process, so what is said here of an address is its module and offset, and the name
 * where the dynamic symbols have it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "abi/exported.h"
#include "base/dalloc.h"
#include "base/flags.h"
#include "base/out.h"
#include "core/shadow.h"
#include "report/finding.h"
#include "report/unwind.h"
#include "runtime/runtime.h"

/* --- where an address is --- */

struct where {
    const char *module, *function; /* function: NULL: unknown */
    uintptr_t offset;
};

static struct where find(uintptr_t pc)
{
    Dl_info info;
    if (!dladdr((void *)pc, &info) || !info.dli_fname)
        return (struct where){"?", NULL, pc};
    return (struct where){info.dli_fname, info.dli_sname, pc - (uintptr_t)info.dli_fbase};
}

EXPORT void __sanitizer_print_stack_trace(void);
EXPORT int __sanitizer_get_module_and_offset_for_pc(
    void *pc, char *path, size_t size, void **ret_offset);
EXPORT void __sanitizer_symbolize_pc(void *pc, const char *format, char *out, size_t size);
EXPORT void __sanitizer_symbolize_global(void *p, const char *format, char *out, size_t size);

void __sanitizer_print_stack_trace(void)
{
    uintptr_t pcs[128];
    size_t n = dt_unwind_here(CALLER, pcs, sizeof pcs / sizeof *pcs);
    struct dt_out o;
    dt_out_init(&o, 2);
    for (size_t i = 0; i < n; i++) {
        struct where w = find(pcs[i] - 1);
        dt_out_text(&o, "    #");
        dt_out_u64(&o, i);
        dt_out_text(&o, " ");
        dt_out_hex(&o, pcs[i]);
        dt_out_text(&o, w.function ? " in " : "");
        dt_out_text(&o, w.function ? w.function : "");
        dt_out_text(&o, " (");
        dt_out_text(&o, w.module);
        dt_out_text(&o, "+");
        dt_out_hex(&o, w.offset);
        dt_out_text(&o, ")\n");
    }
    dt_out_flush(&o);
}

static void copy_text(char *out, size_t size, const char *text)
{
    if (!size)
        return;
    size_t n = strnlen(text, size - 1);
    memcpy(out, text, n);
    out[n] = 0;
}

int __sanitizer_get_module_and_offset_for_pc(void *pc, char *path, size_t size, void **ret_offset)
{
    struct where w = find((uintptr_t)pc);
    if (w.module[0] == '?')
        return 0;
    copy_text(path, size, w.module);
    *ret_offset = (void *)w.offset;
    return 1;
}

struct text {
    char *out;
    size_t size, used;
};

static void add(struct text *t, const char *s)
{
    while (*s && t->used + 1 < t->size)
        t->out[t->used++] = *s++;
    if (t->size)
        t->out[t->used] = 0;
}

static void add_hex(struct text *t, uintptr_t v)
{
    char digits[20], *p = digits + sizeof digits - 1;
    *p = 0;
    do
        *--p = "0123456789abcdef"[v & 15];
    while (v >>= 4);
    add(t, "0x");
    add(t, p);
}

static void add_module(struct text *t, const struct where *w)
{
    add(t, "(");
    add(t, w->module);
    add(t, "+");
    add_hex(t, w->offset);
    add(t, ")");
}

static void add_directive(struct text *t, char c, uintptr_t pc, const struct where *w)
{
    switch (c) {
    case 'p':
        add_hex(t, pc);
        break;
    case 'm':
        add(t, w->module);
        break;
    case 'o':
        add_hex(t, w->offset);
        break;
    case 'F':
        add(t, w->function ? "in " : "");
        add(t, w->function ? w->function : "");
        break;
    case 'f':
    case 'g':
        add(t, w->function ? w->function : "");
        break;
    case 'L':
    case 'M':
    case 'S':
        add_module(t, w);
        break;
    case '%':
        add(t, "%");
        break;
    default: /* file, line, column: not known here */
        break;
    }
}

void __sanitizer_symbolize_pc(void *pc, const char *format, char *out, size_t size)
{
    struct text t = {out, size, 0};
    struct where w = find((uintptr_t)pc);
    add(&t, "");
    for (; *format; format++) {
        char one[2] = {*format, 0};
        if (*format == '%' && format[1])
            add_directive(&t, *++format, (uintptr_t)pc, &w);
        else
            add(&t, one);
    }
}

void __sanitizer_symbolize_global(void *p, const char *format, char *out, size_t size)
{
    __sanitizer_symbolize_pc(p, format, out, size);
}

/* --- reports --- */

EXPORT void __sanitizer_set_report_path(const char *path);
EXPORT void __sanitizer_set_report_fd(void *fd);
EXPORT const char *__sanitizer_get_report_path(void);
EXPORT void __sanitizer_report_error_summary(const char *text);
EXPORT void __sanitizer_sandbox_on_notify(void *args);

EXPORT void __sanitizer_set_death_callback(void (*callback)(void));

static void (*death_callback)(void), (*halt)(void);

static void halt_with_callback(void)
{
    if (death_callback)
        death_callback();
    halt();
}

/* Called before the process ends because of a finding (halt_on_error). */
void __sanitizer_set_death_callback(void (*callback)(void))
{
    death_callback = callback;
    if (dt_on_halt == halt_with_callback)
        return;
    halt = dt_on_halt;
    if (halt)
        dt_on_halt = halt_with_callback;
}

/* The old text stays: somebody may be printing to it. */
void __sanitizer_set_report_path(const char *path)
{
    size_t n = strlen(path) + 1;
    char *copy = dt_alloc(n);
    memcpy(copy, path, n);
    dt_flags.log_path = copy;
}

void __sanitizer_set_report_fd(void *fd)
{
    char path[40];
    struct text t = {path, sizeof path, 0};
    uintptr_t n = (uintptr_t)fd, div = 1;
    if (n == 1 || n == 2) {
        dt_flags.log_path = n == 1 ? "stdout" : "stderr";
        return;
    }
    add(&t, "/proc/self/fd/");
    while (n / div >= 10)
        div *= 10;
    for (; div; div /= 10)
        add(&t, (char[]){(char)('0' + n / div % 10), 0});
    __sanitizer_set_report_path(path);
}

const char *__sanitizer_get_report_path(void)
{
    return dt_flags.log_path;
}

void __sanitizer_report_error_summary(const char *text)
{
    dt_say("%s", text);
}

void __sanitizer_sandbox_on_notify(void *args)
{
    (void)args;
}

/* The first to ask may handle the crash. */
EXPORT int __sanitizer_acquire_crash_state(void);
int __sanitizer_acquire_crash_state(void)
{
    static int taken;
    return !__atomic_exchange_n(&taken, 1, __ATOMIC_RELAXED);
}

/* libc's, for code that is not to be checked. */
EXPORT void *__sanitizer_internal_memcpy(void *to, const void *from, size_t n);
EXPORT void *__sanitizer_internal_memmove(void *to, const void *from, size_t n);
EXPORT void *__sanitizer_internal_memset(void *p, int c, size_t n);
void *__sanitizer_internal_memcpy(void *to, const void *from, size_t n)
{
    return memcpy(to, from, n);
}
void *__sanitizer_internal_memmove(void *to, const void *from, size_t n)
{
    return memmove(to, from, n);
}
void *__sanitizer_internal_memset(void *p, int c, size_t n)
{
    return memset(p, c, n);
}

/* --- accesses that the program cannot express --- */

#define UNALIGNED(bits)                                                                            \
    EXPORT uint##bits##_t __sanitizer_unaligned_load##bits(const void *p);                         \
    EXPORT void __sanitizer_unaligned_store##bits(void *p, uint##bits##_t v);                      \
    uint##bits##_t __sanitizer_unaligned_load##bits(const void *p)                                 \
    {                                                                                              \
        uint##bits##_t v;                                                                          \
        struct dt_task *t = dt_enter();                                                            \
        if (t)                                                                                     \
            dt_access(t, (uintptr_t)p, sizeof v, DT_READ, CALLER);                                 \
        memcpy(&v, p, sizeof v);                                                                   \
        return v;                                                                                  \
    }                                                                                              \
    void __sanitizer_unaligned_store##bits(void *p, uint##bits##_t v)                              \
    {                                                                                              \
        struct dt_task *t = dt_enter();                                                            \
        if (t)                                                                                     \
            dt_access(t, (uintptr_t)p, sizeof v, DT_WRITE, CALLER);                                \
        memcpy(p, &v, sizeof v);                                                                   \
    }

UNALIGNED(16)
UNALIGNED(32)
UNALIGNED(64)
