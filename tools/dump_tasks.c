/* SPDX-License-Identifier: MIT
 *
 * See dump.h. The library's own frames at the top of a goroutine's stack are left out: the first
 * one shown is the public function that the program called.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump.h"
#include "globals.h"
#include "image.h"
#include "print_parts.h"
#include "util.h"

static bool rest_of_memory(void *arg, uint64_t addr, uint64_t *ret_word)
{
    return live_read(arg, addr, ret_word, sizeof *ret_word);
}

/* --- joining --- */

static struct task *add_task(struct dump *d, size_t *cap)
{
    d->tasks = grow(d->tasks, d->ntasks, cap, sizeof *d->tasks);
    struct task *t = &d->tasks[d->ntasks++];
    *t = (struct task){.wait = {.fd = -1}};
    return t;
}

static const struct thread *thread_by_ns_tid(const struct dump *d, int tid)
{
    for (size_t i = 0; tid && i < d->threads.n; i++)
        if (d->threads.at[i].ns_tid == tid)
            return &d->threads.at[i];
    return NULL;
}

/* A thread may have gone on to another goroutine since the goroutines were read. */
static bool runs_on(const struct goroutine *g, const struct thread *t)
{
    uint64_t sp = t->regs.at[CFI_SP];
    return g->kind == KIND_FOREIGN || (sp >= g->stack_lo && sp < g->stack_hi);
}

static bool is_thread_of_library(const struct dump *d, const struct thread *t)
{
    const struct gorc__tables *tab = &d->goroutines.t;
    uint64_t m = 0;
    int32_t tid = 0;
    if (!d->goroutines.at_table)
        return false;
    if (live_read(&d->live, (uint64_t)(uintptr_t)tab->sysmon_tid, &tid, sizeof tid) &&
        tid == t->ns_tid)
        return true;
    live_read(&d->live, (uint64_t)(uintptr_t)tab->all_ms, &m, sizeof m);
    while (m) {
        if (live_read(&d->live, m + tab->m_tid, &tid, sizeof tid) && tid == t->ns_tid)
            return true;
        if (!live_read(&d->live, m + tab->m_all_next, &m, sizeof m))
            break;
    }
    return false;
}

static void join_tasks(struct dump *d)
{
    size_t cap = 0;
    bool *taken = xcalloc(d->threads.n + 1, sizeof *taken);
    for (size_t i = 0; i < d->goroutines.n; i++) {
        const struct goroutine *g = &d->goroutines.at[i];
        const struct thread *t = g->tid ? thread_by_ns_tid(d, g->tid) : NULL;
        struct task *k = add_task(d, &cap);
        k->g = g;
        if (t && t->regs.known && runs_on(g, t)) {
            k->t = t;
            taken[t - d->threads.at] = true;
        }
    }
    for (size_t i = 0; i < d->threads.n; i++) {
        if (taken[i])
            continue;
        struct task *k = add_task(d, &cap);
        k->t = &d->threads.at[i];
        k->idle_worker = is_thread_of_library(d, k->t);
    }
    free(taken);
}

/* --- stacks --- */

static void unwind(const struct dump *d, const struct task *k, struct stack *s)
{
    struct live *l = (struct live *)(uintptr_t)&d->live;
    if (k->t) {
        unwind_stack(d->process, &k->t->regs, &k->t->stack, rest_of_memory, l, true, s);
    } else if (k->g) {
        struct registers regs;
        goroutine_registers(l, &d->goroutines, k->g, &regs);
        unwind_stack(d->process, &regs, &k->g->stack, rest_of_memory, l, false, s);
    }
}

static bool equal(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Length of a path without its last two parts: where a library's sources lie. */
static size_t source_root(const char *file)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    while (slash && slash > file && *--slash != '/')
        ;
    return slash ? (size_t)(slash - file) : 0;
}

static bool same_sources(const struct frame *a, const struct frame *b)
{
    size_t n = source_root(a->file);
    return n && n == source_root(b->file) && strncmp(a->file, b->file, n) == 0;
}

/* The library's frame by its module, or, linked into the program, by where its sources lie. */
static bool is_library(const struct dump *d, const struct frame *f, const struct frame *top)
{
    const struct process *p = d->process;
    const struct module *m = &p->modules[d->library];
    if (d->library != 0)
        return equal(f->module, m->path);
    return equal(f->module, m->path) &&
           ((f->function && strncmp(f->function, "gorc_", 5) == 0) || same_sources(f, top));
}

