/* SPDX-License-Identifier: MIT
 *
 * Findings in the words of the compilers' race runtime, for the scripts and test suites that look
 * for them. What that runtime has no words for is told in ours under the same frame.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "print_parts.h"
#include "util.h"

enum { MAX_LOCKS = 32 };

/* The locks of one report: M0, M1 ... */
struct names {
    uint64_t addr[MAX_LOCKS];
    const struct lock *lock[MAX_LOCKS];
    size_t n;
};

static size_t number_of(struct names *m, uint64_t addr, const struct lock *l)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->addr[i] == addr)
            return i;
    if (m->n == MAX_LOCKS)
        return MAX_LOCKS - 1;
    m->addr[m->n] = addr;
    m->lock[m->n] = l;
    return m->n++;
}

/* --- frames --- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void print_frame(FILE *f, size_t number, const struct frame *r)
{
    fprintf(f, "    #%zu %s ", number, r->function ? r->function : "<null>");
    if (r->file && r->line)
        fprintf(f, "%s:%d", r->file, r->line);
    else
        fputs(r->file ? r->file : "<null>", f);
    if (r->module)
        fprintf(f, " (%s+0x%llx)", base_name(r->module), (unsigned long long)r->offset - 1);
    fputc('\n', f);
}

/* `call`: the function of libc that made the event, which that runtime shows as the innermost. */
static void print_stack(FILE *f, const struct stack *s, const char *call)
{
    size_t n = s ? frames_shown(s) : 0, number = 0;
    if (!n)
        fputs("    [failed to restore the stack]\n", f);
    else if (call)
        fprintf(f, "    #%zu %s <null>\n", number++, call);
    for (size_t i = 0; i < n; i++)
        print_frame(f, number++, &s->frames[i]);
    fputc('\n', f);
}

/* --- tasks --- */

static const char *task_words(const char *task)
{
    static char text[4][48];
    static unsigned next;
    char *to = text[next++ % 4];
    if (!task)
        return "unknown thread";
    if (strcmp(task, "main") == 0)
        return "main thread";
    snprintf(to, sizeof *text, *task == 'g' ? "goroutine G%.20s" : "thread T%.20s", task + 1);
    return to;
}

static bool is_creation(const struct stack *s)
{
    return strcmp(s->role, "created by") == 0;
}

static void print_creation(FILE *f, const struct stack *s)
{
    bool goroutine = s->of && *s->of == 'g';
    const char *words = task_words(s->of);
    fprintf(f, "  %c%s", goroutine ? 'G' : 'T', words + 1);
    if (s->name_of)
        fprintf(f, " '%s'", s->name_of);
    fprintf(f, " (tid=%d, %s) created by %s at:\n", s->tid, s->ended ? "finished" : "running",
        task_words(s->task));
    print_stack(f, s, goroutine ? NULL : "pthread_create");
}

static void print_creation_of(FILE *f, const struct finding *d, const char *task)
{
    for (size_t k = 0; k < d->nstacks && task; k++) {
        const struct stack *s = &d->stacks[k];
        if (is_creation(s) && s->of && strcmp(s->of, task) == 0)
            print_creation(f, s);
    }
}

/* Where the tasks of the first stacks come from. */
static void print_creations(FILE *f, const struct finding *d)
{
    bool *done = xcalloc(d->nstacks + 1, sizeof *done);
    for (size_t i = 0; i < d->nstacks; i++) {
        const char *task = d->stacks[i].task;
        for (size_t k = 0; k < d->nstacks && task && !is_creation(&d->stacks[i]); k++) {
            const struct stack *s = &d->stacks[k];
            if (!is_creation(s) || done[k] || !s->of || strcmp(s->of, task) != 0)
                continue;
            done[k] = true;
            print_creation(f, s);
        }
    }
    free(done);
}

/* --- races --- */

static const struct stack *with_role(const struct finding *d, const char *role)
{
    for (size_t i = 0; i < d->nstacks; i++)
        if (strcmp(d->stacks[i].role, role) == 0)
            return &d->stacks[i];
    return NULL;
}

static void print_access(FILE *f, const struct stack *s, bool earlier, struct names *m)
{
    bool write = strstr(s->role, "write") || strcmp(s->role, "free") == 0;
    bool atomic = s->note && strstr(s->note, "atomic");
    const char *words = atomic  ? (write ? "atomic write" : "atomic read")
                        : write ? "write"
                                : "read";
    if (earlier)
        fprintf(f, "  Previous %s", words);
    else
        fprintf(f, "  %c%s", words[0] - 'a' + 'A', words + 1);
    fprintf(f, " of size %llu at 0x%012llx by %s", (unsigned long long)s->size,
        (unsigned long long)s->addr, task_words(s->task));
    for (size_t i = 0; i < s->nlocks; i++) {
        const struct lock *l = &s->locks[i];
        fprintf(f, "%s %s M%zu", i ? "," : " (mutexes:", l->shared ? "read" : "write",
            number_of(m, l->addr, l));
    }
    fputs(s->nlocks ? "):\n" : ":\n", f);
    print_stack(f, s, strcmp(s->role, "free") == 0 ? "free" : NULL);
}

