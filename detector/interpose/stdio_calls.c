/* SPDX-License-Identifier: MIT
 *
 * stdio without formats: the program's buffers and strings, and the streams' own lock, which
 * programs use as a lock of theirs (flockfile). What it does to its descriptor is in stream.h.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "core/sync.h"
#include "interpose/chk.h"
#include "interpose/fd_table.h"
#include "interpose/libc_access.h"
#include "interpose/stream.h"

static void wrote(void *p, size_t n, uintptr_t pc)
{
    int saved = errno;
    struct dt_task *t = dt_enter_checked(pc);
    if (t)
        dt_writes(t, p, n, pc);
    errno = saved;
}

static void wrote_string(char *s, uintptr_t pc)
{
    if (s)
        wrote(s, strlen(s) + 1, pc);
}

static void reads(const void *p, size_t n, uintptr_t pc)
{
    int saved = errno;
    struct dt_task *t = dt_enter_checked(pc);
    if (t)
        dt_reads(t, p, n, pc);
    errno = saved;
}

/* --- data --- */

#define FREAD(name)                                                                                \
    DT_INTERPOSE(size_t, name, (void *p, size_t unit, size_t n, FILE *f))                          \
    {                                                                                              \
        DT_WAIT_BEGIN("read", f, false);                                                           \
        size_t got = name(p, unit, n, f);                                                          \
        DT_WAIT_END();                                                                             \
        dt_stream_did_read(f);                                                                     \
        wrote(p, got *unit, DT_CALLER);                                                            \
        return got;                                                                                \
    }
#define FWRITE(name)                                                                               \
    DT_INTERPOSE(size_t, name, (const void *p, size_t unit, size_t n, FILE *f))                    \
    {                                                                                              \
        reads(p, unit *n, DT_CALLER);                                                              \
        dt_stream_will_write(f);                                                                   \
        DT_WAIT_BEGIN("write", f, false);                                                          \
        size_t done = name(p, unit, n, f);                                                         \
        DT_WAIT_END();                                                                             \
        return done;                                                                               \
    }
#define FGETS(name)                                                                                \
    DT_INTERPOSE(char *, name, (char *s, int n, FILE *f))                                          \
    {                                                                                              \
        DT_WAIT_BEGIN("read", f, false);                                                           \
        char *got = name(s, n, f);                                                                 \
        DT_WAIT_END();                                                                             \
        dt_stream_did_read(f);                                                                     \
        wrote_string(got, DT_CALLER);                                                              \
        return got;                                                                                \
    }
#define FPUTS(name)                                                                                \
    DT_INTERPOSE(int, name, (const char *s, FILE *f))                                              \
    {                                                                                              \
        reads(s, strlen(s) + 1, DT_CALLER);                                                        \
        dt_stream_will_write(f);                                                                   \
        DT_WAIT_BEGIN("write", f, false);                                                          \
        int result = name(s, f);                                                                   \
        DT_WAIT_END();                                                                             \
        return result;                                                                             \
    }

FREAD(fread)
FREAD(fread_unlocked)
FWRITE(fwrite)
FWRITE(fwrite_unlocked)
FGETS(fgets)
FGETS(fgets_unlocked)
FPUTS(fputs)
FPUTS(fputs_unlocked)

DT_INTERPOSE(size_t, __fread_chk, (void *p, size_t size, size_t unit, size_t n, FILE *f))
{
    DT_WAIT_BEGIN("read", f, false);
    size_t got = __fread_chk(p, size, unit, n, f);
    DT_WAIT_END();
    dt_stream_did_read(f);
    wrote(p, got * unit, DT_CALLER);
    return got;
}

DT_INTERPOSE(char *, __fgets_chk, (char *s, size_t size, int n, FILE *f))
{
    DT_WAIT_BEGIN("read", f, false);
    char *got = __fgets_chk(s, size, n, f);
    DT_WAIT_END();
    dt_stream_did_read(f);
    wrote_string(got, DT_CALLER);
    return got;
}

DT_INTERPOSE(int, puts, (const char *s))
{
    reads(s, strlen(s) + 1, DT_CALLER);
    dt_stream_will_write(stdout);
    DT_WAIT_BEGIN("write", stdout, false);
    int result = puts(s);
    DT_WAIT_END();
    return result;
}

/* --- flushing --- */

#define FLUSH(name)                                                                                \
    DT_INTERPOSE(int, name, (FILE * f))                                                            \
    {                                                                                              \
        dt_stream_will_write(f ? f : stdout);                                                      \
        DT_WAIT_BEGIN("write", f, false);                                                          \
        int err = name(f);                                                                         \
        DT_WAIT_END();                                                                             \
        return err;                                                                                \
    }

FLUSH(fflush)
FLUSH(fflush_unlocked)

/* --- lines: libc may allocate --- */

