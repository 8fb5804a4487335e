/* SPDX-License-Identifier: MIT
 *
 * The JSON record (docs/report-format.md, docs/record.schema.json).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "util.h"

/* Text of the program that is no UTF-8 must not make the record unwritable. */
static json_t *text(const char *s)
{
    json_t *v = json_string(s);
    if (v)
        return v;
    char *clean = xcalloc(strlen(s) + 1, 1);
    for (size_t i = 0; s[i]; i++)
        clean[i] = (unsigned char)s[i] < 0x80 ? s[i] : '?';
    v = json_string(clean);
    free(clean);
    return v;
}

static void set_text(json_t *o, const char *key, const char *s)
{
    if (s)
        json_object_set_new(o, key, text(s));
}

static void set_number(json_t *o, const char *key, uint64_t n)
{
    json_object_set_new(o, key, json_integer((json_int_t)n));
}

static void set_hex(json_t *o, const char *key, uint64_t n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "0x%llx", (unsigned long long)n);
    set_text(o, key, digits);
}

static json_t *frame_json(const struct frame *f)
{
    json_t *o = json_object();
    set_text(o, "function", f->function);
    set_text(o, "file", f->file);
    if (f->line)
        set_number(o, "line", (uint64_t)f->line);
    set_text(o, "source", source_line(f->file, f->line));
    set_text(o, "module", f->module);
    set_number(o, "offset", f->offset);
    if (f->inlined)
        json_object_set_new(o, "inlined", json_true());
    set_text(o, "calls", f->calls);
    return o;
}

static json_t *frames_json(const struct stack *s)
{
    json_t *a = json_array();
    for (size_t i = 0; i < s->nframes; i++)
        json_array_append_new(a, frame_json(&s->frames[i]));
    return a;
}

static json_t *locks_json(const struct stack *s)
{
    json_t *a = json_array();
    for (size_t i = 0; i < s->nlocks; i++) {
        const struct lock *l = &s->locks[i];
        json_t *o = json_object();
        set_text(o, "name", l->name);
        set_hex(o, "address", l->addr);
        if (l->shared)
            json_object_set_new(o, "shared", json_true());
        json_object_set_new(o, "frames", frames_json(l->where));
        json_array_append_new(a, o);
    }
    return a;
}

static json_t *stack_json(const struct stack *s)
{
    json_t *o = json_object();
    set_text(o, "role", s->role);
    set_text(o, "task", s->task);
    set_text(o, "name", s->name);
    set_text(o, "of", s->of);
    set_text(o, "note", s->note);
    set_text(o, "name_of", s->name_of);
    if (s->tid)
        set_number(o, "tid", (uint64_t)s->tid);
    if (s->ended)
        json_object_set_new(o, "ended", json_true());
    if (s->size) {
        set_hex(o, "address", s->addr);
        set_number(o, "size", s->size);
    }
    if (s->knows_locks) {
        json_object_set_new(o, "locks", locks_json(s));
        if (s->held > s->nlocks)
            set_number(o, "locks_left_out", s->held - s->nlocks);
    }
    json_object_set_new(o, "frames", frames_json(s));
    return o;
}

static json_t *syncs_json(const struct finding *f)
{
    json_t *a = json_array();
    for (size_t i = 0; i < f->nsyncs; i++) {
        const struct sync *s = &f->syncs[i];
        json_t *o = json_object();
        set_text(o, "when", s->when);
        set_number(o, "stack", s->access);
        set_text(o, "how", s->how);
        set_text(o, "name", s->name);
        if (s->addr)
            set_hex(o, "address", s->addr);
        json_object_set_new(o, "frames", frames_json(&s->where));
        json_array_append_new(a, o);
    }
    return a;
}

static const struct stack *creation_of_object(const struct finding *f)
{
    for (size_t i = 0; i < f->nstacks; i++)
        if (strcmp(f->stacks[i].role, "allocated by") == 0 ||
            strcmp(f->stacks[i].role, "object created by") == 0)
            return &f->stacks[i];
    return NULL;
}

