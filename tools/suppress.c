/* SPDX-License-Identifier: MIT
 *
 * See suppress.h. A rule is KIND:PATTERN. The kinds are those of the compilers' race runtime, with
 * its meaning, and the record's own; the latter may say what is to match: KIND:WHERE=PATTERN.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suppress.h"
#include "util.h"

enum match {
    ANY,         /* every finding */
    KIND,        /* the record's kind is `kinds` */
    LEAK,        /* the kind ends in -leak */
    RACE,        /* any frame of a race, or its object */
    RACE_TOP,    /* the innermost frame of an access */
    LIB,         /* the module of the innermost frame */
    MUTEX,       /* misuse of a lock */
    SIGNAL,      /* what a signal handler does */
    DEADLOCK,    /* has happened, or can */
    FINGERPRINT, /* the finding's */
};

static const struct {
    const char *name;
    enum match match;
} kinds[] = {
    {"race", RACE},
    {"race_top", RACE_TOP},
    {"called_from_lib", LIB},
    {"thread", KIND},
    {"mutex", MUTEX},
    {"signal", SIGNAL},
    {"deadlock", DEADLOCK},
    {"data-race", KIND},
    {"goroutine-leak", KIND},
    {"thread-leak", KIND},
    {"lock-order", KIND},
    {"lock-abandoned", KIND},
    {"lock-across-park", KIND},
    {"misuse", KIND},
    {"context-leak", KIND},
    {"timer-leak", KIND},
    {"channel-leak", KIND},
    {"leak", LEAK},
    {"fingerprint", FINGERPRINT},
    {"any", ANY},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* --- patterns --- */

/* '*' is anything, the rest is itself. */
static bool is_like(const char *glob, const char *text)
{
    const char *star = NULL, *again = NULL;
    while (*text) {
        if (*glob == '*') {
            star = ++glob;
            again = text;
        } else if (*glob == *text) {
            glob++;
            text++;
        } else if (star) {
            glob = star;
            text = ++again;
        } else {
            return false;
        }
    }
    return glob[strspn(glob, "*")] == 0;
}

/* Without '^' it may be anywhere in the text, without '$' the text may go on. */
static char *glob_of(const char *pattern)
{
    bool begin = *pattern == '^';
    size_t n = strlen(pattern += begin);
    bool end = n && pattern[n - 1] == '$';
    return xprintf("%s%.*s%s", begin ? "" : "*", (int)(n - end), pattern, end ? "" : "*");
}

static bool is_match(const struct suppression *s, const char *text)
{
    return text && *text && is_like(s->glob, text);
}

/* --- reading --- */

static const char *const wheres[] = {"function", "file", "module", "object", "task"};

/* The text after the kind: "function=foo" or "foo". */
static const char *split_where(struct suppression *s, const char *rest)
{
    for (size_t i = 0; i < sizeof wheres / sizeof *wheres; i++) {
        size_t n = strlen(wheres[i]);
        if (strncmp(rest, wheres[i], n) == 0 && rest[n] == '=') {
            s->where = wheres[i];
            return rest + n + 1;
        }
    }
    return rest;
}

static char *parse_line(struct suppressions *s, const char *origin, int number, char *text)
{
    char *colon = strchr(text, ':');
    struct suppression r = {.origin = origin, .line = number, .text = xstrdup(text)};
    if (!colon)
        return xprintf("%s:%d: not KIND:PATTERN: '%s'", origin, number, text);
    *colon = 0;
    while (r.kind < N_KINDS && strcmp(kinds[r.kind].name, text) != 0)
        r.kind++;
    if (r.kind == N_KINDS)
        return xprintf("%s:%d: unknown kind '%s'", origin, number, text);
    const char *pattern = split_where(&r, colon + 1);
    if (!*pattern)
        return xprintf("%s:%d: no pattern after '%s:'", origin, number, text);
    r.glob = glob_of(pattern);
    s->at = grow(s->at, s->n, &s->cap, sizeof *s->at);
    s->at[s->n++] = r;
    return NULL;
}

char *suppressions_parse(struct suppressions *s, const char *origin, const char *text)
{
    origin = xstrdup(origin);
    for (int number = 1; *text; number++) {
        size_t n = strcspn(text, "\n");
        char *line = xprintf("%.*s", (int)n, text), *start = line;
        while (n && isspace((unsigned char)line[n - 1]))
            line[--n] = 0;
        start += strspn(line, " \t");
        char *wrong = *start && *start != '#' ? parse_line(s, origin, number, start) : NULL;
        if (wrong)
            return wrong;
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return NULL;
}

char *suppressions_read(struct suppressions *s, const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;
    errno = 0;
    if (!f || (getdelim(&text, &size, 0, f) < 0 && ferror(f)))
        return xprintf("cannot read the suppressions '%s': %s", path, strerror(errno));
    fclose(f);
    char *wrong = text ? suppressions_parse(s, path, text) : NULL;
    free(text);
    return wrong;
}

/* --- matching --- */

static bool where_is(const struct suppression *s, const char *where)
{
    return !s->where || strcmp(s->where, where) == 0;
}

/* The compilers' runtime has a frame for libc's function. */
static bool matches_callee(const struct suppression *s, const struct frame *f)
{
    return where_is(s, "function") && is_match(s, f->calls);
}

static bool matches_frame(const struct suppression *s, const struct frame *f)
{
    return matches_callee(s, f) || (where_is(s, "function") && is_match(s, f->function)) ||
           (where_is(s, "file") && is_match(s, f->file)) ||
           (where_is(s, "module") && is_match(s, f->module));
}

static bool matches_stacks(const struct suppression *s, const struct finding *f)
{
    for (size_t i = 0; i < f->nstacks; i++) {
        const struct stack *k = &f->stacks[i];
        for (size_t n = 0; n < k->nframes; n++)
            if (matches_frame(s, &k->frames[n]))
                return true;
        if (s->where && strcmp(s->where, "task") == 0 &&
            (is_match(s, k->task) || is_match(s, k->name)))
            return true;
    }
    return where_is(s, "object") && is_match(s, f->object.name);
}

static bool matches_top(const struct suppression *s, const struct finding *f)
{
    for (size_t i = 0; i < f->nstacks && i < 2; i++) {
        const struct frame *top = f->stacks[i].nframes ? &f->stacks[i].frames[0] : NULL;
        if (top && (top->calls ? matches_callee(s, top) : matches_frame(s, top)))
            return true;
    }
    return false;
}

static bool matches_lib(const struct suppression *s, const struct finding *f)
{
    for (size_t i = 0; i < f->nstacks && i < 2; i++)
        if (f->stacks[i].nframes && is_match(s, f->stacks[i].frames[0].module))
            return true;
    return false;
}

static bool is_lock(const char *object)
{
    static const char *const words[] = {"mutex", "lock"};
    for (size_t i = 0; i < 2; i++)
        if (object && strstr(object, words[i]))
            return true;
    return false;
}

static bool ends_in_leak(const char *kind)
{
    size_t n = strlen(kind);
    return n > 5 && strcmp(kind + n - 5, "-leak") == 0;
}

static bool matches(const struct suppression *s, const struct finding *f)
{
    bool race = strcmp(f->kind, "data-race") == 0;
    switch (kinds[s->kind].match) {
    case ANY:
        return matches_stacks(s, f);
    case KIND: {
        const char *name = kinds[s->kind].name;
        return strcmp(f->kind, strcmp(name, "thread") == 0 ? "thread-leak" : name) == 0 &&
               matches_stacks(s, f);
    }
    case LEAK:
        return ends_in_leak(f->kind) && matches_stacks(s, f);
    case RACE:
        return race && matches_stacks(s, f);
    case RACE_TOP:
        return race && matches_top(s, f);
    case LIB:
        return race && matches_lib(s, f);
    case MUTEX:
        return ((strcmp(f->kind, "misuse") == 0 && is_lock(f->object.kind)) ||
                   strcmp(f->kind, "lock-abandoned") == 0) &&
               matches_stacks(s, f);
    case SIGNAL:
        return strstr(f->rule, "signal") && matches_stacks(s, f);
    case DEADLOCK:
        return (strcmp(f->kind, "deadlock") == 0 || strcmp(f->kind, "lock-order") == 0) &&
               matches_stacks(s, f);
    case FINGERPRINT:
        return is_match(s, f->fingerprint);
    }
    return false;
}

static struct suppression *rule_for(struct suppressions *s, const struct finding *f)
{
    for (size_t i = 0; i < s->n; i++)
        if (matches(&s->at[i], f))
            return &s->at[i];
    return NULL;
}

void suppressions_apply(struct suppressions *s, struct process *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->nfindings; i++) {
        struct suppression *r = rule_for(s, &p->findings[i]);
        if (r) {
            r->used++;
            p->suppressed++;
            p->asked_is_hidden |= p->asked && p->findings[i].number == p->asked;
        } else {
            p->findings[kept++] = p->findings[i];
        }
    }
    p->nfindings = kept;
}

/* --- telling --- */

void suppressions_tell(FILE *f, const struct suppressions *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct suppression *r = &s->at[i];
        if (r->used)
            fprintf(f, "gorc: %llu finding%s suppressed by %s:%d %s\n", (unsigned long long)r->used,
                r->used == 1 ? "" : "s", r->origin, r->line, r->text);
        else
            fprintf(f, "gorc: suppression not used: %s:%d %s\n", r->origin, r->line, r->text);
    }
}
