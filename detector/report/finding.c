/* SPDX-License-Identifier: MIT
 *
 * Findings: repetitions dropped, recorded, counted, handed to the program's hook.
 *
 * The set of findings that were there is a hash table of 128-bit digests that grows; nothing is
 * ever evicted. Its lock is a leaf. A signal handler of the program cannot come in between, since
 * the task counts as inside the runtime meanwhile and its events are dropped.
 */
#include <string.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "base/lock.h"
#include "report/finding.h"
#include "report/modules.h"
#include "report/record.h"
#include "report/record_impl.h"

void (*dt_on_halt)(void);
void (*dt_finding_hook)(const struct dt_finding *f, uint32_t number);

/* --- the set --- */

struct digest {
    uint64_t a, b;
};
struct entry {
    struct digest key; /* a == 0: empty */
    uint32_t number, count;
};
/* How many findings there are of each of API.md's words, for the summary without helper. */
struct words {
    struct words *next;
    const char *words;
    unsigned n;
};

static dt_lock lock; /* guards what follows */
static struct entry *table;
static size_t table_size, table_used;
static struct words *words_list;

static unsigned total, counting; /* atomic; recorded ones */
static unsigned not_recorded;    /* atomic */

static uint64_t mix(uint64_t h, uint64_t v)
{
    h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
    h ^= h >> 31;
    h *= 0xbf58476d1ce4e5b9u;
    return h ^ (h >> 29);
}

static uint64_t mix_text(uint64_t h, const char *s)
{
    for (; s && *s; s++)
        h = mix(h, (unsigned char)*s);
    return mix(h, 0x100);
}

/* Without the library's frames below a goroutine's function. */
size_t dt_finding_stack_pcs(const struct dt_finding_stack *s, uintptr_t *ret_pcs)
{
    size_t n = s->npcs < DT_MAX_FRAMES ? s->npcs : DT_MAX_FRAMES;
    if (s->pcs)
        memcpy(ret_pcs, s->pcs, n * sizeof *ret_pcs);
    else
        n = dt_stack_pcs(s->id, ret_pcs, DT_MAX_FRAMES);
    while (n > 1 && dt_module_is_ours(ret_pcs[n - 1]))
        n--;
    return n;
}

/* Two races at the same places are one, wherever their tasks come from; of other kinds, the place
 * of creation is a part. Who made the channels of a select or of a circle is told besides. */
static bool is_part(const struct dt_finding *f, const struct dt_finding_stack *s)
{
    if (strcmp(s->role, "channel created by") == 0)
        return false;
    return !s->child || strcmp(f->kind, "data-race") != 0;
}

/* The stacks' digests are added up: which of two racing sides came first does not matter. */
static struct digest digest_of(const struct dt_finding *f)
{
    uintptr_t pcs[DT_MAX_FRAMES];
    uint64_t sum_a = 0, sum_b = 0;
    for (size_t i = 0; i < f->nstacks; i++) {
        if (!is_part(f, &f->stacks[i]))
            continue;
        uint64_t a = 1, b = 2;
        size_t n = dt_finding_stack_pcs(&f->stacks[i], pcs);
        for (size_t k = 0; k < n; k++) {
            struct dt_place p = dt_module_place(pcs[k]);
            a = mix(mix(a, (uint64_t)p.module), p.offset);
            b = mix(mix(b, p.offset), (uint64_t)p.module);
        }
        sum_a += a;
        sum_b += b;
    }
    struct digest d = {mix_text(mix_text(sum_a, f->kind), f->rule), mix_text(sum_b, f->words)};
    d.a += d.a == 0;
    return d;
}

static struct entry *slot(struct entry *in, size_t size, struct digest d)
{
    size_t i = d.a & (size - 1);
    while (in[i].key.a && (in[i].key.a != d.a || in[i].key.b != d.b))
        i = (i + 1) & (size - 1);
    return &in[i];
}

