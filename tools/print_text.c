/* SPDX-License-Identifier: MIT
 *
 * Findings as text: what, which object, who did what where, and what to do. At most WIDTH columns
 * where the names allow it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advice.h"
#include "model.h"
#include "print_parts.h"
#include "util.h"

enum { WIDTH = 100, NOTE_INDENT = 9, RULE_WIDTH = 92, LOCK_FRAMES = 3, SYNC_FRAMES = 2 };

/* --- the first line --- */

static void print_rule(FILE *f, int n)
{
    for (; n > 0; n--)
        fputc('=', f);
}

static void print_head(FILE *f, const struct finding *d, const struct text_options *o)
{
    int used = 3 + 6 + (int)strlen(d->words) + 1 + 1 + (int)strlen(d->certainty) + 4 +
               (int)strlen(d->fingerprint) + 3;
    fprintf(f, "%s== gorc: %s ", o->colour ? "\033[1;31m" : "", d->words);
    print_rule(f, used < RULE_WIDTH - 2 ? RULE_WIDTH - used : 2);
    fprintf(f, " %s == %s ==%s\n", d->certainty, d->fingerprint, o->colour ? "\033[0m" : "");
}

/* --- what it is about --- */

static void print_size(FILE *f, uint64_t size)
{
    if (size)
        fprintf(f, ", %llu byte%s", (unsigned long long)size, size == 1 ? "" : "s");
}

/* Of a heap block. */
static void print_member(FILE *f, const struct object *b)
{
    const char *of = *b->member == '[' ? "an array of " : "a ";
    if (*b->member)
        fprintf(f, "; '%s' of %s'%s'", b->member, of, b->type);
    else
        fprintf(f, "; a '%s'", b->type);
}

static void print_object(FILE *f, const struct object *b)
{
    if (b->name && strcmp(b->kind, "global") == 0)
        fprintf(f, "'%s' (global", b->name);
    else if (b->variable && b->task)
        fprintf(f, "'%s' (%s of %s", b->name, b->kind, b->task);
    else if (b->name)
        fprintf(f, "%s '%s' (0x%llx", b->kind, b->name, (unsigned long long)b->addr);
    else
        fprintf(f, "%s (0x%llx", b->kind, (unsigned long long)b->addr);
    print_size(f, b->size);
    if (b->type && b->member)
        print_member(f, b);
    if (b->file)
        fprintf(f, ", %s:%d", short_path(b->file), b->line);
    fputc(')', f);
}

static void print_task(FILE *f, const struct stack *s)
{
    fputs(s->task ? s->task : "an unknown thread", f);
    if (s->name && (!s->task || strcmp(s->task, s->name) != 0))
        fprintf(f, " \"%s\"", s->name);
}

static const char *past_of(const char *role)
{
    if (strcmp(role, "free") == 0)
        return "was freed by";
    return strstr(role, "write") ? "was written by" : "was read by";
}

static const char *present_of(const char *role)
{
    if (strcmp(role, "free") == 0)
        return "freed";
    return strstr(role, "write") ? "written" : "read";
}

static void print_race_sentence(FILE *f, const struct finding *d)
{
    const struct stack *now = &d->stacks[0], *earlier = &d->stacks[1];
    if (d->object.kind)
        print_object(f, &d->object);
    else
        fputs("memory", f);
    fprintf(f, "\n  is %s by ", present_of(now->role));
    print_task(f, now);
    fprintf(f, " and %s ", past_of(earlier->role));
    print_task(f, earlier);
    fputs(",\n  with nothing that orders the two.\n", f);
}

/* The message says which object it is. */
static bool is_named_already(const struct finding *d)
{
    char address[24];
    snprintf(address, sizeof address, "0x%llx", (unsigned long long)d->object.addr);
    return d->message && strstr(d->message, address) && !d->object.file;
}

static void print_sentence(FILE *f, const struct finding *d)
{
    if (strcmp(d->kind, "data-race") == 0 && d->nstacks >= 2) {
        print_race_sentence(f, d);
        return;
    }
    if (d->message && strcmp(d->message, d->words) != 0)
        fprintf(f, "%s\n", d->message);
    if (d->object.kind && d->object.addr && !is_named_already(d)) {
        fputs("  ", f);
        print_object(f, &d->object);
        fputc('\n', f);
    }
}

/* --- stacks --- */

static bool is_creation(const struct stack *s)
{
    return strcmp(s->role, "created by") == 0;
}

static void print_access(FILE *f, const struct stack *s)
{
    if (s->size)
        fprintf(f, " of %llu byte%s at 0x%llx", (unsigned long long)s->size,
            s->size == 1 ? "" : "s", (unsigned long long)s->addr);
}

static void print_lock(FILE *f, const struct lock *l)
{
    if (l->name)
        fprintf(f, "'%s'", l->name);
    else
        fprintf(f, "lock 0x%llx", (unsigned long long)l->addr);
    fputs(l->shared ? " (shared)" : "", f);
}

