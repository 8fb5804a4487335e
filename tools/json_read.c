/* SPDX-License-Identifier: MIT
 *
 * A JSON record back into the model, so that it can be printed again.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "util.h"

static char *text(json_t *o, const char *key)
{
    return xstrdup(json_string_value(json_object_get(o, key)));
}

static char *text_or(json_t *o, const char *key, const char *other)
{
    char *s = text(o, key);
    return s ? s : xstrdup(other);
}

static uint64_t number(json_t *o, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(o, key));
}

static uint64_t hex(json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? strtoull(s, NULL, 16) : 0;
}

static void read_frames(struct stack *s, json_t *frames)
{
    size_t i;
    json_t *o;
    s->frames = xcalloc(json_array_size(frames), sizeof *s->frames);
    json_array_foreach(frames, i, o) s->frames[s->nframes++] =
        (struct frame){.function = text(o, "function"),
            .file = text(o, "file"),
            .line = (int)number(o, "line"),
            .module = text(o, "module"),
            .offset = number(o, "offset"),
            .inlined = json_is_true(json_object_get(o, "inlined")),
            .calls = text(o, "calls")};
}

static void read_locks(struct stack *s, json_t *locks)
{
    size_t i;
    json_t *o;
    s->knows_locks = locks != NULL;
    s->locks = xcalloc(json_array_size(locks), sizeof *s->locks);
    json_array_foreach(locks, i, o)
    {
        struct lock *l = &s->locks[s->nlocks++];
        l->name = text(o, "name");
        l->addr = hex(o, "address");
        l->shared = json_is_true(json_object_get(o, "shared"));
        l->where = xcalloc(1, sizeof *l->where);
        read_frames(l->where, json_object_get(o, "frames"));
    }
}

static void read_stack(struct stack *s, json_t *o)
{
    s->role = text_or(o, "role", "?");
    s->task = text(o, "task");
    s->name = text(o, "name");
    s->of = text(o, "of");
    s->note = text(o, "note");
    s->name_of = text(o, "name_of");
    s->tid = (int)number(o, "tid");
    s->ended = json_is_true(json_object_get(o, "ended"));
    s->addr = hex(o, "address");
    s->size = number(o, "size");
    read_locks(s, json_object_get(o, "locks"));
    s->held = s->nlocks + number(o, "locks_left_out");
    read_frames(s, json_object_get(o, "frames"));
}

static void read_syncs(struct finding *f, json_t *syncs)
{
    size_t i;
    json_t *o;
    f->syncs = xcalloc(json_array_size(syncs), sizeof *f->syncs);
    json_array_foreach(syncs, i, o)
    {
        struct sync *s = &f->syncs[f->nsyncs++];
        s->when = text_or(o, "when", "before");
        s->how = text_or(o, "how", "release");
        s->access = (size_t)number(o, "stack");
        s->name = text(o, "name");
        s->addr = json_object_get(o, "address") ? hex(o, "address") : 0;
        read_frames(&s->where, json_object_get(o, "frames"));
    }
}

static void read_finding(struct finding *f, json_t *o)
{
    f->kind = text_or(o, "kind", "unknown");
    f->rule = text_or(o, "rule", f->kind);
    f->words = text_or(o, "words", f->kind);
    f->certainty = text_or(o, "certainty", "certain");
    f->message = text(o, "message");
    snprintf(f->fingerprint, sizeof f->fingerprint, "%s", text_or(o, "fingerprint", "?"));
    f->counts = json_is_true(json_object_get(o, "counts"));
    f->behind = json_object_get(o, "behind") ? (int64_t)number(o, "behind") : -1;
    read_syncs(f, json_object_get(o, "synchronisation"));
    json_t *locks = json_object_get(o, "discipline");
    f->usual_lock = text(locks, "lock");
    f->held_at = number(locks, "held_at");
    f->places = number(locks, "places");
    f->held = number(locks, "held");
    f->accesses = number(locks, "accesses");
    f->sampled = json_is_true(json_object_get(locks, "sampled"));
    json_t *exceptions = json_object_get(locks, "exceptions"), *at;
    size_t k;
    json_array_foreach(exceptions, k, at) f->exception[json_integer_value(at) != 0] = true;
    f->known = json_is_true(json_object_get(o, "known"));
    f->count = number(o, "count");
    f->variants = json_object_get(o, "variants") ? number(o, "variants") : 1;
    f->left_out = number(o, "stacks_left_out");
    json_t *b = json_object_get(o, "object"), *stacks = json_object_get(o, "stacks"), *s;
    f->object = (struct object){.kind = text(b, "kind"),
        .name = text(b, "name"),
        .task = text(b, "task"),
        .variable = text(b, "variable"),
        .type = text(b, "type"),
        .member = text(b, "member"),
        .addr = hex(b, "address"),
        .size = number(b, "size"),
        .module = -1,
        .frame = {.module = -1},
        .tls = {.module = -1},
        .file = text(b, "file"),
        .line = (int)number(b, "line")};
    f->stacks = xcalloc(json_array_size(stacks), sizeof *f->stacks);
    size_t i;
    json_array_foreach(stacks, i, s) read_stack(&f->stacks[f->nstacks++], s);
}

static void read_dump(struct process *p, json_t *a)
{
    size_t i;
    json_t *o;
    p->dump = xcalloc(json_array_size(a), sizeof *p->dump);
    json_array_foreach(a, i, o)
    {
        struct dump_task *t = &p->dump[p->ndump++];
        *t = (struct dump_task){.kind = text_or(o, "kind", "?"),
            .id = number(o, "id"),
            .name = text(o, "name"),
            .state = text(o, "state"),
            .reason = text(o, "reason"),
            .wait = text(o, "wait"),
            .waited_ns = json_object_get(o, "waited_ns") ? (int64_t)number(o, "waited_ns") : -1,
            .tid = (int)number(o, "tid")};
        read_frames(&t->stack, json_object_get(o, "frames"));
    }
    p->has_dump = p->ndump > 0;
}

static void read_summary(struct process *p, json_t *o)
{
    p->has_summary = json_is_true(json_object_get(o, "complete"));
    p->goroutines = number(o, "goroutines");
    p->threads = number(o, "threads");
    p->findings_not_recorded = number(o, "findings_not_recorded");
    p->reads_not_remembered = number(o, "reads_not_remembered");
    p->dropped_in_signal = number(o, "dropped_in_signal");
    p->lock_orders_not_compared = number(o, "lock_orders_not_compared");
    p->suppressed = number(o, "suppressed");
    p->known = number(o, "known");
    p->accesses = text(o, "accesses");
}

static void read_process(struct process *p, json_t *o)
{
    p->pid = (int)number(o, "pid");
    p->ppid = (int)number(o, "parent_pid");
    p->program = text(o, "program");
    p->cwd = text(o, "directory");
    p->started = (int64_t)number(o, "started");
    json_t *argv = json_object_get(o, "argv"), *findings = json_object_get(o, "findings"), *v;
    p->argv = xcalloc(json_array_size(argv) + 1, sizeof *p->argv);
    size_t i;
    json_array_foreach(argv, i, v) p->argv[p->argc++] = xstrdup(json_string_value(v));
    p->findings = xcalloc(json_array_size(findings), sizeof *p->findings);
    json_array_foreach(findings, i, v) read_finding(&p->findings[p->nfindings++], v);
    read_dump(p, json_object_get(o, "dump"));
    read_summary(p, json_object_get(o, "summary"));
}

static void add_process(struct run *run, json_t *o)
{
    run->processes = xrealloc(run->processes, run->n + 1, sizeof *run->processes);
    run->processes[run->n] = (struct process){.pid = 0};
    read_process(&run->processes[run->n++], o);
}

/* The records of the other processes lie beside the first one's. */
static const char *read_others(struct run *run, json_t *record)
{
    json_t *list = json_object_get(json_object_get(record, "run"), "processes"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        const char *path = json_string_value(json_object_get(entry, "record"));
        if (!path)
            continue;
        json_error_t error;
        json_t *o = json_load_file(path, 0, &error);
        if (!o)
            return xprintf("%s: %s", path, error.text);
        add_process(run, o);
        json_decref(o);
    }
    return NULL;
}

const char *read_json_record(struct run *run, const char *path)
{
    json_error_t error;
    json_t *o =
        strcmp(path, "-") == 0 ? json_loadf(stdin, 0, &error) : json_load_file(path, 0, &error);
    if (!o)
        return error.line > 0 ? xprintf("line %d: %s", error.line, error.text)
                              : xstrdup(error.text);
    if (!json_is_array(json_object_get(o, "findings")))
        return "not a record of gorc";
    if (json_integer_value(json_object_get(o, "version")) != 1)
        return "a record of another version";
    add_process(run, o);
    const char *wrong = read_others(run, o);
    json_decref(o);
    return wrong;
}
