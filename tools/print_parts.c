/* SPDX-License-Identifier: MIT
 *
 * See print_parts.h.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "print_parts.h"
#include "util.h"

enum { WIDTH = 100, MAX_COLUMN = 32, MIN_SOURCE = 30 };

const char *short_path(const char *path)
{
    static char cwd[PATH_MAX];
    static size_t n;
    if (!cwd[0] && getcwd(cwd, sizeof cwd))
        n = strlen(cwd);
    if (n > 1 && strncmp(path, cwd, n) == 0 && path[n] == '/')
        return path + n + 1;
    return path;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static char *place_of(const struct frame *f)
{
    if (f->file && f->line)
        return xprintf("%s:%d", short_path(f->file), f->line);
    if (f->file)
        return xstrdup(short_path(f->file));
    if (f->module)
        return xprintf("%s+0x%llx", base_name(f->module), (unsigned long long)f->offset);
    return xprintf("0x%llx", (unsigned long long)f->offset);
}

/* libc's way into main and into a thread. Without libc's debug symbols some of it has no name. */
static bool is_start_code(const struct frame *f)
{
    static const char *const names[] = {"__libc_start", "start_thread", "clone", "__clone"};
    if (f->function && strcmp(f->function, "_start") == 0)
        return true;
    if (!f->module || strncmp(base_name(f->module), "libc.so", 7) != 0)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (f->function && strncmp(f->function, names[i], strlen(names[i])) == 0)
            return true;
    return !f->function;
}

/* What lies below the entry of the program or of a thread says nothing. */
size_t frames_shown(const struct stack *s)
{
    size_t n = s->nframes;
    while (n > 1 && is_start_code(&s->frames[n - 1]))
        n--;
    return n;
}

static bool follows_operator(const char *start, const char *at)
{
    while (at > start && (at[-1] == '<' || at[-1] == '>' || at[-1] == ' '))
        at--;
    return at - start >= 8 && strncmp(at - 8, "operator", 8) == 0;
}

/* A C++ name without the arguments of templates and of the function itself. Freed by the caller. */
static char *short_function(const char *name)
{
    static const char anonymous[] = "(anonymous namespace)";
    if (!name)
        return xstrdup("?");
    char *out = xcalloc(strlen(name) + 1, 1), *end = out;
    int depth = 0;
    for (const char *p = name; *p; p++) {
        bool is_operator = (*p == '<' || *p == '>') && !depth && follows_operator(name, p) &&
                           p[1] != '>' && !(p[-1] == ' ');
        if (*p == '<' && !is_operator) {
            depth++;
        } else if (*p == '>' && depth) {
            depth--;
        } else if (!depth && *p == '(' && strncmp(p, anonymous, sizeof anonymous - 1) != 0 &&
                   !follows_operator(name, p)) {
            break;
        } else if (!depth) {
            *end++ = *p;
        }
    }
    if (end == out) {
        free(out);
        return xstrdup(name);
    }
    return out;
}

static size_t widest(const struct stack *s, size_t frames, bool functions)
{
    size_t most = 0;
    for (size_t i = 0; i < frames; i++) {
        const struct frame *f = &s->frames[i];
        char *text = functions ? short_function(f->function) : place_of(f);
        size_t n = strlen(text);
        free(text);
        if (n > most && n <= MAX_COLUMN)
            most = n;
    }
    return most;
}

/* At most `columns`, not cut inside a UTF-8 sequence. */
static int cut(const char *text, int columns)
{
    int n = 0, shown = 0;
    while (text[n] && shown < columns) {
        shown++;
        n++;
        while (((unsigned char)text[n] & 0xc0) == 0x80)
            n++;
    }
    return n;
}

/* The text of the line after the place, or below it where there is no room. */
static void print_source(FILE *f, const char *text, int used, int place, int places, int indent)
{
    int width = (int)strlen(text), column = used + (place < places ? places : place) + 2;
    if (column + (width < MIN_SOURCE ? width : MIN_SOURCE) <= WIDTH) {
        fprintf(f, "%*s%.*s\n", column - used - place, "", cut(text, WIDTH - column), text);
        return;
    }
    fprintf(f, "\n%*s%.*s\n", indent + 4, "", cut(text, WIDTH - indent - 4), text);
}

void print_frames(FILE *f, const struct stack *s, int indent, size_t most)
{
    size_t shown = frames_shown(s);
    if (most && shown > most)
        shown = most;
    int functions = (int)widest(s, shown, true), places = (int)widest(s, shown, false);
    if (!shown)
        fprintf(f, "%*sno stack\n", indent, "");
    for (size_t i = 0; i < shown; i++) {
        const struct frame *r = &s->frames[i];
        char *place = place_of(r), *function = short_function(r->function);
        const char *text = source_line(r->file, r->line);
        int used = fprintf(f, "%*s%-*s  ", indent, "", functions, function);
        fputs(place, f);
        if (text && *text)
            print_source(f, text, used, (int)strlen(place), places, indent);
        else
            fputc('\n', f);
        free(function);
        free(place);
    }
}

void print_duration(FILE *f, int64_t ns)
{
    static const struct {
        double unit;
        const char *name;
    } units[] = {
        {86400e9, "d"}, {3600e9, "h"}, {60e9, "min"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "us"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if ((double)ns >= units[i].unit) {
            fprintf(f, "%.*f %s", (double)ns < 10 * units[i].unit, (double)ns / units[i].unit,
                units[i].name);
            return;
        }
    }
    fprintf(f, "%lld ns", (long long)ns);
}
