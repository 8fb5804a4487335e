/* SPDX-License-Identifier: MIT
 *
 * Functions of libc that keep something of their own between calls and are not made for threads.
 * What they keep is stood for by a byte here, so that two threads that call them without order are
 * told; what they hand out is written where it lies.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "interpose/libc_access.h"

#define CHECKED struct dt_task *t = dt_enter_checked(DT_CALLER)

/* Exported to nobody, but with names that reports show. */
static char strtok_state, environment_state;

static void touches(struct dt_task *t, char *state, uintptr_t pc)
{
    if (t)
        dt_writes(t, state, 1, pc);
}

/* strtok_r's accesses are strtok's; the state is shared by all threads. */
DT_INTERPOSE(char *, strtok, (char *restrict s, const char *restrict ends))
{
    CHECKED;
    touches(t, &strtok_state, DT_CALLER);
    if (t)
        dt_reads_string(t, ends, DT_CALLER);
    if (t && s)
        dt_reads_string(t, s, DT_CALLER);
    char *word = strtok(s, ends);
    if (t && word)
        dt_writes(t, word, strlen(word) + 1, DT_CALLER);
    return word;
}

/* --- times: a buffer for all threads --- */

DT_INTERPOSE(struct tm *, localtime, (const time_t *at))
{
    CHECKED;
    if (t)
        dt_reads(t, at, sizeof *at, DT_CALLER);
    struct tm *tm = localtime(at);
    if (t && tm)
        dt_writes(t, tm, sizeof *tm, DT_CALLER);
    return tm;
}

DT_INTERPOSE(struct tm *, gmtime, (const time_t *at))
{
    CHECKED;
    if (t)
        dt_reads(t, at, sizeof *at, DT_CALLER);
    struct tm *tm = gmtime(at);
    if (t && tm)
        dt_writes(t, tm, sizeof *tm, DT_CALLER);
    return tm;
}

DT_INTERPOSE(char *, asctime, (const struct tm *tm))
{
    CHECKED;
    if (t)
        dt_reads(t, tm, sizeof *tm, DT_CALLER);
    char *text = asctime(tm);
    if (t && text)
        dt_writes(t, text, strlen(text) + 1, DT_CALLER);
    return text;
}

DT_INTERPOSE(char *, ctime, (const time_t *at))
{
    CHECKED;
    if (t)
        dt_reads(t, at, sizeof *at, DT_CALLER);
    char *text = ctime(at);
    if (t && text)
        dt_writes(t, text, strlen(text) + 1, DT_CALLER);
    return text;
}

DT_INTERPOSE(struct tm *, localtime_r, (const time_t *restrict at, struct tm *restrict tm))
{
    CHECKED;
    struct tm *done = localtime_r(at, tm);
    if (t) {
        dt_reads(t, at, sizeof *at, DT_CALLER);
        dt_writes(t, done, done ? sizeof *done : 0, DT_CALLER);
    }
    return done;
}

DT_INTERPOSE(struct tm *, gmtime_r, (const time_t *restrict at, struct tm *restrict tm))
{
    CHECKED;
    struct tm *done = gmtime_r(at, tm);
    if (t) {
        dt_reads(t, at, sizeof *at, DT_CALLER);
        dt_writes(t, done, done ? sizeof *done : 0, DT_CALLER);
    }
    return done;
}

DT_INTERPOSE(char *, asctime_r, (const struct tm *restrict tm, char *restrict text))
{
    CHECKED;
    char *done = asctime_r(tm, text);
    if (t) {
        dt_reads(t, tm, sizeof *tm, DT_CALLER);
        dt_writes(t, done, done ? strlen(done) + 1 : 0, DT_CALLER);
    }
    return done;
}

DT_INTERPOSE(char *, ctime_r, (const time_t *restrict at, char *restrict text))
{
    CHECKED;
    char *done = ctime_r(at, text);
    if (t) {
        dt_reads(t, at, sizeof *at, DT_CALLER);
        dt_writes(t, done, done ? strlen(done) + 1 : 0, DT_CALLER);
    }
    return done;
}

DT_INTERPOSE(time_t, mktime, (struct tm * tm))
{
    CHECKED;
    time_t at = mktime(tm);
    if (t)
        dt_writes(t, tm, sizeof *tm, DT_CALLER);
    return at;
}

DT_INTERPOSE(size_t, strftime,
    (char *restrict s, size_t size, const char *restrict format, const struct tm *restrict tm))
{
    CHECKED;
    size_t n = strftime(s, size, format, tm);
    if (t) {
        dt_reads_string(t, format, DT_CALLER);
        dt_reads(t, tm, sizeof *tm, DT_CALLER);
        dt_writes(t, s, n ? n + 1 : 0, DT_CALLER);
    }
    return n;
}

/* --- the environment: reading it is no access that others could not make, changing it is --- */

DT_INTERPOSE(char *, getenv, (const char *name))
{
    CHECKED;
    if (t) {
        dt_reads_string(t, name, DT_CALLER);
        dt_reads(t, &environment_state, 1, DT_CALLER);
    }
    return getenv(name);
}

DT_INTERPOSE(char *, secure_getenv, (const char *name))
{
    CHECKED;
    if (t) {
        dt_reads_string(t, name, DT_CALLER);
        dt_reads(t, &environment_state, 1, DT_CALLER);
    }
    return secure_getenv(name);
}

DT_INTERPOSE(int, setenv, (const char *name, const char *value, int replace))
{
    CHECKED;
    touches(t, &environment_state, DT_CALLER);
    if (t) {
        dt_reads_string(t, name, DT_CALLER);
        dt_reads_string(t, value, DT_CALLER);
    }
    return setenv(name, value, replace);
}

DT_INTERPOSE(int, unsetenv, (const char *name))
{
    CHECKED;
    touches(t, &environment_state, DT_CALLER);
    return unsetenv(name);
}

DT_INTERPOSE(int, putenv, (char *entry))
{
    CHECKED;
    touches(t, &environment_state, DT_CALLER);
    return putenv(entry);
}

DT_INTERPOSE(int, clearenv, (void))
{
    CHECKED;
    touches(t, &environment_state, DT_CALLER);
    return clearenv();
}
