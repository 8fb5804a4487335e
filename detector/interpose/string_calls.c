/* SPDX-License-Identifier: MIT
 *
 * The string functions of libc: which bytes each reads and writes, as the standard says. What
 * decides the result is read, what lies behind it is not.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "interpose/chk.h"
#include "interpose/libc_access.h"

DT_INTERPOSE(size_t, strlen, (const char *s))
{
    size_t n = strlen(s);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads(t, s, n + 1, DT_CALLER);
    return n;
}

DT_INTERPOSE(size_t, strnlen, (const char *s, size_t max))
{
    size_t n = strnlen(s, max);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads(t, s, n < max ? n + 1 : max, DT_CALLER);
    return n;
}

DT_INTERPOSE(size_t, wcslen, (const wchar_t *s))
{
    size_t n = wcslen(s);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads(t, s, (n + 1) * sizeof *s, DT_CALLER);
    return n;
}

/* --- copies --- */

static void copies(struct dt_task *t, char *dst, const char *src, size_t n, uintptr_t pc)
{
    dt_reads(t, src, n, pc);
    dt_writes(t, dst, n, pc);
}

static void copies_padded(struct dt_task *t, char *dst, const char *src, size_t n, uintptr_t pc)
{
    size_t used = strnlen(src, n);
    dt_reads(t, src, used < n ? used + 1 : n, pc);
    dt_writes(t, dst, n, pc);
}

static void appends(struct dt_task *t, char *dst, const char *src, size_t max, uintptr_t pc)
{
    size_t at = strlen(dst), n = strnlen(src, max);
    dt_reads(t, src, n < max ? n + 1 : max, pc);
    dt_reads(t, dst, at + 1, pc);
    dt_writes(t, dst + at, n + 1, pc);
}

#define COPY(name, params, call)                                                                   \
    DT_INTERPOSE(char *, name, params)                                                             \
    {                                                                                              \
        struct dt_task *t = dt_enter_checked(DT_CALLER);                                           \
        if (t)                                                                                     \
            copies(t, dst, src, strlen(src) + 1, DT_CALLER);                                       \
        return call;                                                                               \
    }
#define COPY_PADDED(name, params, call)                                                            \
    DT_INTERPOSE(char *, name, params)                                                             \
    {                                                                                              \
        struct dt_task *t = dt_enter_checked(DT_CALLER);                                           \
        if (t)                                                                                     \
            copies_padded(t, dst, src, n, DT_CALLER);                                              \
        return call;                                                                               \
    }
#define APPEND(name, params, max, call)                                                            \
    DT_INTERPOSE(char *, name, params)                                                             \
    {                                                                                              \
        struct dt_task *t = dt_enter_checked(DT_CALLER);                                           \
        if (t)                                                                                     \
            appends(t, dst, src, max, DT_CALLER);                                                  \
        return call;                                                                               \
    }

COPY(strcpy, (char *dst, const char *src), strcpy(dst, src))
COPY(stpcpy, (char *dst, const char *src), stpcpy(dst, src))
COPY(__strcpy_chk, (char *dst, const char *src, size_t size), __strcpy_chk(dst, src, size))
COPY(__stpcpy_chk, (char *dst, const char *src, size_t size), __stpcpy_chk(dst, src, size))
COPY_PADDED(strncpy, (char *dst, const char *src, size_t n), strncpy(dst, src, n))
COPY_PADDED(stpncpy, (char *dst, const char *src, size_t n), stpncpy(dst, src, n))
COPY_PADDED(__strncpy_chk, (char *dst, const char *src, size_t n, size_t size),
    __strncpy_chk(dst, src, n, size))
COPY_PADDED(__stpncpy_chk, (char *dst, const char *src, size_t n, size_t size),
    __stpncpy_chk(dst, src, n, size))
APPEND(strcat, (char *dst, const char *src), SIZE_MAX, strcat(dst, src))
APPEND(
    __strcat_chk, (char *dst, const char *src, size_t size), SIZE_MAX, __strcat_chk(dst, src, size))