static void grow(void)
{
    size_t size = table_size ? table_size * 2 : 64;
    struct entry *bigger = dt_alloc(size * sizeof *bigger);
    for (size_t i = 0; i < table_size; i++)
        if (table[i].key.a)
            *slot(bigger, size, table[i].key) = table[i];
    dt_free(table, table_size * sizeof *table);
    table = bigger;
    table_size = size;
}

static void count_words(const char *text)
{
    struct words **w = &words_list;
    while (*w && strcmp((*w)->words, text) != 0)
        w = &(*w)->next;
    if (!*w) {
        *w = dt_alloc(sizeof **w);
        (*w)->words = text;
    }
    (*w)->n++;
}

/* The finding's number, from 1; 0: it was there, or there are too many. */
static uint32_t enter(const struct dt_finding *f)
{
    struct digest d = digest_of(f);
    dt_lock_take(&lock);
    if (table_used * 2 >= table_size)
        grow();
    struct entry *e = slot(table, table_size, d);
    uint32_t number = 0;
    if (!e->key.a) {
        table_used++;
        e->key = d;
        if (!dt_flags.max_findings || total < (unsigned)dt_flags.max_findings) {
            number = e->number = __atomic_add_fetch(&total, 1, __ATOMIC_RELAXED);
            count_words(f->words ? f->words : f->kind);
        } else {
            __atomic_fetch_add(&not_recorded, 1, __ATOMIC_RELAXED);
        }
    }
    e->count++;
    dt_lock_drop(&lock);
    return number;
}

void dt_findings_forget(void)
{
    lock = 0;
    table = NULL; /* the parent's: whoever held the lock may have left it half made */
    table_size = table_used = 0;
    words_list = NULL;
    total = counting = not_recorded = 0;
}

bool dt_finding_possible(void)
{
    for (unsigned round = 0; round < 300; dt_pause(&round)) {
        if (dt_lock_try(&lock)) {
            dt_lock_drop(&lock);
            return true;
        }
    }
    return false;
}

unsigned dt_findings_counting(void)
{
    return __atomic_load_n(&counting, __ATOMIC_RELAXED);
}

unsigned dt_findings_not_recorded(void)
{
    return __atomic_load_n(&not_recorded, __ATOMIC_RELAXED);
}

unsigned dt_findings_total(void)
{
    return __atomic_load_n(&total, __ATOMIC_RELAXED);
}

/* --- building --- */

void dt_finding_stack(struct dt_finding *f, const char *role, const struct dt_task_info *task,
    dt_stackid id, const char *note)
{
    if (f->nstacks == DT_MAX_STACKS) {
        f->left_out++;
        return;
    }
    f->stacks[f->nstacks++] =
        (struct dt_finding_stack){.role = role, .task = task, .id = id, .note = note};
}

void dt_finding_pcs(struct dt_finding *f, const char *role, const struct dt_task_info *task,
    const uintptr_t *pcs, size_t npcs, const char *note)
{
    size_t before = f->nstacks;
    dt_finding_stack(f, role, task, 0, note);
    if (f->nstacks == before)
        return;
    f->stacks[before].pcs = pcs;
    f->stacks[before].npcs = npcs;
}

static bool has_creation(const struct dt_finding *f, const struct dt_task_info *child)
{
    for (size_t i = 0; i < f->nstacks; i++)
        if (f->stacks[i].child && f->stacks[i].child->uid == child->uid)
            return true;
    return false;
}

void dt_finding_creation(struct dt_finding *f, const struct dt_task_info *task)
{
    for (int depth = 0; task && task->created && depth < DT_MAX_ANCESTORS; depth++) {
        if (has_creation(f, task))
            return;
        size_t before = f->nstacks;
        dt_finding_stack(f, "created by", task->parent, task->created, NULL);
        if (f->nstacks == before)
            return;
        f->stacks[before].child = task;
        task = task->parent;
    }
}

void dt_task_label(const struct dt_task_info *task, char ret_label[24])
{
    char digits[24], *p = digits + sizeof digits;
    if (!task || (task->kind == DT_TASK_MAIN)) {
        memcpy(ret_label, task ? "main" : "?", task ? 5 : 2);
        return;
    }
    *--p = 0;
    uint64_t n = task->id;
    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    *--p = task->kind == DT_TASK_GOROUTINE ? 'g' : 't';
    memcpy(ret_label, p, (size_t)(digits + sizeof digits - p));
}

