/* SPDX-License-Identifier: MIT
 *
 * Raw records (docs/raw-record.md) into the model. A record may end anywhere, and a module's line
 * may come after lines that use it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "util.h"

struct reader {
    struct process *p;
    size_t cap_modules, cap_findings, cap_dump;
    size_t first_finding; /* of the present program of this process */
    int module_base;      /* numbers start anew after an exec */
};

/* The same words come again and again: one copy of each. */
static char *text(json_t *o, const char *key)
{
    return shared_string(json_string_value(json_object_get(o, key)));
}

static uint64_t number(json_t *o, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(o, key));
}

static struct raw_frame frame(const struct reader *r, json_t *pair)
{
    struct raw_frame f = {(int)json_integer_value(json_array_get(pair, 0)),
        (uint64_t)json_integer_value(json_array_get(pair, 1))};
    if (f.module >= 0)
        f.module += r->module_base;
    return f;
}

static struct raw_frame *read_frames(const struct reader *r, json_t *frames, size_t *ret_n)
{
    struct raw_frame *raw = xcalloc(json_array_size(frames), sizeof *raw);
    size_t i;
    json_t *pair;
    *ret_n = 0;
    json_array_foreach(frames, i, pair) raw[(*ret_n)++] = frame(r, pair);
    return raw;
}

static void read_locks(const struct reader *r, struct stack *s, json_t *locks)
{
    size_t i;
    json_t *o;
    s->knows_locks = locks != NULL;
    s->locks = xcalloc(json_array_size(locks), sizeof *s->locks);
    json_array_foreach(locks, i, o)
    {
        struct lock *l = &s->locks[s->nlocks++];
        l->name = text(o, "name");
        l->addr = number(o, "addr");
        l->shared = json_is_true(json_object_get(o, "shared"));
        if (json_object_get(o, "created")) {
            l->created = xcalloc(1, sizeof *l->created);
            l->created->raw = read_frames(r, json_object_get(o, "created"), &l->created->nraw);
        }
        l->where = xcalloc(1, sizeof *l->where);
        l->where->raw = read_frames(r, json_object_get(o, "frames"), &l->where->nraw);
    }
}

static void read_stack(const struct reader *r, struct stack *s, json_t *o)
{
    s->role = text(o, "role");
    if (!s->role)
        s->role = xstrdup("?");
    s->task = text(o, "task");
    s->name = text(o, "name");
    s->of = text(o, "of");
    s->note = text(o, "note");
    s->name_of = text(o, "name_of");
    s->tid = (int)number(o, "tid");
    s->ended = json_is_true(json_object_get(o, "ended"));
    s->addr = number(o, "addr");
    s->size = number(o, "size");
    s->raw = read_frames(r, json_object_get(o, "frames"), &s->nraw);
    s->held = number(o, "held");
    read_locks(r, s, json_object_get(o, "locks"));
}

static void read_object(const struct reader *r, struct object *to, json_t *o)
{
    to->module = to->frame.module = to->tls.module = -1;
    if (!o)
        return;
    to->kind = text(o, "kind");
    to->name = text(o, "name");
    to->task = text(o, "task");
    to->addr = number(o, "addr");
    to->size = number(o, "size");
    json_t *at = json_object_get(o, "at");
    if (at) {
        struct raw_frame f = frame(r, at);
        to->module = f.module;
        to->offset = f.offset;
    }
    if (json_object_get(o, "frame"))
        to->frame = frame(r, json_object_get(o, "frame"));
    if (json_object_get(o, "tls"))
        to->tls = frame(r, json_object_get(o, "tls"));
    to->cfa = number(o, "cfa");
}

static void on_start(struct reader *r, json_t *o)
{
    struct process *p = r->p;
    r->first_finding = p->nfindings;
    r->module_base = (int)p->nmodules;
    p->pid = (int)number(o, "pid");
    p->ppid = (int)number(o, "ppid");
    p->program = text(o, "program");
    p->cwd = text(o, "cwd");
    if (!p->started)
        p->started = (int64_t)number(o, "started");
    json_t *argv = json_object_get(o, "argv"), *arg;
    p->argc = 0;
    p->argv = xcalloc(json_array_size(argv) + 1, sizeof *p->argv);
    size_t i;
    json_array_foreach(argv, i, arg) p->argv[p->argc++] = xstrdup(json_string_value(arg));
}

static void on_module(struct reader *r, json_t *o)
{
    struct process *p = r->p;
    size_t at = (size_t)json_integer_value(json_object_get(o, "module")) + (size_t)r->module_base;
    if (at > 1u << 20)
        return;
    while (p->nmodules <= at) {
        p->modules = grow(p->modules, p->nmodules, &r->cap_modules, sizeof *p->modules);
        p->modules[p->nmodules++] = (struct module){.path = NULL};
    }
    p->modules[at].path = text(o, "path");
    p->modules[at].build_id = text(o, "build_id");
    p->modules[at].base = number(o, "base");
    p->modules[at].lo = number(o, "lo");
    p->modules[at].hi = number(o, "hi");
}