APPEND(strncat, (char *dst, const char *src, size_t n), n, strncat(dst, src, n))
APPEND(__strncat_chk, (char *dst, const char *src, size_t n, size_t size), n,
    __strncat_chk(dst, src, n, size))

DT_INTERPOSE(char *, strdup, (const char *s))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads_string(t, s, DT_CALLER);
    bool pushed = dt_caller_push(t, DT_CALLER);
    char *p = strdup(s);
    dt_caller_pop(t, pushed);
    return p;
}

DT_INTERPOSE(char *, strndup, (const char *s, size_t max))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    size_t n = t ? strnlen(s, max) : 0;
    if (t)
        dt_reads(t, s, n < max ? n + 1 : max, DT_CALLER);
    bool pushed = dt_caller_push(t, DT_CALLER);
    char *p = strndup(s, max);
    dt_caller_pop(t, pushed);
    return p;
}

/* --- comparisons --- */

static unsigned same(unsigned char c)
{
    return c;
}

static unsigned folded(unsigned char c)
{
    return (unsigned)tolower(c);
}

static inline __attribute__((always_inline)) void compares(struct dt_task *t, const char *a,
    const char *b, size_t max, unsigned (*fold)(unsigned char), uintptr_t pc)
{
    size_t i = 0;
    while (i < max && a[i] && fold((unsigned char)a[i]) == fold((unsigned char)b[i]))
        i++;
    size_t looked = i < max ? i + 1 : max;
    dt_reads(t, a, looked, pc);
    dt_reads(t, b, looked, pc);
}

#define COMPARE(name, params, max, fold, call)                                                     \
    DT_INTERPOSE(int, name, params)                                                                \
    {                                                                                              \
        struct dt_task *t = dt_enter_checked(DT_CALLER);                                           \
        if (t)                                                                                     \
            compares(t, a, b, max, fold, DT_CALLER);                                               \
        return call;                                                                               \
    }

COMPARE(strcmp, (const char *a, const char *b), SIZE_MAX, same, strcmp(a, b))
COMPARE(strncmp, (const char *a, const char *b, size_t n), n, same, strncmp(a, b, n))
COMPARE(strcasecmp, (const char *a, const char *b), SIZE_MAX, folded, strcasecmp(a, b))
COMPARE(strncasecmp, (const char *a, const char *b, size_t n), n, folded, strncasecmp(a, b, n))

/* --- searches --- */

DT_INTERPOSE(char *, strchr, (const char *s, int c))
{
    char *at = strchr(s, c);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads(t, s, (at ? (size_t)(at - s) : strlen(s)) + 1, DT_CALLER);
    return at;
}

DT_INTERPOSE(char *, strchrnul, (const char *s, int c))
{
    char *at = strchrnul(s, c);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads(t, s, (size_t)(at - s) + 1, DT_CALLER);
    return at;
}

DT_INTERPOSE(char *, strrchr, (const char *s, int c))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads_string(t, s, DT_CALLER);
    return strrchr(s, c);
}

static void searches(
    struct dt_task *t, const char *s, const char *what, const char *at, uintptr_t pc)
{
    size_t n = strlen(what);
    dt_reads(t, s, at ? (size_t)(at - s) + n : strlen(s) + 1, pc);
    dt_reads(t, what, n + 1, pc);
}

DT_INTERPOSE(char *, strstr, (const char *s, const char *what))
{
    char *at = strstr(s, what);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        searches(t, s, what, at, DT_CALLER);
    return at;
}

DT_INTERPOSE(char *, strcasestr, (const char *s, const char *what))
{
    char *at = strcasestr(s, what);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        searches(t, s, what, at, DT_CALLER);
    return at;
}

DT_INTERPOSE(size_t, strspn, (const char *s, const char *set))
{
    size_t n = strspn(s, set);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t) {
        dt_reads(t, s, n + 1, DT_CALLER);
        dt_reads_string(t, set, DT_CALLER);
    }
    return n;
}

