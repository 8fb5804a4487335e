/* SPDX-License-Identifier: MIT
 *
 * See util.h.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

static void *checked(void *p)
{
    if (!p)
        die(STATUS_FAILED, "out of memory");
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    return checked(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n, size_t size)
{
    return checked(reallocarray(p, n ? n : 1, size));
}

char *xstrdup(const char *s)
{
    return s ? checked(strdup(s)) : NULL;
}

struct shared {
    struct shared *next;
    char text[];
};

char *shared_string(const char *s)
{
    enum { BUCKETS = 1 << 14 };
    static struct shared *table[BUCKETS];
    if (!s)
        return NULL;
    uint64_t h = 0xcbf29ce484222325u;
    for (const char *p = s; *p; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    struct shared **bucket = &table[(h ^ h >> 29) % BUCKETS], *e = *bucket;
    while (e && strcmp(e->text, s) != 0)
        e = e->next;
    if (e)
        return e->text;
    size_t size = strlen(s) + 1;
    e = xcalloc(1, sizeof *e + size);
    memcpy(e->text, s, size);
    e->next = *bucket;
    *bucket = e;
    return e->text;
}

char *xprintf(const char *format, ...)
{
    char *s = NULL;
    va_list ap;
    va_start(ap, format);
    if (vasprintf(&s, format, ap) < 0)
        s = NULL;
    va_end(ap);
    return checked(s);
}

void *grow(void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 8;
    return xrealloc(items, *cap, size);
}

static void vsay(const char *format, va_list ap)
{
    fflush(stdout);
    fputs("gorc: ", stderr);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
}

void say(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsay(format, ap);
    va_end(ap);
}

void die(int status, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsay(format, ap);
    va_end(ap);
    exit(status);
}

void strings_add(struct strings *s, const char *text)
{
    s->at = grow(s->at, s->n + 1, &s->cap, sizeof *s->at);
    s->at[s->n++] = xstrdup(text);
    s->at[s->n] = NULL;
}

void strings_split(struct strings *s, const char *text)
{
    while (*text) {
        while (isspace((unsigned char)*text))
            text++;
        size_t n = strcspn(text, " \t\n");
        if (!n)
            break;
        char *word = xprintf("%.*s", (int)n, text);
        strings_add(s, word);
        free(word);
        text += n;
    }
}

bool parse_duration(const char *text, int64_t *ret_ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"m", 60e9},
        {"min", 60e9}, {"h", 3600e9}};
    char *end;
    if (!isdigit((unsigned char)*text) && *text != '.')
        return false;
    double v = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].name) != 0)
            continue;
        v *= units[i].ns;
        *ret_ns = (int64_t)v;
        return v >= 1 && v < 9e18;
    }
    return false;
}

int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

const char *command_directory(void)
{
    static char dir[PATH_MAX];
    if (dir[0])
        return dir;
    ssize_t n = readlink("/proc/self/exe", dir, sizeof dir - 1);
    dir[n > 0 ? n : 0] = 0;
    /* Without /proc, what the command was started as. */
    if (n <= 0 && !realpath((const char *)getauxval(AT_EXECFN), dir))
        die(STATUS_FAILED, "cannot find the command's own directory: %s", strerror(errno));
    *strrchr(dir, '/') = 0;
    return dir;
}

static char *first_there(const char *const *places, size_t n, const char *file)
{
    for (size_t i = 0; i < n; i++) {
        char *path = xprintf("%s/%s/%s", command_directory(), places[i], file);
        char *real = realpath(path, NULL);
        free(path);
        if (real)
            return real;
    }
    return NULL;
}

const char *race_library(void)
{
    static const char *const places[] = {"../lib", "../lib/x86_64-linux-gnu", "."};
    static char *found;
    if (!found)
        found = first_there(places, 3, "libgorc_race.so.0");
    /* The name that the loader knows it by, not what a link points to. */
    return found;
}

const char *runtime_directory(const char *name)
{
    static char *found;
    const char *library = race_library();
    if (!found && library)
        found = xprintf("%.*s/gorc", (int)(strrchr(library, '/') - library), library);
    char *path = found ? xprintf("%s/%s", found, name ? name : "") : NULL;
    bool there = path && access(path, F_OK) == 0;
    free(path);
    return there ? found : NULL;
}

/* Installed: PREFIX/include. In the build tree the source tree's folder is known at compile time
 * of the command only, so the tree is searched upwards. */
const char *include_directory(void)
{
    static const char *const places[] = {
        "../include", "../../include", "../../../include", "../../../../include"};
    static char *found;
    if (!found) {
        char *header = first_there(places, 4, "gorc/go.h");
        if (header)
            found = xprintf("%.*s", (int)(strlen(header) - strlen("/gorc/go.h")), header);
        free(header);
    }
    return found;
}
