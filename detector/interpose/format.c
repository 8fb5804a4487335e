/* SPDX-License-Identifier: MIT
 *
 * Walks format strings as printf and scanf do, for the memory behind the arguments.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "interpose/format.h"
#include "interpose/libc_access.h"

enum length { L_NONE, L_HH, L_H, L_L, L_LL, L_J, L_Z, L_T, L_LONG_DOUBLE };

struct spec {
    bool suppressed, allocates; /* scanf's * and m */
    bool numbered;              /* %1$d: not walked */
    int width, precision;       /* -1: none */
    enum length length;
    char conversion;
};

static const char *parse_length(const char *f, enum length *ret)
{
    static const struct {
        const char *text;
        enum length length;
    } lengths[] = {
        {"hh", L_HH},
        {"h", L_H},
        {"ll", L_LL},
        {"l", L_L},
        {"q", L_LL},
        {"j", L_J},
        {"z", L_Z},
        {"Z", L_Z},
        {"t", L_T},
        {"L", L_LONG_DOUBLE},
    };
    *ret = L_NONE;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t n = strlen(lengths[i].text);
        if (strncmp(f, lengths[i].text, n) == 0) {
            *ret = lengths[i].length;
            return f + n;
        }
    }
    return f;
}

static const char *parse_number(const char *f, int *ret)
{
    int n = 0;
    for (; isdigit((unsigned char)*f); f++)
        n = n < INT_MAX / 10 - 1 ? n * 10 + (*f - '0') : n;
    *ret = n;
    return f;
}

static size_t integer_size(enum length l)
{
    switch (l) {
    case L_HH:
        return 1;
    case L_H:
        return sizeof(short);
    case L_NONE:
        return sizeof(int);
    default:
        return sizeof(long long); /* all the others are 8 bytes */
    }
}

/* A copy that can be handed to functions by address (va_list may be an array). */
struct walk {
    va_list args;
};

/* --- printf --- */

static const char *parse_star(const char *f, struct walk *w, int *ret)
{
    if (*f != '*')
        return isdigit((unsigned char)*f) ? parse_number(f, ret) : f;
    *ret = va_arg(w->args, int);
    return f + 1;
}

/* After the '%'. */
static const char *parse_print(const char *f, struct walk *w, struct spec *s)
{
    *s = (struct spec){.width = -1, .precision = -1};
    const char *digits = f;
    while (isdigit((unsigned char)*digits))
        digits++;
    s->numbered = *digits == '$';
    while (*f && strchr("-+ #0'I", *f))
        f++;
    f = parse_star(f, w, &s->width);
    if (*f == '.') {
        s->precision = 0;
        f = parse_star(f + 1, w, &s->precision);
    }
    f = parse_length(f, &s->length);
    s->conversion = *f;
    return *f ? f + 1 : f;
}

static void print_string(struct dt_task *t, const struct spec *s, const void *p, uintptr_t pc)
{
    if (!p)
        return;
    if (s->conversion == 'S' || s->length == L_L) {
        if (s->precision < 0)
            dt_reads(t, p, (wcslen(p) + 1) * sizeof(wchar_t), pc);
        return;
    }
    if (s->precision < 0) {
        dt_reads_string(t, p, pc);
        return;
    }
    size_t max = (size_t)s->precision, n = strnlen(p, max);
    dt_reads(t, p, n < max ? n + 1 : max, pc);
}

/* False: an argument of unknown size; the walk ends. */
static bool print_argument(struct dt_task *t, const struct spec *s, struct walk *w, uintptr_t pc)
{
    switch (s->conversion) {
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
    case 'c':
    case 'C':
        if (integer_size(s->length) == 8)
            (void)va_arg(w->args, long long);
        else
            (void)va_arg(w->args, int);
        return true;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        if (s->length == L_LONG_DOUBLE)
            (void)va_arg(w->args, long double);
        else
            (void)va_arg(w->args, double);
        return true;
    case 's':
    case 'S':
        print_string(t, s, va_arg(w->args, const void *), pc);
        return true;
    case 'p':
        (void)va_arg(w->args, void *);
        return true;
    case 'n':
        dt_writes(t, va_arg(w->args, void *), integer_size(s->length), pc);
        return true;
    case '%':
    case 'm':
        return true;
    default:
        return false;
    }
}

void dt_format_prints(struct dt_task *t, const char *format, va_list args, uintptr_t pc)
{
    struct walk w;
    struct spec s;
    int saved = errno;
    dt_reads_string(t, format, pc);
    va_copy(w.args, args);
    for (const char *f = strchr(format, '%'); f; f = strchr(f, '%')) {
        f = parse_print(f + 1, &w, &s);
        if (s.numbered || !print_argument(t, &s, &w, pc))
            break;
    }
    va_end(w.args);
    errno = saved;
}

/* --- scanf --- */

static const char *parse_set(const char *f)
{
    if (*f == '^')
        f++;
    if (*f == ']')
        f++;
    while (*f && *f != ']')
        f++;
    return *f ? f + 1 : f;
}

static const char *parse_scan(const char *f, struct spec *s)
{
    *s = (struct spec){.width = -1, .precision = -1};
    const char *digits = f;
    while (isdigit((unsigned char)*digits))
        digits++;
    s->numbered = *digits == '$';
    for (; *f && strchr("*'m", *f); f++) {
        s->suppressed |= *f == '*';
        s->allocates |= *f == 'm';
    }
    if (isdigit((unsigned char)*f))
        f = parse_number(f, &s->width);
    if (*f == 'm') {
        s->allocates = true;
        f++;
    }
    f = parse_length(f, &s->length);
    s->conversion = *f;
    if (*f == '[')
        return parse_set(f + 1);
    return *f ? f + 1 : f;
}

static size_t scanned_size(const struct spec *s, const void *p)
{
    bool wide = s->length == L_L || s->conversion == 'S' || s->conversion == 'C';
    if (s->allocates)
        return sizeof(void *);
    switch (s->conversion) {
    case 'c':
    case 'C':
        return (s->width > 0 ? (size_t)s->width : 1) * (wide ? sizeof(wchar_t) : 1);
    case 's':
    case 'S':
    case '[':
        return wide ? (wcslen(p) + 1) * sizeof(wchar_t) : strlen(p) + 1;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        return s->length == L_LONG_DOUBLE ? sizeof(long double)
               : s->length == L_NONE      ? sizeof(float)
                                          : sizeof(double);
    case 'p':
        return sizeof(void *);
    default:
        return integer_size(s->length);
    }
}

void dt_format_scans(struct dt_task *t, const char *format, va_list args, int n, uintptr_t pc)
{
    struct walk w;
    struct spec s;
    int saved = errno;
    dt_reads_string(t, format, pc);
    va_copy(w.args, args);
    const char *f = strchr(format, '%');
    while (f && n > 0) {
        f = parse_scan(f + 1, &s);
        if (s.numbered)
            break;
        if (s.conversion != '%' && !s.suppressed) {
            void *p = va_arg(w.args, void *);
            dt_writes(t, p, scanned_size(&s, p), pc);
            n -= s.conversion != 'n';
        }
        f = strchr(f, '%');
    }
    va_end(w.args);
    errno = saved;
}