static void read_syncs(const struct reader *r, struct finding *f, json_t *syncs)
{
    size_t i;
    json_t *o;
    f->syncs = xcalloc(json_array_size(syncs), sizeof *f->syncs);
    json_array_foreach(syncs, i, o)
    {
        struct sync *s = &f->syncs[f->nsyncs++];
        s->when = text(o, "when");
        s->access = (size_t)number(o, "access");
        s->how = text(o, "how");
        s->name = text(o, "name");
        s->addr = number(o, "addr");
        s->where.raw = read_frames(r, json_object_get(o, "frames"), &s->where.nraw);
    }
}

static void on_finding(struct reader *r, json_t *o)
{
    struct process *p = r->p;
    p->findings = grow(p->findings, p->nfindings, &r->cap_findings, sizeof *p->findings);
    struct finding *f = &p->findings[p->nfindings++];
    *f = (struct finding){.number = number(o, "number"),
        .kind = text(o, "kind"),
        .rule = text(o, "rule"),
        .words = text(o, "words"),
        .certainty = text(o, "certainty"),
        .message = text(o, "message"),
        .counts = json_is_true(json_object_get(o, "counts")),
        .count = 1,
        .behind = json_object_get(o, "behind") ? (int64_t)number(o, "behind") : -1,
        .variants = 1,
        .left_out = number(o, "stacks_left_out")};
    if (!f->kind)
        f->kind = xstrdup("unknown");
    if (!f->words)
        f->words = xstrdup(f->kind);
    if (!f->rule)
        f->rule = xstrdup(f->kind);
    if (!f->certainty)
        f->certainty = xstrdup("certain");
    read_object(r, &f->object, json_object_get(o, "object"));
    read_syncs(r, f, json_object_get(o, "syncs"));
    json_t *stacks = json_object_get(o, "stacks"), *stack;
    f->stacks = xcalloc(json_array_size(stacks), sizeof *f->stacks);
    size_t i;
    json_array_foreach(stacks, i, stack) read_stack(r, &f->stacks[f->nstacks++], stack);
}

static void on_repeats(struct reader *r, json_t *list)
{
    size_t i;
    json_t *pair;
    json_array_foreach(list, i, pair)
    {
        uint64_t n = (uint64_t)json_integer_value(json_array_get(pair, 0));
        size_t guess = r->first_finding + (size_t)n - 1; /* mostly they come in order */
        bool good = n && guess < r->p->nfindings && r->p->findings[guess].number == n;
        for (size_t k = good ? guess : r->first_finding; k < r->p->nfindings; k++) {
            if (r->p->findings[k].number == n)
                r->p->findings[k].count = (uint64_t)json_integer_value(json_array_get(pair, 1));
            if (good)
                break;
        }
    }
}

static void read_lock_counts(struct finding *f, json_t *o)
{
    json_t *locks = json_object_get(o, "locks"), *pair;
    size_t i;
    f->accesses = number(o, "accesses");
    f->sampled = number(o, "sampled") != 0;
    f->lock_counts = xcalloc(json_array_size(locks) + 1, sizeof *f->lock_counts);
    json_array_foreach(locks, i, pair) f->lock_counts[f->nlock_counts++] =
        (struct lock_count){(uint64_t)json_integer_value(json_array_get(pair, 0)),
            (uint64_t)json_integer_value(json_array_get(pair, 1))};
}

/* Of memory that raced: named by where the first side's access begins. */
static void on_held(struct reader *r, json_t *list)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
    {
        for (size_t k = r->first_finding; k < r->p->nfindings; k++) {
            struct finding *f = &r->p->findings[k];
            if (f->nstacks && f->stacks[0].size && f->stacks[0].addr == number(o, "addr") &&
                !f->lock_counts)
                read_lock_counts(f, o);
        }
    }
}

static void on_dump(struct reader *r, json_t *o)
{
    struct process *p = r->p;
    if (p->has_dump)
        return; /* asked twice */
    p->dump = grow(p->dump, p->ndump, &r->cap_dump, sizeof *p->dump);
    struct dump_task *t = &p->dump[p->ndump++];
    *t = (struct dump_task){.kind = text(o, "kind"),
        .id = number(o, "id"),
        .name = text(o, "name"),
        .state = text(o, "state"),
        .reason = text(o, "reason"),
        .wait = text(o, "wait"),
        .waited_ns = -1,
        .tid = (int)number(o, "tid")};
    if (json_object_get(o, "waited_ns"))
        t->waited_ns = (int64_t)number(o, "waited_ns");
    t->stack.raw = read_frames(r, json_object_get(o, "frames"), &t->stack.nraw);
}

static void on_summary(struct reader *r, json_t *o)
{
    struct process *p = r->p;
    p->has_summary = true;
    p->goroutines = number(o, "goroutines");
    p->threads = number(o, "threads");
    p->accesses = text(o, "accesses");
    p->findings_not_recorded += number(o, "findings_not_recorded");
    p->reads_not_remembered += number(o, "reads_not_remembered");
    p->dropped_in_signal += number(o, "dropped_in_signal");
    p->lock_orders_not_compared += number(o, "lock_orders_not_compared");
    p->by_signal = json_is_true(json_object_get(o, "by_signal"));
}