/* --- the line --- */

const char *dt_certainty_word(enum dt_certainty c)
{
    static const char *const words[] = {"suspect", "likely", "proven", "certain"};
    return words[c];
}

static void add_task(
    struct dt_line *l, const char *key, const char *name_key, const struct dt_task_info *task)
{
    char label[24];
    if (!task)
        return;
    dt_task_label(task, label);
    dt_line_field(l, key, label);
    if (name_key && task->name[0])
        dt_line_field(l, name_key, task->name);
}

bool (*dt_describe_task)(const struct dt_task_info *task, int *ret_tid);

/* Of a "created by" stack. */
static void add_child(struct dt_line *l, const struct dt_task_info *child)
{
    int tid = 0;
    bool runs = dt_describe_task && dt_describe_task(child, &tid);
    add_task(l, "of", "name_of", child);
    if (tid)
        dt_line_number(l, "tid", (uint64_t)tid);
    if (!runs && dt_describe_task) {
        dt_line_key(l, "ended");
        dt_line_text(l, "true");
    }
}

static void add_place(struct dt_line *l, const char *key, int module, uint64_t offset)
{
    dt_line_key(l, key);
    dt_line_text(l, "[");
    dt_line_u64(l, (uint64_t)module);
    dt_line_text(l, ",");
    dt_line_u64(l, offset);
    dt_line_text(l, "]");
}

static void add_object(struct dt_line *l, const struct dt_finding_object *o)
{
    if (!o->kind)
        return;
    dt_line_key(l, "object");
    dt_line_text(l, "{");
    dt_line_field(l, "kind", o->kind);
    dt_line_field(l, "name", o->name);
    add_task(l, "task", NULL, o->task);
    dt_line_number(l, "addr", o->addr);
    if (o->size)
        dt_line_number(l, "size", o->size);
    struct dt_place p = dt_module_place(o->addr);
    if (p.module >= 0)
        add_place(l, "at", p.module, p.offset);
    p = o->cfa ? dt_module_place(o->frame_pc) : (struct dt_place){-1, 0};
    if (p.module >= 0) {
        add_place(l, "frame", p.module, p.offset);
        dt_line_number(l, "cfa", o->cfa);
    }
    p = o->tls_object ? dt_module_place(o->tls_object) : (struct dt_place){-1, 0};
    if (p.module >= 0)
        add_place(l, "tls", p.module, o->tls_offset);
    dt_line_text(l, "}");
}

static void add_lock(struct dt_line *l, const struct dt_finding_lock *k)
{
    uintptr_t pcs[DT_MAX_FRAMES];
    dt_line_text(l, "{");
    dt_line_number(l, "addr", (uintptr_t)k->lock);
    dt_line_field(l, "name", k->name[0] ? k->name : NULL);
    if (k->shared) {
        dt_line_key(l, "shared");
        dt_line_text(l, "true");
    }
    struct dt_finding_stack where = {.id = k->where}, created = {.id = k->created};
    dt_record_frames(l, "frames", pcs, dt_finding_stack_pcs(&where, pcs));
    if (k->created)
        dt_record_frames(l, "created", pcs, dt_finding_stack_pcs(&created, pcs));
    dt_line_text(l, "}");
}

static void add_locks(struct dt_line *l, const struct dt_finding_stack *s)
{
    dt_line_number(l, "held", s->nheld);
    dt_line_key(l, "locks");
    dt_line_text(l, "[");
    for (size_t i = 0; i < s->nlocks; i++) {
        if (i)
            dt_line_text(l, ",");
        add_lock(l, &s->locks[i]);
    }
    dt_line_text(l, "]");
}