static bool is_public(const struct frame *f)
{
    return f->function && strncmp(f->function, "gorc_", 5) == 0 &&
           strncmp(f->function, "gorc__", 6) != 0;
}

/* Takes out the frames of libgorc above the public function that was called (which the compiler may
 * have left by a jump), and its way into the goroutine at the bottom. */
static void strip(const struct dump *d, struct stack *s)
{
    size_t first = 0;
    while (first + 1 < s->nframes && is_library(d, &s->frames[first], &s->frames[0]) &&
           !is_public(&s->frames[first]))
        first++;
    s->frames += first;
    s->nframes -= first;
    while (s->nframes > 1) {
        const char *f = s->frames[s->nframes - 1].function;
        if (!f || (strcmp(f, "gorc__g_main") != 0 && strcmp(f, "gorc__switch_entry") != 0))
            break;
        s->nframes--;
    }
}

/* "read" of __GI___libc_read. */
static char *public_name(char *f)
{
    static const char *const prefixes[] = {"GI_", "libc_", "new_"};
    if (!f || *f != '_')
        return f;
    f += strspn(f, "_");
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t n = strlen(prefixes[i]);
        if (strncmp(f, prefixes[i], n) == 0)
            f += n + strspn(f + n, "_");
    }
    return f;
}

/* Of libc's frames the outermost, under its public name. */
static void strip_libc(struct stack *s)
{
    size_t n = 0;
    while (n + 1 < s->nframes && equal(s->frames[n].module, s->frames[0].module))
        n++;
    if (n == 0 || !strstr(s->frames[0].module ? s->frames[0].module : "", "/libc"))
        return;
    s->frames += n - 1;
    s->nframes -= n - 1;
    s->frames[0].function = public_name(s->frames[0].function);
}

/* --- words --- */

char *task_label(const struct dump *d, const struct task *t)
{
    if (t->g && t->g->kind == KIND_MAIN)
        return xstrdup("main");
    if (t->g && t->g->kind == KIND_GOROUTINE)
        return xprintf("g%llu", (unsigned long long)t->g->id);
    if (t->t && t->t->tid == d->process->pid)
        return xstrdup("main");
    return xprintf("t%d", t->t ? t->t->tid : t->g->tid);
}

uint64_t task_object(const struct task *t)
{
    return t->t ? t->wait.object : t->g ? t->g->object : 0;
}

static char *global_name(const struct dump *d, uint64_t addr)
{
    for (size_t i = 0; i < d->process->nmodules; i++) {
        const struct module *m = &d->process->modules[i];
        if (!m->path || addr < m->lo || addr >= m->hi)
            continue;
        struct image *im = image_of(m);
        struct object o = {.kind = (char *)(uintptr_t) "global", .addr = addr};
        if (im->module)
            name_global(im->module, im->bias + addr - m->base, &o);
        return o.name;
    }
    return NULL;
}

static char *object_text(const struct dump *d, uint64_t addr, const char *name)
{
    char *global = name ? NULL : global_name(d, addr);
    if (!name)
        name = global;
    return name ? xprintf("'%s'", name) : xprintf("0x%llx", (unsigned long long)addr);
}

static char *place_text(const struct dump *d, uint64_t pc)
{
    struct raw_frame raw = {.module = -1};
    struct stack s = {.raw = &raw, .nraw = 1};
    for (size_t i = 0; pc && i < d->process->nmodules; i++)
        if (pc >= d->process->modules[i].lo && pc < d->process->modules[i].hi)
            raw = (struct raw_frame){(int)i, pc - d->process->modules[i].base};
    if (d->goroutines.t.detector || raw.module < 0)
        return NULL;
    symbolize_stack(d->process, &s);
    const struct frame *f = s.nframes ? &s.frames[0] : NULL;
    char *text = NULL;
    if (f && f->file)
        text = xprintf("%s:%d", short_path(f->file), f->line);
    else if (f && f->function)
        text = xstrdup(f->function);
    free(s.frames);
    return text;
}

