/* SPDX-License-Identifier: MIT
 *
 * printf and scanf: the memory behind their arguments, and what they write into strings. The calls
 * with "..." go to libc's forms that take a va_list, which do the same.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>

#include "interpose/chk.h"
#include "interpose/format.h"
#include "interpose/libc_access.h"
#include "interpose/stream.h"

struct printing {
    struct dt_task *task;
    bool pushed;
    uintptr_t pc;
};

static struct printing begin(const char *format, va_list args, uintptr_t pc)
{
    struct printing c = {.task = dt_enter_checked(pc), .pc = pc};
    if (c.task && format)
        dt_format_prints(c.task, format, args, pc);
    c.pushed = dt_caller_push(c.task, pc);
    return c;
}

static int end(struct printing *c, int result)
{
    dt_caller_pop(c->task, c->pushed);
    return result;
}

/* `size`: of the string's room; libc writes no more. */
static int end_string(struct printing *c, char *s, size_t size, int result)
{
    int saved = errno;
    if (c->task && s && result >= 0 && size) {
        size_t n = (size_t)result + 1;
        dt_writes(c->task, s, n < size ? n : size, c->pc);
    }
    errno = saved;
    return end(c, result);
}

static int end_allocated(struct printing *c, char **ret, int result)
{
    int saved = errno;
    if (c->task && result >= 0)
        dt_writes(c->task, ret, sizeof *ret, c->pc);
    errno = saved;
    return end(c, result);
}

static void to_nowhere(void)
{
}

static void to_descriptor(int fd)
{
    int saved = errno;
    struct dt_task *t = dt_enter();
    if (t)
        dt_fd_release(t, fd);
    errno = saved;
}