static json_t *object_json(const struct finding *f)
{
    const struct object *b = &f->object;
    json_t *o = json_object();
    set_text(o, "kind", b->kind);
    set_text(o, "name", b->name);
    set_text(o, "variable", b->variable);
    set_text(o, "task", b->task);
    set_text(o, "type", b->type);
    set_text(o, "member", b->member);
    set_hex(o, "address", b->addr);
    if (b->size)
        set_number(o, "size", b->size);
    set_text(o, "file", b->file);
    if (b->line)
        set_number(o, "line", (uint64_t)b->line);
    const struct stack *s = creation_of_object(f);
    if (s)
        json_object_set_new(o, "created", frames_json(s));
    return o;
}

static json_t *discipline_json(const struct finding *f)
{
    json_t *l = json_object(), *exceptions = json_array();
    set_text(l, "lock", f->usual_lock);
    set_number(l, "held_at", f->held_at);
    set_number(l, "places", f->places);
    if (f->accesses) {
        set_number(l, "held", f->held);
        set_number(l, "accesses", f->accesses);
        json_object_set_new(l, "sampled", json_boolean(f->sampled));
    }
    for (size_t i = 0; i < 2; i++)
        if (f->exception[i])
            json_array_append_new(exceptions, json_integer((json_int_t)i));
    json_object_set_new(l, "exceptions", exceptions);
    return l;
}

static json_t *finding_json(const struct finding *f)
{
    json_t *o = json_object(), *stacks = json_array();
    set_text(o, "kind", f->kind);
    set_text(o, "rule", f->rule);
    set_text(o, "words", f->words);
    set_text(o, "certainty", f->certainty);
    set_text(o, "fingerprint", f->fingerprint);
    json_object_set_new(o, "counts", json_boolean(f->counts));
    if (f->known)
        json_object_set_new(o, "known", json_true());
    set_number(o, "count", f->count);
    if (f->behind >= 0)
        set_number(o, "behind", (uint64_t)f->behind);
    if (f->nsyncs)
        json_object_set_new(o, "synchronisation", syncs_json(f));
    if (f->variants > 1)
        set_number(o, "variants", f->variants);
    set_text(o, "message", f->message ? f->message : f->words);
    if (f->usual_lock) {
        json_object_set_new(o, "discipline", discipline_json(f));
    }
    if (f->object.kind)
        json_object_set_new(o, "object", object_json(f));
    for (size_t i = 0; i < f->nstacks; i++)
        json_array_append_new(stacks, stack_json(&f->stacks[i]));
    json_object_set_new(o, "stacks", stacks);
    if (f->left_out)
        set_number(o, "stacks_left_out", f->left_out);
    return o;
}

static json_t *dump_json(const struct process *p)
{
    json_t *a = json_array();
    for (size_t i = 0; i < p->ndump; i++) {
        const struct dump_task *t = &p->dump[i];
        json_t *o = json_object();
        set_text(o, "kind", t->kind);
        set_number(o, "id", t->id);
        set_text(o, "name", t->name);
        set_text(o, "state", t->state);
        set_text(o, "reason", t->reason);
        set_text(o, "wait", t->wait);
        if (t->waited_ns >= 0)
            set_number(o, "waited_ns", (uint64_t)t->waited_ns);
        if (t->at_least)
            json_object_set_new(o, "waited_at_least", json_true());
        set_text(o, "created", t->created);
        if (t->tid)
            set_number(o, "tid", (uint64_t)t->tid);
        json_object_set_new(o, "frames", frames_json(&t->stack));
        json_array_append_new(a, o);
    }
    return a;
}

static json_t *summary_json(const struct run *run)
{
    struct totals t;
    totals_of(run, &t);
    json_t *o = json_object(), *kinds = json_object();
    set_number(o, "findings", t.findings);
    set_number(o, "counting", t.counting);
    set_number(o, "suppressed", t.suppressed);
    set_number(o, "known", t.known);
    for (size_t i = 0; i < t.nkinds; i++)
        set_number(kinds, t.kinds[i].words, t.kinds[i].n);
    json_object_set_new(o, "kinds", kinds);
    set_number(o, "goroutines", t.goroutines);
    set_number(o, "threads", t.threads);
    set_text(o, "accesses", t.accesses);
    if (t.findings_not_recorded)
        set_number(o, "findings_not_recorded", t.findings_not_recorded);
    set_number(o, "reads_not_remembered", t.reads_not_remembered);
    set_number(o, "dropped_in_signal", t.dropped_in_signal);
    set_number(o, "lock_orders_not_compared", t.lock_orders_not_compared);
    json_object_set_new(o, "complete", json_boolean(!t.incomplete));
    char *line = summary_line(run);
    set_text(o, "text", line);
    free(line);
    return o;
}