static char *case_text(const struct dump *d, const struct select_case *c)
{
    const struct chan_state *ch = &d->goroutines.chans[c->chan];
    char *what = object_text(d, ch->addr, ch->name);
    char *made = ch->name ? NULL : place_text(d, ch->created);
    char *closed =
        xprintf("%s%s%s", ch->closed ? ", closed" : "", made ? ", made at " : "", made ? made : "");
    if (ch->timer)
        return xprintf("%s (a timer's%s)", what, closed);
    if (!ch->capacity)
        return xprintf("%s (unbuffered%s)", what, closed);
    return xprintf("%s (%llu of %llu%s)", what, (unsigned long long)ch->count,
        (unsigned long long)ch->capacity, closed);
}

static char *select_text(const struct dump *d, const struct goroutine *g)
{
    char *text = xstrdup("select");
    for (size_t i = 0; i < g->n_cases && i < 8; i++) {
        char *one = case_text(d, &g->cases[i]);
        char *more =
            xprintf("%s%s %s %s", text, i ? "," : ":", g->cases[i].send ? "send" : "receive", one);
        free(one);
        free(text);
        text = more;
    }
    if (g->n_cases > 8) {
        char *more = xprintf("%s, %zu more", text, g->n_cases - 8);
        free(text);
        text = more;
    }
    return text;
}

static char *holder_text(const struct dump *d, uint64_t holder)
{
    if (!holder)
        return xstrdup("");
    const struct goroutine *h = goroutine_by_id(&d->goroutines, holder);
    if (!h)
        return xprintf(", held by g%llu, which has ended", (unsigned long long)holder);
    return h->kind == KIND_MAIN ? xstrdup(", held by main")
                                : xprintf(", held by g%llu", (unsigned long long)holder);
}

static char *fd_text(const struct dump *d, int fd)
{
    char path[64], to[256];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", d->process->pid, fd);
    ssize_t n = readlink(path, to, sizeof to - 1);
    if (n < 0)
        return xprintf("fd %d", fd);
    to[n] = 0;
    return xprintf("fd %d (%s)", fd, to);
}

static char *goroutine_wait_text(const struct dump *d, const struct goroutine *g)
{
    const char *reason = d->goroutines.reasons[g->reason];
    if (g->object_kind == OBJ_SELECT)
        return select_text(d, g);
    if (g->object_kind == OBJ_CHAN && g->n_cases) {
        char *c = case_text(d, &g->cases[0]), *text = xprintf("%s %s", reason, c);
        free(c);
        return text;
    }
    if (g->object_kind == OBJ_FD)
        return xprintf("%s %s", reason, fd_text(d, (int)g->object));
    if (!g->object)
        return xstrdup(reason);
    char *what = object_text(d, g->object, g->object_name), *by = holder_text(d, g->holder);
    char *more = xstrdup("");
    if (g->object_kind == OBJ_WAITGROUP)
        more = xprintf(" (counter %d)", g->counter);
    else if (g->object_kind == OBJ_RWMUTEX && !g->holder && g->readers)
        more = xprintf(" (%u readers)", g->readers);
    return xprintf("%s %s%s%s", reason, what, more, by);
}

/* A thread, or the goroutine that it runs. */
static char *thread_label(const struct dump *d, const struct thread *t)
{
    for (size_t i = 0; i < d->ntasks; i++)
        if (d->tasks[i].t == t)
            return task_label(d, &d->tasks[i]);
    return xprintf("t%d", t->tid);
}

static char *thread_wait_text(const struct dump *d, const struct thread_wait *w)
{
    if (w->object) {
        char *what = object_text(d, w->object, NULL);
        const struct thread *h = thread_by_ns_tid(d, w->holder);
        if (h)
            return xprintf("%s %s, held by %s", w->reason, what, thread_label(d, h));
        if (w->holder)
            return xprintf("%s %s, held by thread %d, which has ended", w->reason, what, w->holder);
        return xprintf("%s %s", w->reason, what);
    }
    const struct thread *joined = thread_by_ns_tid(d, w->holder);
    if (joined)
        return xprintf("%s of %s", w->reason, thread_label(d, joined));
    if (w->fd >= 0)
        return xprintf("%s %s", w->reason, fd_text(d, w->fd));
    return xstrdup(w->reason);
}