/* params: of the va_list form without the list; out: where to; call: libc's; finish: as above. */
#define PRINT(name, vname, params, out, call, finish)                                              \
    DT_INTERPOSE(int, name, params##_DOTS)                                                         \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        struct printing c = begin(format, args, DT_CALLER);                                        \
        out;                                                                                       \
        int n = call;                                                                              \
        va_end(args);                                                                              \
        return finish;                                                                             \
    }                                                                                              \
    DT_INTERPOSE(int, vname, params##_V)                                                           \
    {                                                                                              \
        struct printing c = begin(format, args, DT_CALLER);                                        \
        out;                                                                                       \
        int n = call;                                                                              \
        return finish;                                                                             \
    }

#define P_DOTS (const char *format, ...)
#define P_V (const char *format, va_list args)
#define F_DOTS (FILE * f, const char *format, ...)
#define F_V (FILE * f, const char *format, va_list args)
#define D_DOTS (int fd, const char *format, ...)
#define D_V (int fd, const char *format, va_list args)
#define S_DOTS (char *s, const char *format, ...)
#define S_V (char *s, const char *format, va_list args)
#define SN_DOTS (char *s, size_t size, const char *format, ...)
#define SN_V (char *s, size_t size, const char *format, va_list args)
#define A_DOTS (char **ret, const char *format, ...)
#define A_V (char **ret, const char *format, va_list args)

PRINT(printf, vprintf, P, dt_stream_will_write(stdout), vprintf(format, args), end(&c, n))
PRINT(fprintf, vfprintf, F, dt_stream_will_write(f), vfprintf(f, format, args), end(&c, n))
PRINT(dprintf, vdprintf, D, to_descriptor(fd), vdprintf(fd, format, args), end(&c, n))
PRINT(sprintf, vsprintf, S, to_nowhere(), vsprintf(s, format, args), end_string(&c, s, SIZE_MAX, n))
PRINT(snprintf, vsnprintf, SN, to_nowhere(), vsnprintf(s, size, format, args),
    end_string(&c, s, size, n))
PRINT(asprintf, vasprintf, A, to_nowhere(), vasprintf(ret, format, args), end_allocated(&c, ret, n))

/* --- behind _FORTIFY_SOURCE --- */

#define PC_DOTS (int flag, const char *format, ...)
#define PC_V (int flag, const char *format, va_list args)
#define FC_DOTS (FILE * f, int flag, const char *format, ...)
#define FC_V (FILE * f, int flag, const char *format, va_list args)
#define DC_DOTS (int fd, int flag, const char *format, ...)
#define DC_V (int fd, int flag, const char *format, va_list args)
#define SC_DOTS (char *s, int flag, size_t room, const char *format, ...)
#define SC_V (char *s, int flag, size_t room, const char *format, va_list args)
#define SNC_DOTS (char *s, size_t size, int flag, size_t room, const char *format, ...)
#define SNC_V (char *s, size_t size, int flag, size_t room, const char *format, va_list args)
#define AC_DOTS (char **ret, int flag, const char *format, ...)
#define AC_V (char **ret, int flag, const char *format, va_list args)

PRINT(__printf_chk, __vprintf_chk, PC, dt_stream_will_write(stdout),
    __vprintf_chk(flag, format, args), end(&c, n))
PRINT(__fprintf_chk, __vfprintf_chk, FC, dt_stream_will_write(f),
    __vfprintf_chk(f, flag, format, args), end(&c, n))
PRINT(__dprintf_chk, __vdprintf_chk, DC, to_descriptor(fd), __vdprintf_chk(fd, flag, format, args),
    end(&c, n))
PRINT(__sprintf_chk, __vsprintf_chk, SC, to_nowhere(), __vsprintf_chk(s, flag, room, format, args),
    end_string(&c, s, SIZE_MAX, n))
PRINT(__snprintf_chk, __vsnprintf_chk, SNC, to_nowhere(),
    __vsnprintf_chk(s, size, flag, room, format, args), end_string(&c, s, size, n))
PRINT(__asprintf_chk, __vasprintf_chk, AC, to_nowhere(), __vasprintf_chk(ret, flag, format, args),
    end_allocated(&c, ret, n))

/* --- scanf --- */

static struct printing begin_scan(const char *string, uintptr_t pc)
{
    struct printing c = {.task = dt_enter_checked(pc), .pc = pc};
    if (c.task && string)
        dt_reads_string(c.task, string, pc);
    c.pushed = dt_caller_push(c.task, pc);
    return c;
}

static int end_scan(struct printing *c, const char *format, va_list args, int n)
{
    if (c->task)
        dt_format_scans(c->task, format, args, n, c->pc);
    return end(c, n);
}

#define SCAN(name, vname, params, string, stream, call)                                            \
    DT_INTERPOSE(int, name, params##_DOTS)                                                         \
    {                                                                                              \
        va_list args, copy;                                                                        \
        va_start(args, format);                                                                    \
        va_copy(copy, args);                                                                       \
        struct printing c = begin_scan(string, DT_CALLER);                                         \
        DT_WAIT_BEGIN("scanf", NULL, false);                                                       \
        int n = call;                                                                              \
        DT_WAIT_END();                                                                             \
        dt_stream_did_read(stream);                                                                \
        n = end_scan(&c, format, copy, n);                                                         \
        va_end(copy);                                                                              \
        va_end(args);                                                                              \
        return n;                                                                                  \
    }                                                                                              \
    DT_INTERPOSE(int, vname, params##_V)                                                           \
    {                                                                                              \
        va_list copy;                                                                              \
        va_copy(copy, args);                                                                       \
        struct printing c = begin_scan(string, DT_CALLER);                                         \
        DT_WAIT_BEGIN("scanf", NULL, false);                                                       \
        int n = call;                                                                              \
        DT_WAIT_END();                                                                             \
        dt_stream_did_read(stream);                                                                \
        n = end_scan(&c, format, copy, n);                                                         \
        va_end(copy);                                                                              \
        return n;                                                                                  \
    }

#define SS_DOTS (const char *s, const char *format, ...)
#define SS_V (const char *s, const char *format, va_list args)

SCAN(__isoc99_scanf, __isoc99_vscanf, P, NULL, stdin, __isoc99_vscanf(format, args))
SCAN(__isoc99_fscanf, __isoc99_vfscanf, F, NULL, f, __isoc99_vfscanf(f, format, args))
SCAN(__isoc99_sscanf, __isoc99_vsscanf, SS, s, NULL, __isoc99_vsscanf(s, format, args))
/* The names that sources before C99 use. */
SCAN(scanf, vscanf, P, NULL, stdin, vscanf(format, args))
SCAN(fscanf, vfscanf, F, NULL, f, vfscanf(f, format, args))
SCAN(sscanf, vsscanf, SS, s, NULL, vsscanf(s, format, args))