static void print_location(FILE *f, const struct process *p, const struct finding *d)
{
    const struct object *o = &d->object;
    const struct stack *allocated = with_role(d, "allocated by");
    if (!o->kind || strcmp(d->rule, "heap-use-after-free") == 0)
        return;
    if (strcmp(o->kind, "heap block") == 0) {
        fprintf(f, "  Location is heap block of size %llu at 0x%012llx allocated by %s:\n",
            (unsigned long long)o->size, (unsigned long long)o->addr,
            task_words(allocated ? allocated->task : NULL));
        print_stack(f, allocated, "malloc");
    } else if (strcmp(o->kind, "stack") == 0 || strcmp(o->kind, "TLS") == 0) {
        fprintf(f, "  Location is %s of %s.\n\n", o->kind, task_words(o->task));
    } else if (o->variable && o->variable_size) {
        fprintf(f, "  Location is global '%s' of size %llu at 0x%012llx (%s+0x%llx)\n\n",
            o->variable, (unsigned long long)o->variable_size,
            (unsigned long long)(o->addr - o->variable_at),
            o->module >= 0 ? base_name(p->modules[o->module].path) : "?",
            (unsigned long long)(o->offset - o->variable_at));
    }
}

static void print_locks(FILE *f, const struct names *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct lock *l = m->lock[i];
        if (!l)
            continue;
        bool made = l->created && l->created->nframes;
        fprintf(f, "  Mutex M%zu (0x%012llx) created at:\n", i, (unsigned long long)m->addr[i]);
        print_stack(
            f, made ? l->created : l->where, made ? "pthread_mutex_init" : "pthread_mutex_lock");
    }
}

static void print_race(FILE *f, const struct process *p, const struct finding *d)
{
    struct names m = {.n = 0};
    print_access(f, &d->stacks[0], false, &m);
    print_access(f, &d->stacks[1], true, &m);
    print_location(f, p, d);
    print_locks(f, &m);
    print_creations(f, d);
}

/* --- lock order --- */

/* The n-th address in the note: "mutex 0x601040 'a', while it holds mutex 0x601080". */
static uint64_t address_in(const char *note, int n)
{
    for (const char *at = note ? strstr(note, "0x") : NULL; at; at = strstr(at + 2, "0x"))
        if (n-- == 0)
            return strtoull(at, NULL, 16);
    return 0;
}

static bool is_acquisition(const struct stack *s)
{
    return strcmp(s->role, "locks") == 0 && address_in(s->note, 1);
}

static void print_lock_order(FILE *f, const struct finding *d)
{
    struct names m = {.n = 0};
    uint64_t first = 0;
    const struct stack **at = xcalloc(d->nstacks + 1, sizeof *at);
    size_t n = 0;
    for (size_t i = 0; i < d->nstacks; i++)
        if (is_acquisition(&d->stacks[i]))
            at[n++] = &d->stacks[i];
    fputs("  Cycle in lock order graph: ", f);
    for (size_t i = 0; i < n; i++) {
        uint64_t held = address_in(at[(i + 1) % n]->note, 1);
        first = first ? first : held;
        fprintf(f, "M%zu (0x%012llx) => ", number_of(&m, held, NULL), (unsigned long long)held);
    }
    fprintf(f, "M%zu\n\n", number_of(&m, first, NULL));
    for (size_t i = 0; i < n; i++) {
        const struct stack *s = at[(i + 1) % n]; /* the one that closed the circle is the last */
        fprintf(f, "  Mutex M%zu acquired here while holding mutex M%zu in %s:\n",
            number_of(&m, address_in(s->note, 0), NULL),
            number_of(&m, address_in(s->note, 1), NULL), task_words(s->task));
        print_stack(f, s, "pthread_mutex_lock");
    }
    for (size_t i = 0; i < n; i++)
        print_creation_of(f, d, at[(i + 1) % n]->task);
    free(at);
}

/* --- all --- */