static const char *state_of(const struct task *k)
{
    if (k->t)
        return k->t->in_syscall ? "blocked" : k->t->state == 'T' ? "stopped" : "running";
    switch (k->g->state) {
    case G_RUNNABLE:
        return "runnable";
    case G_BLOCKED:
        return "blocked";
    case G_BLOCKING:
        return "in a blocking call";
    default:
        return "running";
    }
}

static int64_t waited(const struct dump *d, const struct task *k)
{
    if (k->g && k->g->state == G_BLOCKED && k->g->since > 0 && d->goroutines.now > k->g->since)
        return d->goroutines.now - k->g->since;
    return k->t && k->t->still ? k->t->still_ns : -1;
}

static char *created_text(const struct dump *d, const struct goroutine *g)
{
    char *place = place_text(d, g->created);
    if (!place)
        return NULL;
    char *text = g->parent == 1 ? xprintf("main at %s", place)
                                : xprintf("g%llu at %s", (unsigned long long)g->parent, place);
    free(place);
    return text;
}

/* Threads have their maker's name until they get one. */
static const char *own_name(const struct dump *d, const struct thread *t)
{
    for (size_t i = 0; t && t->name && i < d->threads.n; i++)
        if (d->threads.at[i].tid == d->process->pid && equal(d->threads.at[i].name, t->name))
            return NULL;
    return t ? t->name : NULL;
}

static void describe(struct dump *d, struct task *k)
{
    struct dump_task *s = &d->process->dump[k->shown];
    bool blocked_goroutine = k->g && k->g->state == G_BLOCKED && k->g->kind != KIND_FOREIGN;
    bool foreign = k->g && k->g->kind == KIND_FOREIGN;
    const char *name = k->g && k->g->name ? k->g->name : own_name(d, k->t);
    bool is_main =
        (k->g && k->g->kind == KIND_MAIN) || (!k->g && k->t && k->t->tid == d->process->pid);
    s->kind = xstrdup(is_main ? "main" : k->g && !foreign ? "goroutine" : "thread");
    s->id = k->g && !foreign ? k->g->id : (uint64_t)(k->t ? k->t->tid : k->g->tid);
    s->name = is_main || (k->g && !foreign && !k->g->name) ? NULL : xstrdup(name);
    s->state = xstrdup(state_of(k));
    s->waited_ns = waited(d, k);
    s->at_least = !(k->g && k->g->state == G_BLOCKED) && s->waited_ns >= 0;
    s->tid = k->t ? k->t->tid : 0;
    if (k->g && k->g->kind == KIND_GOROUTINE)
        s->created = created_text(d, k->g);
    if (blocked_goroutine || (foreign && k->g->state == G_BLOCKED)) {
        s->reason = xstrdup(d->goroutines.reasons[k->g->reason]);
        s->wait = goroutine_wait_text(d, k->g);
    } else if (k->t && k->t->in_syscall) {
        s->reason = xstrdup(k->wait.reason);
        s->wait = thread_wait_text(d, &k->wait);
    }
}

static size_t library_module(const struct dump *d)
{
    for (size_t i = 0; i < d->process->nmodules; i++) {
        const struct module *m = &d->process->modules[i];
        if (d->goroutines.at_table >= m->lo && d->goroutines.at_table < m->hi)
            return i;
    }
    return 0;
}

void dump_tasks(struct dump *d)
{
    struct process *p = d->process;
    d->library = library_module(d);
    join_tasks(d);
    p->dump = xcalloc(d->ntasks + 1, sizeof *p->dump);
    for (size_t i = 0; i < d->ntasks; i++) {
        struct task *k = &d->tasks[i];
        if (k->idle_worker)
            continue;
        k->shown = p->ndump;
        p->dump[p->ndump].waited_ns = -1;
        unwind(d, k, &p->dump[p->ndump++].stack);
    }
    p->has_dump = true;
    symbolize(p);
    for (size_t i = 0; i < d->ntasks; i++) {
        struct task *k = &d->tasks[i];
        if (k->idle_worker)
            continue;
        struct stack *s = &p->dump[k->shown].stack;
        if (k->t)
            thread_wait(&d->live, k->t, s, &k->wait);
        if (k->g)
            strip(d, s);
        else if (k->t->in_syscall)
            strip_libc(s);
        describe(d, k);
    }
}