static void got_line(char **line, size_t *room, ssize_t n, uintptr_t pc)
{
    if (n < 0)
        return;
    wrote(line, sizeof *line, pc);
    wrote(room, sizeof *room, pc);
    wrote(*line, (size_t)n + 1, pc);
}

#define GETDELIM(name, params, call)                                                               \
    DT_INTERPOSE(ssize_t, name, params)                                                            \
    {                                                                                              \
        struct dt_task *t = dt_enter();                                                            \
        bool pushed = dt_caller_push(t, DT_CALLER);                                                \
        DT_WAIT_BEGIN("read", f, false);                                                           \
        ssize_t n = call;                                                                          \
        DT_WAIT_END();                                                                             \
        dt_stream_did_read(f);                                                                     \
        dt_caller_pop(t, pushed);                                                                  \
        got_line(line, room, n, DT_CALLER);                                                        \
        return n;                                                                                  \
    }

GETDELIM(getline, (char **line, size_t *room, FILE *f), getline(line, room, f))
GETDELIM(getdelim, (char **line, size_t *room, int d, FILE *f), getdelim(line, room, d, f))
GETDELIM(__getdelim, (char **line, size_t *room, int d, FILE *f), getdelim(line, room, d, f))

/* --- streams --- */

static FILE *opened(FILE *f)
{
    int saved = errno;
    if (f)
        dt_fd_fresh(fileno(f));
    errno = saved;
    return f;
}

#define FOPEN(name)                                                                                \
    DT_INTERPOSE(FILE *, name, (const char *path, const char *mode))                               \
    {                                                                                              \
        struct dt_task *t = dt_enter();                                                            \
        bool pushed = dt_caller_push(t, DT_CALLER);                                                \
        FILE *f = opened(name(path, mode));                                                        \
        dt_caller_pop(t, pushed);                                                                  \
        return f;                                                                                  \
    }

FOPEN(fopen)
FOPEN(fopen64)

DT_INTERPOSE(FILE *, fdopen, (int fd, const char *mode))
{
    struct dt_task *t = dt_enter();
    bool pushed = dt_caller_push(t, DT_CALLER);
    FILE *f = fdopen(fd, mode);
    dt_caller_pop(t, pushed);
    return f;
}

DT_INTERPOSE(int, fclose, (FILE * f))
{
    int saved = errno, fd = fileno(f);
    dt_stream_will_write(f);
    if (fd >= 0)
        dt_fd_closing(fd);
    errno = saved;
    struct dt_task *t = dt_enter();
    bool pushed = dt_caller_push(t, DT_CALLER);
    int err = fclose(f);
    dt_caller_pop(t, pushed);
    return err;
}

#define FREOPEN(name)                                                                              \
    DT_INTERPOSE(FILE *, name, (const char *path, const char *mode, FILE *f))                      \
    {                                                                                              \
        struct dt_task *t = dt_enter();                                                            \
        bool pushed = dt_caller_push(t, DT_CALLER);                                                \
        dt_stream_will_write(f);                                                                   \
        f = opened(name(path, mode, f));                                                           \
        dt_caller_pop(t, pushed);                                                                  \
        return f;                                                                                  \
    }

FREOPEN(freopen)
FREOPEN(freopen64)

#define TMPFILE(name)                                                                              \
    DT_INTERPOSE(FILE *, name, (void))                                                             \
    {                                                                                              \
        struct dt_task *t = dt_enter();                                                            \
        bool pushed = dt_caller_push(t, DT_CALLER);                                                \
        FILE *f = opened(name());                                                                  \
        dt_caller_pop(t, pushed);                                                                  \
        return f;                                                                                  \
    }

TMPFILE(tmpfile)
TMPFILE(tmpfile64)

DT_INTERPOSE(FILE *, popen, (const char *command, const char *mode))
{
    struct dt_task *t = dt_enter();
    bool pushed = dt_caller_push(t, DT_CALLER);
    FILE *f = opened(popen(command, mode));
    dt_caller_pop(t, pushed);
    return f;
}

DT_INTERPOSE(int, pclose, (FILE * f))
{
    int saved = errno, fd = fileno(f);
    if (fd >= 0)
        dt_fd_closing(fd);
    errno = saved;
    DT_WAIT_BEGIN("wait for child", NULL, false);
    int status = pclose(f);
    DT_WAIT_END();
    return status;
}

DT_INTERPOSE(void, flockfile, (FILE * f))
{
    DT_WAIT_BEGIN("stream lock", f, false);
    flockfile(f);
    DT_WAIT_END();
    struct dt_task *t = dt_enter();
    if (t)
        dt_acquire(t, f);
}

DT_INTERPOSE(int, ftrylockfile, (FILE * f))
{
    int err = ftrylockfile(f);
    struct dt_task *t = err ? NULL : dt_enter();
    if (t)
        dt_acquire(t, f);
    return err;
}

DT_INTERPOSE(void, funlockfile, (FILE * f))
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_release(t, f);
    funlockfile(f);
}