static void print_held(FILE *f, const struct stack *s)
{
    if (!s->knows_locks)
        return;
    fputs(s->nlocks ? "  holding " : "  holding no lock", f);
    for (size_t i = 0; i < s->nlocks; i++) {
        fputs(i ? ", " : "", f);
        print_lock(f, &s->locks[i]);
    }
    if (s->held > s->nlocks)
        fprintf(f, " and %llu more", (unsigned long long)(s->held - s->nlocks));
}

/* Where each was taken, under the stack. */
static void print_locks(FILE *f, const struct stack *s)
{
    for (size_t i = 0; i < s->nlocks; i++) {
        const struct lock *l = &s->locks[i];
        fputs("     ", f);
        print_lock(f, l);
        if (l->name)
            fprintf(f, " (0x%llx)", (unsigned long long)l->addr);
        fputs(" taken at\n", f);
        print_frames(f, l->where, 7, LOCK_FRAMES);
    }
}

/* A select's channels make it long: then it goes on below after a comma. */
static void print_note(FILE *f, const struct stack *s)
{
    size_t column = strlen(" (1)   ") + strlen(s->role) + (s->task ? strlen(s->task) + 2 : 0);
    fputs("  ", f);
    for (const char *part = s->note; *part;) {
        size_t n = strcspn(part, ",");
        n += part[n] == ',';
        if (part != s->note && column + n > WIDTH) {
            fprintf(f, "\n%*s", NOTE_INDENT, "");
            column = NOTE_INDENT;
            part += *part == ' ';
            n = strcspn(part, ",");
            n += part[n] == ',';
        }
        fprintf(f, "%.*s", (int)n, part);
        column += n;
        part += n;
    }
}

static void print_stack_head(FILE *f, int number, const struct finding *d, const struct stack *s,
    const struct text_options *o)
{
    fprintf(f, "\n %s(%d) %s%s", o->colour ? "\033[1m" : "", number, s->role,
        o->colour ? "\033[0m" : "");
    print_access(f, s);
    if (s->task) {
        fputs("  ", f);
        print_task(f, s);
    }
    if (s->note && !(d->message && strstr(d->message, s->note)))
        print_note(f, s);
    print_held(f, s);
    fputc('\n', f);
}

/* Where the task of a stack was made: the nearest place in one line, then the stack around it. */
static void print_creations(FILE *f, const struct finding *d, const char *task, bool *shown)
{
    for (size_t i = 0; i < d->nstacks && task; i++) {
        const struct stack *s = &d->stacks[i];
        if (!is_creation(s) || shown[i] || !s->of || strcmp(s->of, task) != 0)
            continue;
        shown[i] = true;
        fprintf(f, "     %s created by ", s->of);
        print_task(f, s);
        fputs(" at\n", f);
        print_frames(f, s, 7, 0);
        task = s->task;
        i = (size_t)-1;
    }
}

static void print_other_creations(FILE *f, const struct finding *d, bool *shown)
{
    for (size_t i = 0; i < d->nstacks; i++) {
        const struct stack *s = &d->stacks[i];
        if (!is_creation(s) || shown[i])
            continue;
        shown[i] = true;
        fprintf(f, "\n     %s created by ", s->of ? s->of : "it was");
        print_task(f, s);
        fputs(" at\n", f);
        print_frames(f, s, 7, 0);
    }
}

static void print_stacks(FILE *f, const struct finding *d, const struct text_options *o)
{
    bool *shown = xcalloc(d->nstacks, sizeof *shown);
    int number = 0;
    for (size_t i = 0; i < d->nstacks; i++) {
        const struct stack *s = &d->stacks[i];
        if (is_creation(s))
            continue;
        print_stack_head(f, ++number, d, s, o);
        print_frames(f, s, 7, 0);
        print_locks(f, s);
        print_creations(f, d, s->task, shown);
    }
    print_other_creations(f, d, shown);
    if (d->left_out)
        fprintf(f, "\n and %llu more stacks\n", (unsigned long long)d->left_out);
    free(shown);
}

/* --- all --- */

static void print_counts(FILE *f, const struct finding *d)
{
    if (d->variants > 1)
        fprintf(f, " Seen    %llu times, with %llu different stacks; this is the first\n",
            (unsigned long long)d->count, (unsigned long long)d->variants);
    else if (d->count > 1)
        fprintf(f, " Seen    %llu times\n", (unsigned long long)d->count);
}