static void read_line(struct reader *r, const char *line, size_t n)
{
    json_error_t error;
    json_t *o = json_loadb(line, n, JSON_ALLOW_NUL, &error), *v;
    if (!json_is_object(o))
        r->p->broken_lines++;
    else if (json_object_get(o, "gorc-raw"))
        on_start(r, o);
    else if (json_object_get(o, "module"))
        on_module(r, o);
    else if ((v = json_object_get(o, "finding")))
        on_finding(r, v);
    else if ((v = json_object_get(o, "suppressions")))
        r->p->suppressions = xstrdup(json_string_value(v));
    else if ((v = json_object_get(o, "repeats")))
        on_repeats(r, v);
    else if ((v = json_object_get(o, "held")))
        on_held(r, v);
    else if ((v = json_object_get(o, "dump")))
        on_dump(r, v);
    else if (json_object_get(o, "accesses"))
        r->p->accesses = text(o, "accesses");
    else if (json_object_get(o, "dump_end"))
        r->p->has_dump = true;
    else if ((v = json_object_get(o, "summary")))
        on_summary(r, v);
    json_decref(o);
}

/* False: not readable. `p` may hold what earlier programs of this process left. */
static bool read_fd(struct reader *r, int fd)
{
    FILE *f = fdopen(fd, "r");
    if (!f)
        return false;
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    while ((n = getline(&line, &size, f)) > 0)
        if (n > 1)
            read_line(r, line, (size_t)n);
    bool ok = !ferror(f);
    free(line);
    fclose(f);
    return ok;
}

static struct process *add_process(struct run *run)
{
    run->processes = xrealloc(run->processes, run->n + 1, sizeof *run->processes);
    struct process *p = &run->processes[run->n++];
    *p = (struct process){.pid = 0};
    return p;
}

/* The descriptor is inherited, and with it its offset: a process with two findings at once has two
 * readers. */
bool read_raw_fd(struct run *run, int fd)
{
    struct reader r = {.p = add_process(run)};
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own = open(path, O_RDONLY | O_CLOEXEC);
    if (own >= 0) {
        close(fd);
        fd = own;
    }
    return read_fd(&r, fd) && r.p->pid;
}

/* --- a directory: PID.raw, PID.1.raw ... --- */

struct file {
    int pid, part;
    char *path;
};

static int by_pid_and_part(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid)
                            : (x->part > y->part) - (x->part < y->part);
}

static bool parse_name(const char *name, struct file *ret)
{
    char *end;
    ret->pid = (int)strtol(name, &end, 10);
    ret->part = 0;
    if (end == name || *end != '.')
        return false;
    if (strcmp(end, ".raw") == 0)
        return true;
    ret->part = (int)strtol(end + 1, &end, 10);
    return strcmp(end, ".raw") == 0;
}

static struct file *list(const char *dir, size_t *ret_n)
{
    DIR *d = opendir(dir);
    struct file *files = NULL, f;
    size_t n = 0, cap = 0;
    struct dirent *e;
    while (d && (e = readdir(d))) {
        if (!parse_name(e->d_name, &f))
            continue;
        f.path = xprintf("%s/%s", dir, e->d_name);
        files = grow(files, n, &cap, sizeof *files);
        files[n++] = f;
    }
    if (!d)
        return NULL;
    closedir(d);
    if (n)
        qsort(files, n, sizeof *files, by_pid_and_part);
    *ret_n = n;
    return files;
}

static int main_first(const struct process *p, int main_pid)
{
    return p->pid == main_pid ? 0 : 1;
}

static void sort_processes(struct run *run, int main_pid)
{
    for (size_t i = 1; i < run->n; i++) {
        struct process p = run->processes[i];
        size_t k = i;
        for (; k > 0; k--) {
            const struct process *q = &run->processes[k - 1];
            int a = main_first(q, main_pid), b = main_first(&p, main_pid);
            if (a < b || (a == b && q->started <= p.started))
                break;
            run->processes[k] = *q;
        }
        run->processes[k] = p;
    }
}

bool read_raw_directory(struct run *run, const char *dir, int main_pid)
{
    size_t n = 0;
    struct file *files = list(dir, &n);
    struct reader r = {.p = NULL};
    for (size_t i = 0; i < n; i++) {
        int fd = open(files[i].path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return false;
        if (i == 0 || files[i].pid != files[i - 1].pid) {
            r = (struct reader){.p = add_process(run)};
            r.p->pid = files[i].pid;
        }
        r.p->accesses = NULL; /* what counts is the last program that it ran */
        r.p->has_summary = false;
        if (!read_fd(&r, fd))
            return false;
    }
    sort_processes(run, main_pid);
    return files != NULL || n == 0;
}