/* The record but for its findings. */
static json_t *record_json(const struct process *p)
{
    json_t *o = json_object(), *argv = json_array();
    set_number(o, "version", 1);
    set_text(o, "program", p->program ? p->program : "?");
    for (size_t i = 0; i < p->argc; i++)
        json_array_append_new(argv, text(p->argv[i] ? p->argv[i] : ""));
    json_object_set_new(o, "argv", argv);
    set_number(o, "pid", (uint64_t)p->pid);
    set_number(o, "parent_pid", (uint64_t)p->ppid);
    set_text(o, "directory", p->cwd);
    set_number(o, "started", (uint64_t)p->started);
    if (p->ndump)
        json_object_set_new(o, "dump", dump_json(p));
    struct run alone = {(struct process *)(uintptr_t)p, 1};
    json_object_set_new(o, "summary", summary_json(&alone));
    return o;
}

#define LAYOUT (JSON_INDENT(1) | JSON_REAL_PRECISION(17))

static bool write_member(FILE *f, const char *key, json_t *value)
{
    return fprintf(f, "%s\n \"%s\": ", strcmp(key, "version") == 0 ? "" : ",", key) > 0 &&
           json_dumpf(value, f, JSON_ENCODE_ANY | LAYOUT) == 0;
}

/* A finding at a time: as one tree they would take many times the memory of the record. */
static bool write_findings(FILE *f, const struct process *p)
{
    bool ok = fputs(",\n \"findings\": [", f) >= 0;
    for (size_t i = 0; ok && i < p->nfindings; i++) {
        json_t *o = finding_json(&p->findings[i]);
        ok = fputs(i ? ",\n" : "\n", f) >= 0 && json_dumpf(o, f, LAYOUT) == 0;
        json_decref(o);
    }
    return ok && fputs("]", f) >= 0;
}

static int write_file(json_t *o, const struct process *p, const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    const char *key;
    json_t *value;
    if (!f)
        return errno;
    errno = 0;
    bool ok = putc('{', f) != EOF;
    json_object_foreach(o, key, value) ok = ok && write_member(f, key, value);
    ok = ok && write_findings(f, p) && fputs("\n}\n", f) >= 0 && fflush(f) == 0;
    int error = ok ? 0 : (errno ? errno : EIO);
    if (f != stdout && fclose(f) != 0 && !error)
        error = errno;
    return error;
}

static json_t *processes_json(const struct run *run, const char *path)
{
    json_t *a = json_array();
    for (size_t i = 0; i < run->n; i++) {
        json_t *o = json_object();
        set_number(o, "pid", (uint64_t)run->processes[i].pid);
        set_text(o, "program", run->processes[i].program);
        set_number(o, "findings", run->processes[i].nfindings);
        if (i) {
            char *file = xprintf("%s.%d", path, run->processes[i].pid);
            set_text(o, "record", file);
            free(file);
        }
        json_array_append_new(a, o);
    }
    return a;
}

int write_json(const struct run *run, const char *path)
{
    int error = 0;
    for (size_t i = 0; i < run->n && !error; i++) {
        json_t *o = record_json(&run->processes[i]);
        if (i == 0 && run->n > 1) {
            json_t *all = json_object();
            json_object_set_new(all, "summary", summary_json(run));
            json_object_set_new(all, "processes", processes_json(run, path));
            json_object_set_new(o, "run", all);
        }
        char *name = i && strcmp(path, "-") != 0 ? xprintf("%s.%d", path, run->processes[i].pid)
                                                 : xstrdup(path);
        error = write_file(o, &run->processes[i], name);
        free(name);
        json_decref(o);
    }
    return error;
}
