/* SPDX-License-Identifier: MIT
 *
 * Lines of source files, each file read once.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model.h"
#include "util.h"

enum { MAX_FILE = 64 << 20 };

struct source {
    char *path;
    char **lines; /* trimmed */
    size_t n;
};

static struct source *sources;
static size_t nsources, cap_sources;

static char *trim(char *s, size_t n)
{
    while (n && isspace((unsigned char)*s)) {
        s++;
        n--;
    }
    while (n && isspace((unsigned char)s[n - 1]))
        n--;
    s[n] = 0;
    return s;
}

static void load(struct source *s)
{
    struct stat st;
    FILE *f = stat(s->path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MAX_FILE
                  ? fopen(s->path, "re")
                  : NULL;
    char *line = NULL;
    size_t size = 0, cap = 0;
    ssize_t n;
    while (f && (n = getline(&line, &size, f)) >= 0) {
        s->lines = grow(s->lines, s->n, &cap, sizeof *s->lines);
        s->lines[s->n++] = xstrdup(trim(line, (size_t)n));
    }
    free(line);
    if (f)
        fclose(f);
}

const char *source_line(const char *file, int line)
{
    if (!file || line <= 0)
        return NULL;
    struct source *s = NULL;
    for (size_t i = 0; i < nsources && !s; i++)
        if (strcmp(sources[i].path, file) == 0)
            s = &sources[i];
    if (!s) {
        sources = grow(sources, nsources, &cap_sources, sizeof *sources);
        s = &sources[nsources++];
        *s = (struct source){.path = xstrdup(file)};
        load(s);
    }
    return (size_t)line <= s->n ? s->lines[line - 1] : NULL;
}
