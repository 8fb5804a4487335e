/* SPDX-License-Identifier: MIT
 *
 * Strings of wide characters, and their conversions: as string_calls.c.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "interpose/libc_access.h"

enum { UNIT = sizeof(wchar_t) };

static void reads_wide(struct dt_task *t, const wchar_t *s, uintptr_t pc)
{
    dt_reads(t, s, (wcslen(s) + 1) * UNIT, pc);
}

/* As far as a comparison of at most `max` looks. */
static void compares(
    struct dt_task *t, const wchar_t *a, const wchar_t *b, size_t max, uintptr_t pc)
{
    size_t n = 0;
    while (n < max && a[n] == b[n] && a[n])
        n++;
    n = n < max ? n + 1 : max;
    dt_reads(t, a, n * UNIT, pc);
    dt_reads(t, b, n * UNIT, pc);
}

static void appends(struct dt_task *t, wchar_t *dst, const wchar_t *src, size_t max, uintptr_t pc)
{
    size_t at = wcslen(dst), n = wcsnlen(src, max);
    dt_reads(t, src, (n < max ? n + 1 : max) * UNIT, pc);
    dt_reads(t, dst, (at + 1) * UNIT, pc);
    dt_writes(t, dst + at, (n + 1) * UNIT, pc);
}

#define CHECKED struct dt_task *t = dt_enter_checked(DT_CALLER)

DT_INTERPOSE(size_t, wcsnlen, (const wchar_t *s, size_t max))
{
    CHECKED;
    size_t n = wcsnlen(s, max);
    if (t)
        dt_reads(t, s, (n < max ? n + 1 : max) * UNIT, DT_CALLER);
    return n;
}

/* --- copies --- */

#define COPY(name)                                                                                 \
    DT_INTERPOSE(wchar_t *, name, (wchar_t * dst, const wchar_t *src))                             \
    {                                                                                              \
        CHECKED;                                                                                   \
        size_t n = (wcslen(src) + 1) * UNIT;                                                       \
        if (t) {                                                                                   \
            dt_reads(t, src, n, DT_CALLER);                                                        \
            dt_writes(t, dst, n, DT_CALLER);                                                       \
        }                                                                                          \
        return name(dst, src);                                                                     \
    }
#define COPY_PADDED(name)                                                                          \
    DT_INTERPOSE(wchar_t *, name, (wchar_t * dst, const wchar_t *src, size_t n))                   \
    {                                                                                              \
        CHECKED;                                                                                   \
        size_t used = wcsnlen(src, n);                                                             \
        if (t) {                                                                                   \
            dt_reads(t, src, (used < n ? used + 1 : n) * UNIT, DT_CALLER);                         \
            dt_writes(t, dst, n *UNIT, DT_CALLER);                                                 \
        }                                                                                          \
        return name(dst, src, n);                                                                  \
    }

COPY(wcscpy)
COPY(wcpcpy)
COPY_PADDED(wcsncpy)
COPY_PADDED(wcpncpy)

DT_INTERPOSE(wchar_t *, wcscat, (wchar_t * dst, const wchar_t *src))
{
    CHECKED;
    if (t)
        appends(t, dst, src, SIZE_MAX / UNIT, DT_CALLER);
    return wcscat(dst, src);
}

DT_INTERPOSE(wchar_t *, wcsncat, (wchar_t * dst, const wchar_t *src, size_t n))
{
    CHECKED;
    if (t)
        appends(t, dst, src, n, DT_CALLER);
    return wcsncat(dst, src, n);
}

DT_INTERPOSE(wchar_t *, wcsdup, (const wchar_t *s))
{
    CHECKED;
    if (t)
        reads_wide(t, s, DT_CALLER);
    bool pushed = dt_caller_push(t, DT_CALLER);
    wchar_t *copy = wcsdup(s);
    dt_caller_pop(t, pushed);
    return copy;
}

/* --- looking --- */

#define COMPARE(name)                                                                              \
    DT_INTERPOSE(int, name, (const wchar_t *a, const wchar_t *b))                                  \
    {                                                                                              \
        CHECKED;                                                                                   \
        if (t)                                                                                     \
            compares(t, a, b, SIZE_MAX, DT_CALLER);                                                \
        return name(a, b);                                                                         \
    }

COMPARE(wcscmp)
COMPARE(wcscoll)

DT_INTERPOSE(int, wcsncmp, (const wchar_t *a, const wchar_t *b, size_t n))
{
    CHECKED;
    if (t)
        compares(t, a, b, n, DT_CALLER);
    return wcsncmp(a, b, n);
}

