/* SPDX-License-Identifier: MIT
 *
 * memcpy and its kin, and clang's __tsan_memcpy forms of them. gcc and old clang leave copies of
 * large objects as plain calls, so these are accesses like any other.
 */
#define _GNU_SOURCE
#include <string.h>
#include <strings.h>
#include <wchar.h>

#include "interpose/chk.h"
#include "interpose/libc_access.h"

#define EXPORT __attribute__((visibility("default")))

static inline __attribute__((always_inline)) void copies(
    struct dt_task *t, void *dst, const void *src, size_t n, uintptr_t pc)
{
    if (!t || !n)
        return;
    dt_access(t, (uintptr_t)src, n, DT_READ, pc);
    dt_access(t, (uintptr_t)dst, n, DT_WRITE, pc);
}

EXPORT void *__tsan_memcpy(void *dst, const void *src, size_t n);
EXPORT void *__tsan_memmove(void *dst, const void *src, size_t n);
EXPORT void *__tsan_memset(void *dst, int c, size_t n);

void *__tsan_memcpy(void *dst, const void *src, size_t n)
{
    copies(dt_enter(), dst, src, n, DT_CALLER);
    return memcpy(dst, src, n);
}

void *__tsan_memmove(void *dst, const void *src, size_t n)
{
    copies(dt_enter(), dst, src, n, DT_CALLER);
    return memmove(dst, src, n);
}

void *__tsan_memset(void *dst, int c, size_t n)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_writes(t, dst, n, DT_CALLER);
    return memset(dst, c, n);
}

DT_INTERPOSE(void *, memcpy, (void *dst, const void *src, size_t n))
{
    copies(dt_enter_checked(DT_CALLER), dst, src, n, DT_CALLER);
    return memcpy(dst, src, n);
}

DT_INTERPOSE(void *, __memcpy_chk, (void *dst, const void *src, size_t n, size_t size))
{
    copies(dt_enter_checked(DT_CALLER), dst, src, n < size ? n : size, DT_CALLER);
    return __memcpy_chk(dst, src, n, size);
}

DT_INTERPOSE(void *, mempcpy, (void *dst, const void *src, size_t n))
{
    copies(dt_enter_checked(DT_CALLER), dst, src, n, DT_CALLER);
    return mempcpy(dst, src, n);
}

DT_INTERPOSE(void *, __mempcpy_chk, (void *dst, const void *src, size_t n, size_t size))
{
    copies(dt_enter_checked(DT_CALLER), dst, src, n < size ? n : size, DT_CALLER);
    return __mempcpy_chk(dst, src, n, size);
}

DT_INTERPOSE(void *, memmove, (void *dst, const void *src, size_t n))
{
    copies(dt_enter_checked(DT_CALLER), dst, src, n, DT_CALLER);
    return memmove(dst, src, n);
}

DT_INTERPOSE(void *, __memmove_chk, (void *dst, const void *src, size_t n, size_t size))
{
    copies(dt_enter_checked(DT_CALLER), dst, src, n < size ? n : size, DT_CALLER);
    return __memmove_chk(dst, src, n, size);
}

DT_INTERPOSE(void, bcopy, (const void *src, void *dst, size_t n))
{
    copies(dt_enter_checked(DT_CALLER), dst, src, n, DT_CALLER);
    bcopy(src, dst, n);
}

DT_INTERPOSE(void *, memset, (void *dst, int c, size_t n))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_writes(t, dst, n, DT_CALLER);
    return memset(dst, c, n);
}

DT_INTERPOSE(void *, __memset_chk, (void *dst, int c, size_t n, size_t size))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_writes(t, dst, n < size ? n : size, DT_CALLER);
    return __memset_chk(dst, c, n, size);
}

DT_INTERPOSE(void, bzero, (void *dst, size_t n))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_writes(t, dst, n, DT_CALLER);
    bzero(dst, n);
}

DT_INTERPOSE(void, explicit_bzero, (void *dst, size_t n))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_writes(t, dst, n, DT_CALLER);
    explicit_bzero(dst, n);
}

/* Up to the first difference, which decides. */
static void compares(struct dt_task *t, const void *a, const void *b, size_t n, uintptr_t pc)
{
    const unsigned char *x = a, *y = b;
    size_t i = 0;
    while (n - i >= 256 && memcmp(x + i, y + i, 256) == 0)
        i += 256;
    while (i < n && x[i] == y[i])
        i++;
    size_t looked = i < n ? i + 1 : n;
    dt_reads(t, a, looked, pc);
    dt_reads(t, b, looked, pc);
}

DT_INTERPOSE(int, memcmp, (const void *a, const void *b, size_t n))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        compares(t, a, b, n, DT_CALLER);
    return memcmp(a, b, n);
}

DT_INTERPOSE(int, bcmp, (const void *a, const void *b, size_t n))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        compares(t, a, b, n, DT_CALLER);
    return bcmp(a, b, n);
}

DT_INTERPOSE(void *, memchr, (const void *s, int c, size_t n))
{
    const char *at = memchr(s, c, n);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads(t, s, at ? (size_t)(at - (const char *)s) + 1 : n, DT_CALLER);
    return (void *)at;
}

DT_INTERPOSE(void *, memrchr, (const void *s, int c, size_t n))
{
    const char *at = memrchr(s, c, n), *end = (const char *)s + n;
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads(t, at ? at : s, at ? (size_t)(end - at) : n, DT_CALLER);
    return (void *)at;
}

DT_INTERPOSE(void *, rawmemchr, (const void *s, int c))
{
    const char *at = rawmemchr(s, c);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads(t, s, (size_t)(at - (const char *)s) + 1, DT_CALLER);
    return (void *)at;
}

DT_INTERPOSE(void *, memmem, (const void *s, size_t n, const void *what, size_t m))
{
    const char *at = memmem(s, n, what, m);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t && m <= n) {
        dt_reads(t, s, at ? (size_t)(at - (const char *)s) + m : n, DT_CALLER);
        dt_reads(t, what, m, DT_CALLER);
    }
    return (void *)at;
}

DT_INTERPOSE(void *, memccpy, (void *dst, const void *src, int c, size_t n))
{
    char *end = memccpy(dst, src, c, n);
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    copies(t, dst, src, end ? (size_t)(end - (char *)dst) : n, DT_CALLER);
    return end;
}

DT_INTERPOSE(wchar_t *, wmemcpy, (wchar_t * dst, const wchar_t *src, size_t n))
{
    copies(dt_enter_checked(DT_CALLER), dst, src, n * sizeof *dst, DT_CALLER);
    return wmemcpy(dst, src, n);
}

DT_INTERPOSE(wchar_t *, wmemmove, (wchar_t * dst, const wchar_t *src, size_t n))
{
    copies(dt_enter_checked(DT_CALLER), dst, src, n * sizeof *dst, DT_CALLER);
    return wmemmove(dst, src, n);
}

DT_INTERPOSE(wchar_t *, wmemset, (wchar_t * dst, wchar_t c, size_t n))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_writes(t, dst, n * sizeof *dst, DT_CALLER);
    return wmemset(dst, c, n);
}