static const struct {
    const char *rule, *words, *call;
} titles[] = {
    {"heap-use-after-free", "heap-use-after-free", NULL},
    {"lock-order", "lock-order-inversion (potential deadlock)", NULL},
    {"reader-writer-reader", "lock-order-inversion (potential deadlock)", NULL},
    {"thread-leak", "thread leak", NULL},
    {"destroy-locked", "destroy of a locked mutex", "pthread_mutex_destroy"},
    {"unlock-of-unlocked", "unlock of an unlocked mutex (or by a wrong thread)",
        "pthread_mutex_unlock"},
    {"unlock-by-other", "unlock of an unlocked mutex (or by a wrong thread)",
        "pthread_mutex_unlock"},
    {"double-lock", "double lock of a mutex", "pthread_mutex_lock"},
    {"signal-unsafe", "signal-unsafe call inside of a signal", NULL},
    {"signal-errno", "signal handler spoils errno", NULL},
};

static const char *title_of(const struct finding *d, const char **ret_call)
{
    *ret_call = NULL;
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        if (strcmp(titles[i].rule, d->rule) == 0) {
            *ret_call = titles[i].call;
            return titles[i].words;
        }
    }
    return d->words;
}

static void print_other(FILE *f, const struct process *p, const struct finding *d, const char *call)
{
    if (d->message && strcmp(d->message, d->words) != 0)
        fprintf(f, "  %s\n\n", d->message);
    for (size_t i = 0; i < d->nstacks; i++) {
        const struct stack *s = &d->stacks[i];
        if (is_creation(s))
            continue;
        if (strcmp(s->role, "misuse") != 0)
            fprintf(f, "  %c%s %s%s%s%s:\n", s->role[0] - ('a' - 'A') * (s->role[0] >= 'a'),
                s->role + 1, s->task ? "in " : "", s->task ? task_words(s->task) : "here",
                s->note ? ", " : "", s->note ? s->note : "");
        print_stack(f, s, i == 0 ? call : NULL);
    }
    print_location(f, p, d);
    print_creations(f, d);
}

/* Misuse of a lock: where, where it was locked, what it is. */
static void print_lock_misuse(
    FILE *f, const struct process *p, const struct finding *d, const char *call)
{
    const struct stack *misuse = &d->stacks[0], *made = with_role(d, "object created by");
    const struct stack *locked = with_role(d, "last locked by");
    print_stack(f, misuse, call);
    if (locked && strcmp(d->rule, "destroy-locked") == 0) {
        fputs("  and:\n", f);
        print_stack(f, locked, "pthread_mutex_lock");
    }
    print_location(f, p, d);
    fprintf(f, "  Mutex M0 (0x%012llx) created at:\n", (unsigned long long)d->object.addr);
    if (made)
        print_stack(f, made, "pthread_mutex_init");
    else
        print_stack(f, locked ? locked : misuse, locked ? "pthread_mutex_lock" : call);
}

/* A thread that nobody joined is told by its creation alone. */
static void print_thread_leak(FILE *f, const struct finding *d)
{
    for (size_t i = 0; i < d->nstacks; i++)
        if (is_creation(&d->stacks[i])) {
            print_creation(f, &d->stacks[i]);
            return;
        }
}

static void print_summary(FILE *f, const struct finding *d, const char *title)
{
    const struct frame *at = NULL;
    for (size_t i = 0; i < d->nstacks && !at; i++)
        for (size_t k = 0; k < d->stacks[i].nframes && !at; k++)
            at = &d->stacks[i].frames[k];
    fprintf(f, "SUMMARY: ThreadSanitizer: %s", title);
    if (at && at->file)
        fprintf(f, " %s:%d in %s", at->file, at->line, at->function ? at->function : "??");
    else if (at && at->module)
        fprintf(f, " (%s+0x%llx)%s%s", at->module, (unsigned long long)at->offset - 1,
            at->function ? " in " : "", at->function ? at->function : "");
    fputc('\n', f);
}

static void print_finding(FILE *f, const struct process *p, const struct finding *d)
{
    const char *call, *title = title_of(d, &call);
    fprintf(f, "==================\nWARNING: ThreadSanitizer: %s (pid=%d)\n", title, p->pid);
    if (strcmp(d->kind, "data-race") == 0 && d->nstacks >= 2)
        print_race(f, p, d);
    else if (strcmp(d->kind, "lock-order") == 0)
        print_lock_order(f, d);
    else if (strcmp(d->kind, "thread-leak") == 0)
        print_thread_leak(f, d);
    else if (call && strcmp(d->kind, "misuse") == 0 && d->nstacks)
        print_lock_misuse(f, p, d, call);
    else
        print_other(f, p, d, call);
    print_summary(f, d, title);
    fputs("==================\n", f);
}

/* Not what does not count: that runtime knows no such thing. */
void print_findings_tsan(FILE *f, const struct run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        const struct process *p = &run->processes[i];
        size_t n = 0;
        for (size_t k = 0; k < p->nfindings; k++) {
            if (!p->findings[k].counts)
                continue;
            print_finding(f, p, &p->findings[k]);
            n++;
        }
        if (n)
            fprintf(f, "ThreadSanitizer: reported %zu warnings\n", n);
    }
}