/* Why nothing orders the two accesses of a race. */
static void print_why(FILE *f, const struct finding *d)
{
    if (strcmp(d->kind, "data-race") != 0 || d->behind < 0 || d->nstacks < 2 ||
        !d->stacks[0].task || !d->stacks[1].task)
        return;
    const char *now = d->stacks[0].task, *earlier = d->stacks[1].task;
    bool ended = false;
    for (size_t i = 0; i < d->nstacks; i++)
        ended |= is_creation(&d->stacks[i]) && d->stacks[i].of && d->stacks[i].ended &&
                 strcmp(d->stacks[i].of, earlier) == 0;
    if (d->behind == 0)
        fprintf(f,
            " Why     nothing leads from %s to %s: of what %s released since it was started "
            "(unlock,\n"
            "         send, close, atomic store ...) %s has acquired nothing, not through others "
            "either\n",
            earlier, now, earlier, now);
    else
        fprintf(f,
            " Why     %s last heard of %s before this access; what %s released (unlock, send, "
            "atomic\n"
            "         store ...) after it, %s has not acquired\n",
            now, earlier, earlier, now);
    if (d->behind > 1)
        fprintf(f, "         (between the two %s released at most %lld time%s)\n", earlier,
            (long long)d->behind - 1, d->behind == 2 ? "" : "s");
    if (ended)
        fprintf(
            f, "         (%s has ended, and its end is not known to %s: no join)\n", earlier, now);
}

/* What each side did last before its access, and what it released first after it. */
static void print_syncs(FILE *f, const struct finding *d)
{
    for (size_t i = 0; i < d->nsyncs; i++) {
        const struct sync *s = &d->syncs[i];
        if (s->access >= d->nstacks)
            continue;
        bool none = strcmp(s->when, "none") == 0, before = strcmp(s->when, "before") == 0;
        fputs(i ? "         " : " Sync    ", f);
        fputs(d->stacks[s->access].task ? d->stacks[s->access].task : "?", f);
        if (none) {
            fprintf(f, " has synchronised with nobody from its start to (%zu)\n", s->access + 1);
            continue;
        }
        fprintf(f, "%s %sd%s%s%s %s (%zu) at\n", before ? " last" : " next", s->how,
            s->name ? " '" : "", s->name ? s->name : "", s->name ? "'" : "",
            before ? "before" : "after", s->access + 1);
        print_frames(f, &s->where, 11, SYNC_FRAMES);
    }
}

static void print_discipline(FILE *f, const struct finding *d)
{
    if (!d->usual_lock)
        return;
    fprintf(f, " Locks   %s is held at ", d->usual_lock);
    if (d->accesses)
        fprintf(f, "%s%llu of %llu accesses seen (", d->sampled ? "about " : "",
            (unsigned long long)d->held, (unsigned long long)d->accesses);
    fprintf(
        f, "%llu of %llu places", (unsigned long long)d->held_at, (unsigned long long)d->places);
    fputs(d->accesses ? ")" : " that raced", f);
    if (d->exception[0] && d->exception[1])
        fputs(", neither at (1) nor at (2)", f);
    else if (d->exception[0] || d->exception[1])
        fprintf(f, ", not at (%d)", d->exception[0] ? 1 : 2);
    fputc('\n', f);
}

static void print_finding(FILE *f, const struct finding *d, const struct text_options *o)
{
    print_head(f, d, o);
    print_sentence(f, d);
    print_stacks(f, d, o);
    fputc('\n', f);
    print_counts(f, d);
    if (!d->counts)
        fputs(" Note    does not count for the exit status (--min-certainty)\n", f);
    print_why(f, d);
    print_syncs(f, d);
    print_discipline(f, d);
    print_advice(f, d);
    fputc('\n', f);
}

/* One that the baseline has. */
static void print_known(FILE *f, const struct finding *d)
{
    fprintf(f, "gorc: in the baseline: %s %s", d->words, d->fingerprint);
    if (d->object.name)
        fprintf(f, " '%s'", d->object.name);
    for (size_t i = 0; d->nstacks && i < d->stacks[0].nframes; i++) {
        const struct frame *r = &d->stacks[0].frames[i];
        if (!r->file)
            continue;
        fprintf(f, " at %s:%d", short_path(r->file), r->line);
        break;
    }
    fputc('\n', f);
}

static void print_program(FILE *f, const struct process *p)
{
    fprintf(f, "gorc: process %d:", p->pid);
    for (size_t i = 0; i < p->argc && i < 8; i++)
        fprintf(f, " %s", p->argv[i]);
    fputs(p->argc > 8 ? " ...\n" : "\n", f);
}

void print_findings(FILE *f, const struct run *run, const struct text_options *o)
{
    for (size_t i = 0; i < run->n; i++) {
        const struct process *p = &run->processes[i];
        if (run->n > 1 && p->nfindings)
            print_program(f, p);
        for (size_t k = 0; k < p->nfindings; k++)
            if (!p->findings[k].known)
                print_finding(f, &p->findings[k], o);
        for (size_t k = 0; k < p->nfindings; k++)
            if (p->findings[k].known)
                print_known(f, &p->findings[k]);
    }
}

bool want_colour(FILE *f)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(f)) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}