static void add_stack(
    struct dt_line *l, const struct dt_finding_stack *s, const struct dt_finding_access *access)
{
    uintptr_t pcs[DT_MAX_FRAMES];
    dt_line_text(l, "{");
    dt_line_field(l, "role", s->role);
    add_task(l, "task", "name", s->task);
    if (s->child)
        add_child(l, s->child);
    dt_line_field(l, "note", s->note);
    if (access && access->size) {
        dt_line_number(l, "addr", access->addr);
        dt_line_number(l, "size", access->size);
    }
    if (s->locks)
        add_locks(l, s);
    dt_record_frames(l, "frames", pcs, dt_finding_stack_pcs(s, pcs));
    dt_line_text(l, "}");
}

static void add_sync(struct dt_line *l, const struct dt_finding_sync *s)
{
    dt_line_text(l, "{");
    dt_line_field(l, "when", s->when);
    dt_line_number(l, "access", s->access);
    dt_line_field(l, "how", s->how);
    if (s->object)
        dt_line_number(l, "addr", s->object);
    dt_line_field(l, "name", s->name[0] ? s->name : NULL);
    dt_record_frames(l, "frames", s->pcs, (s->pcs[0] != 0) + (s->pcs[0] && s->pcs[1]));
    dt_line_text(l, "}");
}

static void add_syncs(struct dt_line *l, const struct dt_finding *f)
{
    dt_line_key(l, "syncs");
    dt_line_text(l, "[");
    for (size_t i = 0; i < f->nsyncs; i++) {
        if (i)
            dt_line_text(l, ",");
        add_sync(l, &f->syncs[i]);
    }
    dt_line_text(l, "]");
}

static void record_finding(const struct dt_finding *f, uint32_t number)
{
    struct dt_line l;
    dt_line_start(&l);
    if (dt_record_is_text()) {
        dt_plain_text(&l, f);
        dt_record_line(&l);
        return;
    }
    dt_line_text(&l, "{\"finding\":{");
    dt_line_number(&l, "number", number);
    dt_line_field(&l, "kind", f->kind);
    dt_line_field(&l, "rule", f->rule ? f->rule : f->kind);
    dt_line_field(&l, "words", f->words);
    dt_line_field(&l, "certainty", dt_certainty_word(f->certainty));
    dt_line_key(&l, "counts");
    dt_line_text(&l, f->counts ? "true" : "false");
    dt_line_field(&l, "message", f->message);
    add_object(&l, &f->object);
    if (f->has_knowledge)
        dt_line_number(&l, "behind", f->heard ? f->behind : 0);
    if (f->nsyncs)
        add_syncs(&l, f);
    dt_line_key(&l, "stacks");
    dt_line_text(&l, "[");
    for (size_t i = 0; i < f->nstacks; i++) {
        if (i)
            dt_line_text(&l, ",");
        add_stack(&l, &f->stacks[i], i < 2 ? &f->access[i] : NULL);
    }
    dt_line_text(&l, "]");
    if (f->left_out)
        dt_line_number(&l, "stacks_left_out", f->left_out);
    dt_line_text(&l, "}}\n");
    dt_record_line(&l);
}

void dt_findings_record_repeats(void)
{
    struct dt_line l;
    bool any = false;
    dt_line_start(&l);
    dt_line_text(&l, "{\"repeats\":[");
    dt_lock_take(&lock);
    for (size_t i = 0; i < table_size; i++) {
        if (!table[i].number || table[i].count < 2)
            continue;
        dt_line_text(&l, any ? ",[" : "[");
        dt_line_u64(&l, table[i].number);
        dt_line_text(&l, ",");
        dt_line_u64(&l, table[i].count);
        dt_line_text(&l, "]");
        any = true;
    }
    dt_lock_drop(&lock);
    dt_line_text(&l, "]}\n");
    if (any)
        dt_record_line(&l);
    else
        dt_line_free(&l);
}

/* --- text without symbols --- */

static void plain_locks(struct dt_line *l, const struct dt_finding_stack *s)
{
    if (!s->locks)
        return;
    dt_line_text(l, s->nheld ? "  holding" : "  holding no lock");
    for (size_t i = 0; i < s->nlocks; i++) {
        dt_line_text(l, i ? ", lock " : " lock ");
        dt_line_u64(l, (uintptr_t)s->locks[i].lock);
        dt_line_text(l, s->locks[i].name[0] ? " '" : "");
        dt_line_text(l, s->locks[i].name);
        dt_line_text(l, s->locks[i].name[0] ? "'" : "");
    }
}

