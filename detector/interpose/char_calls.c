/* SPDX-License-Identifier: MIT
 *
 * stdio, character by character. __uflow and __overflow are what the macros of getc_unlocked and
 * putc_unlocked call when the buffer is used up.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <wchar.h>

#include "interpose/stream.h"

int __uflow(FILE *f);
int __underflow(FILE *f);
int __overflow(FILE *f, int c);
wint_t __wuflow(FILE *f);
wint_t __wunderflow(FILE *f);
wint_t __woverflow(FILE *f, wint_t c);

#define GET(type, name, params, stream, call)                                                      \
    DT_INTERPOSE(type, name, params)                                                               \
    {                                                                                              \
        DT_WAIT_BEGIN("read", stream, false);                                                      \
        type c = call;                                                                             \
        DT_WAIT_END();                                                                             \
        dt_stream_did_read(stream);                                                                \
        return c;                                                                                  \
    }
#define PUT(type, name, params, stream, call)                                                      \
    DT_INTERPOSE(type, name, params)                                                               \
    {                                                                                              \
        dt_stream_will_write(stream);                                                              \
        DT_WAIT_BEGIN("write", stream, false);                                                     \
        type result = call;                                                                        \
        DT_WAIT_END();                                                                             \
        return result;                                                                             \
    }

GET(int, fgetc, (FILE * f), f, fgetc(f))
GET(int, getc, (FILE * f), f, (getc)(f))
GET(int, getchar, (void), stdin, (getchar)())
GET(int, fgetc_unlocked, (FILE * f), f, (fgetc_unlocked)(f))
GET(int, getc_unlocked, (FILE * f), f, (getc_unlocked)(f))
GET(int, getchar_unlocked, (void), stdin, (getchar_unlocked)())
GET(int, __uflow, (FILE * f), f, __uflow(f))
GET(int, __underflow, (FILE * f), f, __underflow(f))
GET(wint_t, fgetwc, (FILE * f), f, fgetwc(f))
GET(wint_t, getwc, (FILE * f), f, getwc(f))
GET(wint_t, getwchar, (void), stdin, getwchar())
GET(wint_t, __wuflow, (FILE * f), f, __wuflow(f))
GET(wint_t, __wunderflow, (FILE * f), f, __wunderflow(f))

PUT(int, fputc, (int c, FILE *f), f, fputc(c, f))
PUT(int, putc, (int c, FILE *f), f, (putc)(c, f))
PUT(int, putchar, (int c), stdout, (putchar)(c))
PUT(int, fputc_unlocked, (int c, FILE *f), f, (fputc_unlocked)(c, f))
PUT(int, putc_unlocked, (int c, FILE *f), f, (putc_unlocked)(c, f))
PUT(int, putchar_unlocked, (int c), stdout, (putchar_unlocked)(c))
PUT(int, __overflow, (FILE * f, int c), f, __overflow(f, c))
PUT(wint_t, fputwc, (wchar_t c, FILE *f), f, fputwc(c, f))
PUT(wint_t, putwc, (wchar_t c, FILE *f), f, putwc(c, f))
PUT(wint_t, putwchar, (wchar_t c), stdout, putwchar(c))
PUT(wint_t, __woverflow, (FILE * f, wint_t c), f, __woverflow(f, c))

DT_INTERPOSE(wchar_t *, fgetws, (wchar_t * s, int n, FILE *f))
{
    DT_WAIT_BEGIN("read", f, false);
    wchar_t *got = fgetws(s, n, f);
    DT_WAIT_END();
    dt_stream_did_read(f);
    struct dt_task *t = got ? dt_enter_checked(DT_CALLER) : NULL;
    if (t)
        dt_writes(t, s, (wcslen(s) + 1) * sizeof *s, DT_CALLER);
    return got;
}

DT_INTERPOSE(int, fputws, (const wchar_t *s, FILE *f))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    if (t)
        dt_reads(t, s, (wcslen(s) + 1) * sizeof *s, DT_CALLER);
    dt_stream_will_write(f);
    DT_WAIT_BEGIN("write", f, false);
    int result = fputws(s, f);
    DT_WAIT_END();
    return result;
}

DT_INTERPOSE(void, perror, (const char *s))
{
    int saved = errno;
    struct dt_task *t = s ? dt_enter_checked(DT_CALLER) : NULL;
    if (t)
        dt_reads_string(t, s, DT_CALLER);
    dt_stream_will_write(stderr);
    errno = saved;
    perror(s);
}