DT_INTERPOSE(size_t, strcspn, (const char *s, const char *set))
{
    size_t n = strcspn(s, set);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t) {
        dt_reads(t, s, n + 1, DT_CALLER);
        dt_reads_string(t, set, DT_CALLER);
    }
    return n;
}

DT_INTERPOSE(char *, strpbrk, (const char *s, const char *set))
{
    char *at = strpbrk(s, set);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t) {
        dt_reads(t, s, (at ? (size_t)(at - s) : strlen(s)) + 1, DT_CALLER);
        dt_reads_string(t, set, DT_CALLER);
    }
    return at;
}

/* --- tokens: the position is read and written, the separator overwritten --- */

static void cuts(struct dt_task *t, char *from, char *token, char *next, uintptr_t pc)
{
    if (!from)
        return;
    char *start = token ? token : from;
    dt_reads(t, from, (size_t)(start - from) + strlen(start) + 1, pc);
    if (token && next && next > token)
        dt_writes(t, next - 1, 1, pc);
}

DT_INTERPOSE(char *, strtok_r, (char *s, const char *set, char **next))
{
    char *from = s ? s : *next, *token = strtok_r(s, set, next);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t) {
        cuts(t, from, token, *next, DT_CALLER);
        dt_writes(t, next, sizeof *next, DT_CALLER);
        dt_reads_string(t, set, DT_CALLER);
    }
    return token;
}

DT_INTERPOSE(char *, strsep, (char **next, const char *set))
{
    char *token = strsep(next, set);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t) {
        cuts(t, token, token, *next, DT_CALLER);
        dt_writes(t, next, sizeof *next, DT_CALLER);
        dt_reads_string(t, set, DT_CALLER);
    }
    return token;
}

/* --- numbers --- */

/* `stop` stays NULL when libc refuses the base: then nothing was looked at. */
static void parsed(struct dt_task *t, const char *s, const char *stop, char **end, uintptr_t pc)
{
    int saved = errno;
    dt_reads(t, s, (size_t)(stop - s) + 1, pc);
    if (end)
        dt_writes(t, end, sizeof *end, pc);
    errno = saved;
}

#define NUMBER(ret, name, params, call)                                                            \
    DT_INTERPOSE(ret, name, params)                                                                \
    {                                                                                              \
        char *stop = NULL;                                                                         \
        ret v = call;                                                                              \
        struct dt_task *t = stop ? dt_enter_checked(DT_CALLER) : NULL;                             \
        if (t)                                                                                     \
            parsed(t, s, stop, end, DT_CALLER);                                                    \
        if (stop && end)                                                                           \
            *end = stop;                                                                           \
        return v;                                                                                  \
    }

NUMBER(long, strtol, (const char *s, char **end, int base), strtol(s, &stop, base))
NUMBER(long long, strtoll, (const char *s, char **end, int base), strtoll(s, &stop, base))
NUMBER(unsigned long, strtoul, (const char *s, char **end, int base), strtoul(s, &stop, base))
NUMBER(
    unsigned long long, strtoull, (const char *s, char **end, int base), strtoull(s, &stop, base))
NUMBER(double, strtod, (const char *s, char **end), strtod(s, &stop))
NUMBER(float, strtof, (const char *s, char **end), strtof(s, &stop))
NUMBER(long double, strtold, (const char *s, char **end), strtold(s, &stop))

/* --- sorting: libc moves the elements --- */

DT_INTERPOSE(
    void, qsort, (void *base, size_t n, size_t size, int (*cmp)(const void *, const void *)))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t && n > 1)
        dt_writes(t, base, n * size, DT_CALLER);
    bool pushed = dt_caller_push(t, DT_CALLER);
    qsort(base, n, size, cmp);
    dt_caller_pop(t, pushed);
}

DT_INTERPOSE(void, qsort_r,
    (void *base, size_t n, size_t size, int (*cmp)(const void *, const void *, void *), void *arg))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t && n > 1)
        dt_writes(t, base, n * size, DT_CALLER);
    bool pushed = dt_caller_push(t, DT_CALLER);
    qsort_r(base, n, size, cmp, arg);
    dt_caller_pop(t, pushed);
}