void dt_plain_text(struct dt_line *l, const struct dt_finding *f)
{
    uintptr_t pcs[DT_MAX_FRAMES];
    char label[24];
    dt_line_text(l, "== gorc: ");
    dt_line_text(l, f->words ? f->words : f->kind);
    dt_line_text(l, " == ");
    dt_line_text(l, dt_certainty_word(f->certainty));
    dt_line_text(l, " ==\n");
    if (f->message) {
        dt_line_text(l, f->message);
        dt_line_text(l, "\n");
    }
    for (size_t i = 0; i < f->nstacks; i++) {
        const struct dt_finding_stack *s = &f->stacks[i];
        dt_task_label(s->task, label);
        dt_line_text(l, "  ");
        dt_line_text(l, s->role);
        dt_line_text(l, " ");
        dt_line_text(l, label);
        if (s->note) {
            dt_line_text(l, "  ");
            dt_line_text(l, s->note);
        }
        plain_locks(l, s);
        size_t n = dt_finding_stack_pcs(s, pcs);
        for (size_t k = 0; k < n; k++) {
            struct dt_place p = dt_module_place(pcs[k]);
            dt_line_text(l, "\n    ");
            dt_line_text(l, dt_module_path(p.module));
            dt_line_text(l, "+");
            dt_line_u64(l, p.offset);
        }
        dt_line_text(l, "\n");
    }
    dt_line_text(l, "\n");
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* As the command's summary: "data races", but "send on closed channel". */
static bool has_plural(const char *words)
{
    return ends_with(words, "race") || ends_with(words, "leak") || ends_with(words, "deadlock") ||
           ends_with(words, "inversion");
}

/* "2 findings (1 data race, 1 deadlock", or "no findings (" */
void dt_findings_summary_text(struct dt_line *l)
{
    unsigned n = dt_findings_total();
    if (!n) {
        dt_line_text(l, "no findings (");
        return;
    }
    dt_line_u64(l, n);
    dt_line_text(l, n == 1 ? " finding (" : " findings (");
    dt_lock_take(&lock);
    for (struct words *w = words_list; w; w = w->next) {
        dt_line_u64(l, w->n);
        dt_line_text(l, " ");
        dt_line_text(l, w->words);
        dt_line_text(l, w->n > 1 && has_plural(w->words) ? "s" : "");
        dt_line_text(l, w->next ? ", " : "");
    }
    dt_lock_drop(&lock);
}

/* --- adding --- */

static void halt(void)
{
    if (dt_on_halt)
        dt_on_halt();
    if (!dt_flags.record[0])
        dt_record_print();
    _exit(dt_flags.exitcode);
}

/* What the options leave out. */
static bool is_unwanted(const struct dt_finding *f)
{
    const char *kind = f->kind, *object = f->object.kind ? f->object.kind : "";
    if (strcmp(kind, "thread-leak") == 0)
        return !dt_flags.report_thread_leaks;
    if (strcmp(kind, "misuse") != 0)
        return false;
    if (strstr(f->rule ? f->rule : "", "signal"))
        return !dt_flags.report_signal_unsafe;
    return !dt_flags.report_misuse_of_locks && (strstr(object, "mutex") || strstr(object, "lock"));
}

bool dt_finding_add(const struct dt_finding *f)
{
    if (is_unwanted(f))
        return false;
    struct dt_task *t = dt_self;
    if (t != &dt_task_unknown)
        t->in_runtime++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    uint32_t number = enter(f);
    if (number) {
        record_finding(f, number);
        if (f->counts)
            __atomic_fetch_add(&counting, 1, __ATOMIC_RELAXED);
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (t != &dt_task_unknown)
        t->in_runtime--;
    if (number && dt_finding_hook) /* the program's code: seen as such */
        dt_finding_hook(f, number);
    if (number && f->counts && dt_flags.halt_on_error && dt_record_counts())
        halt();
    return number != 0;
}