DT_INTERPOSE(wchar_t *, wcschr, (const wchar_t *s, wchar_t c))
{
    CHECKED;
    wchar_t *found = (wchar_t *)wcschr(s, c);
    if (t && found)
        dt_reads(t, s, (size_t)(found - s + 1) * UNIT, DT_CALLER);
    else if (t)
        reads_wide(t, s, DT_CALLER);
    return found;
}

DT_INTERPOSE(wchar_t *, wcsrchr, (const wchar_t *s, wchar_t c))
{
    CHECKED;
    if (t)
        reads_wide(t, s, DT_CALLER);
    return (wchar_t *)wcsrchr(s, c);
}

DT_INTERPOSE(wchar_t *, wcsstr, (const wchar_t *s, const wchar_t *word))
{
    CHECKED;
    wchar_t *found = (wchar_t *)wcsstr(s, word);
    if (t) {
        reads_wide(t, word, DT_CALLER);
        size_t n = found ? (size_t)(found - s) + wcslen(word) : wcslen(s) + 1;
        dt_reads(t, s, n * UNIT, DT_CALLER);
    }
    return found;
}

/* --- blocks --- */

DT_INTERPOSE(wchar_t *, wmemchr, (const wchar_t *s, wchar_t c, size_t n))
{
    CHECKED;
    wchar_t *found = (wchar_t *)wmemchr(s, c, n);
    if (t)
        dt_reads(t, s, (found ? (size_t)(found - s + 1) : n) * UNIT, DT_CALLER);
    return found;
}

DT_INTERPOSE(int, wmemcmp, (const wchar_t *a, const wchar_t *b, size_t n))
{
    CHECKED;
    if (t) {
        dt_reads(t, a, n * UNIT, DT_CALLER);
        dt_reads(t, b, n * UNIT, DT_CALLER);
    }
    return wmemcmp(a, b, n);
}

DT_INTERPOSE(wchar_t *, wmempcpy, (wchar_t *restrict dst, const wchar_t *restrict src, size_t n))
{
    CHECKED;
    if (t) {
        dt_reads(t, src, n * UNIT, DT_CALLER);
        dt_writes(t, dst, n * UNIT, DT_CALLER);
    }
    return wmempcpy(dst, src, n);
}

/* --- conversions --- */

DT_INTERPOSE(size_t, mbstowcs, (wchar_t *restrict dst, const char *restrict src, size_t n))
{
    CHECKED;
    if (t)
        dt_reads_string(t, src, DT_CALLER);
    size_t made = mbstowcs(dst, src, n);
    if (t && dst && made != (size_t)-1)
        dt_writes(t, dst, (made < n ? made + 1 : n) * UNIT, DT_CALLER);
    return made;
}

DT_INTERPOSE(size_t, wcstombs, (char *restrict dst, const wchar_t *restrict src, size_t n))
{
    CHECKED;
    if (t)
        reads_wide(t, src, DT_CALLER);
    size_t made = wcstombs(dst, src, n);
    if (t && dst && made != (size_t)-1)
        dt_writes(t, dst, made < n ? made + 1 : n, DT_CALLER);
    return made;
}

DT_INTERPOSE(size_t, wcrtomb, (char *restrict dst, wchar_t c, mbstate_t *restrict state))
{
    CHECKED;
    size_t made = wcrtomb(dst, c, state);
    if (t && dst && made != (size_t)-1)
        dt_writes(t, dst, made, DT_CALLER);
    return made;
}

DT_INTERPOSE(size_t, mbrtowc,
    (wchar_t *restrict dst, const char *restrict src, size_t n, mbstate_t *restrict state))
{
    CHECKED;
    size_t used = mbrtowc(dst, src, n, state);
    if (t && src && used < (size_t)-2) {
        dt_reads(t, src, used ? used : 1, DT_CALLER);
        dt_writes(t, dst, dst ? UNIT : 0, DT_CALLER);
    }
    return used;
}

DT_INTERPOSE(long, wcstol, (const wchar_t *restrict s, wchar_t **restrict end, int base))
{
    CHECKED;
    wchar_t *stop;
    long v = wcstol(s, &stop, base);
    if (end)
        *end = stop;
    if (t) {
        dt_reads(t, s, (size_t)(stop - s + 1) * UNIT, DT_CALLER);
        dt_writes(t, end, end ? sizeof *end : 0, DT_CALLER);
    }
    return v;
}
