/* SPDX-License-Identifier: MIT
 *
 * Leaks; see leak.h. Goroutines that wait for the same at the same place and were made at the same
 * place are one finding, which says how many they are. Levels: nothing that can still run refers to
 * what it waits for (reach.h): proven; blocked on an object without a timer or descriptor: likely;
 * the rest: suspect.
 *
 * A run that ends just when its last goroutines are about to return is no leak of theirs: those
 * that run or may run get a short while to finish first.
 */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "core/stack.h"
#include "core/task.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "runtime/alike.h"
#include "runtime/behind.h"
#include "runtime/cases.h"
#include "runtime/describe.h"
#include "runtime/leak.h"
#include "runtime/locks.h"
#include "runtime/lost.h"
#include "runtime/reach.h"
#include "runtime/runtime.h"
#include "runtime/stall.h"
#include "runtime/starved.h"
#include "runtime/watch.h"
#include "runtime/thread.h"

enum { GRACE_MS = 100, FIRST_GROUPS = 64, MADE_FRAMES = 64, MAX_BEHIND = 6 };

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

bool dt_certainty_counts(enum dt_certainty c)
{
    const char *least = dt_flags.min_certainty;
    if (strcmp(least, "suspect") == 0)
        return true;
    if (strcmp(least, "proven") == 0)
        return c >= DT_PROVEN;
    return c >= DT_LIKELY;
}

/* --- goroutines --- */

/* Goroutines alike that wait for a lock which a leaked one has. */
struct behind {
    struct behind *next;
    struct gorc__inspect_g g;
    const struct dt_task_info *info;
    dt_stackid stack;
    uint64_t stack_hash, count;
};

/* Goroutines alike: the first one stands for all. */
struct group {
    struct group *next;
    struct gorc__inspect_g g;
    const struct dt_task_info *info;
    dt_stackid stack;
    dt_stackid held; /* where what it waits for was locked, 0: unknown */
    const struct dt_task_info *holder;
    uint64_t stack_hash; /* of it and of its creator's: ids of one stack may differ */
    enum dt_certainty certainty;
    uint64_t count, hash;
    uint64_t blocks, bytes; /* kept alive by them alone */
    struct behind *behind;
    uint64_t n_behind;
    /* Of a wait on one channel. */
    bool has_chan, peer_lives, sends;
    struct gorc__inspect_chan chan;
    struct dt_cases cases; /* of a select */
};

struct collection {
    struct group **buckets;
    size_t nbuckets, ngroups;
    bool failed;
    uint64_t below;                 /* only descendants of this goroutine; 0: all */
    const struct dt_stalls *stalls; /* reported as deadlocks */
    struct group **group_of;        /* of each goroutine of the look; NULL: it is told elsewhere */
    struct dt_alike *alike;
    int total;
};

/* The goroutine that ends the process, or asks, has a reason to be there. */
static bool is_program_goroutine(const struct gorc__inspect_g *g)
{
    if (g->task && g->task->detect == dt_self)
        return false;
    return g->goid > 1 && !g->is_system && !g->is_foreign && g->state != GORC__G_DEAD;
}

/* A goroutine that blocks its thread on an object of pthread's is as good as parked. */
static enum dt_certainty certainty_of(const struct dt_reach_g *r)
{
    struct dt_wait w;
    if (r->is_dead)
        return DT_PROVEN;
    if (r->g.state == GORC__G_BLOCKED)
        return r->outside ? DT_SUSPECT : DT_LIKELY;
    if (dt_goroutine_wait(&r->g, &w) && !w.timed && dt_wait_is_pthread(w.reason))
        return DT_LIKELY;
    return DT_SUSPECT;
}

bool dt_task_descends(const struct dt_task_info *info, uint64_t goid)
{
    for (info = info ? info->parent : NULL; info; info = info->parent)
        if (info->kind != DT_TASK_THREAD && info->id == goid)
            return true;
    return false;
}

static bool same_group(const struct group *a, const struct gorc__inspect_g *g, uint64_t stack,
    enum dt_certainty certainty)
{
    return a->stack_hash == stack && a->g.state == g->state && a->g.reason == g->reason &&
           a->certainty == certainty;
}

static void grow(struct collection *c)
{
    size_t n = c->nbuckets ? c->nbuckets * 4 : FIRST_GROUPS;
    struct group **fresh = dt_alloc(n * sizeof *fresh);
    for (size_t i = 0; i < c->nbuckets; i++) {
        for (struct group *p = c->buckets[i], *next; p; p = next) {
            next = p->next;
            p->next = fresh[p->hash % n];
            fresh[p->hash % n] = p;
        }
    }
    dt_free(c->buckets, c->nbuckets * sizeof *c->buckets);
    c->buckets = fresh;
    c->nbuckets = n;
}

static uint64_t hash_pcs(const uintptr_t *pcs, size_t n)
{
    uint64_t h = n;
    for (size_t i = 0; i < n; i++)
        h = (h ^ pcs[i]) * 0x9e3779b97f4a7c15u, h ^= h >> 29;
    return h;
}

/* Who was on the other side last, and is it still there? */
static void look_at_chan(struct group *p, const struct dt_reach *reach)
{
    const struct gorc__inspect_g *g = &p->g;
    if (g->state != GORC__G_BLOCKED || g->object_kind != GORC__OBJ_CHAN || !g->object)
        return;
    p->has_chan = true;
    p->sends = strcmp(g->reason, "chan send") == 0;
    gorc__inspect_chan(g->object, &p->chan);
    uint64_t peer = p->sends ? p->chan.last_receiver : p->chan.last_sender;
    for (uint32_t i = 0; i < reach->n; i++)
        p->peer_lives |= reach->all[i].g.goid == peer;
}

/* It is to be told, as a leak or otherwise. */
static bool is_left(struct collection *c, const struct dt_reach_g *r)
{
    const struct dt_task *task = r->g.task ? r->g.task->detect : NULL;
    if (!is_program_goroutine(&r->g) ||
        (c->below && !dt_task_descends(task ? task->info : NULL, c->below)))
        return false;
    c->total++;
    return !dt_stalls_have(c->stalls, r->g.goid) && !(task && dt_watch_told(task));
}

static uint64_t stack_of(
    struct collection *c, const struct gorc__inspect_g *g, uintptr_t *ret_pcs, size_t *ret_n)
{
    uintptr_t made[MADE_FRAMES];
    *ret_n = dt_alike_stack(c->alike, g, ret_pcs, DT_MAX_FRAMES);
    return (hash_pcs(ret_pcs, *ret_n) * 3) ^
           hash_pcs(made, dt_stack_pcs((dt_stackid)g->created, made, MADE_FRAMES));
}

static const struct dt_task_info *info_of(const struct gorc__inspect_g *g)
{
    const struct dt_task *task = g->task ? g->task->detect : NULL;
    return task ? task->info : NULL;
}

static struct group *collect(
    struct collection *c, const struct dt_reach *reach, const struct dt_reach_g *r)
{
    const struct gorc__inspect_g *g = &r->g;
    enum dt_certainty certainty = certainty_of(r);
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n;
    uint64_t stack = stack_of(c, g, pcs, &n);
    uint64_t hash = (stack ^ g->state) * 0x9e3779b97f4a7c15u >> 20;
    if (c->ngroups >= c->nbuckets)
        grow(c);
    struct group **b = &c->buckets[hash % c->nbuckets];
    for (struct group *p = *b; p; p = p->next) {
        if (same_group(p, g, stack, certainty)) {
            p->count++;
            p->blocks += r->blocks;
            p->bytes += r->bytes;
            return p;
        }
    }
    struct group *p = dt_alloc(sizeof *p);
    *p = (struct group){.next = *b,
        .g = *g,
        .info = info_of(g),
        .stack = n ? dt_stack_intern(pcs, n) : 0,
        .stack_hash = stack,
        .certainty = certainty,
        .count = 1,
        .blocks = r->blocks,
        .bytes = r->bytes,
        .hash = hash};
    p->held = dt_holder_place(g, &p->holder);
    look_at_chan(p, reach);
    if (g->n_cases)
        dt_cases_look(&p->cases, g);
    *b = p;
    c->ngroups++;
    return p;
}

static void collect_behind(struct collection *c, struct group *p, const struct gorc__inspect_g *g)
{
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n;
    uint64_t stack = stack_of(c, g, pcs, &n);
    struct behind **at = &p->behind;
    while (*at && ((*at)->stack_hash != stack || (*at)->g.reason != g->reason))
        at = &(*at)->next;
    if (!*at) {
        *at = dt_alloc(sizeof **at);
        **at = (struct behind){.g = *g,
            .info = info_of(g),
            .stack = n ? dt_stack_intern(pcs, n) : 0,
            .stack_hash = stack};
    }
    (*at)->count++;
    p->n_behind++;
}

static void describe_state(struct dt_text *t, const struct gorc__inspect_g *g, int64_t now)
{
    struct dt_wait w;
    switch (g->state) {
    case GORC__G_BLOCKED:
        dt_describe_wait(t, g);
        if (g->since && now > g->since) {
            dt_text_add(t, " for ");
            dt_text_ns(t, now - g->since);
        }
        dt_describe_holder(t, g);
        break;
    case GORC__G_BLOCKING:
        dt_text_add(t, "is in a blocking call");
        break;
    case GORC__G_RUNNABLE:
        dt_text_add(t, "is ready to run");
        break;
    default:
        if (dt_goroutine_wait(g, &w))
            dt_describe_call(t, &w);
        else
            dt_text_add(t, "still runs");
    }
}

static void describe_goroutine(struct dt_text *t, const struct gorc__inspect_g *g)
{
    dt_text_add(t, "goroutine ");
    dt_text_u64(t, g->goid);
    if (g->name && g->name[0]) {
        dt_text_add(t, " \"");
        dt_text_add(t, g->name);
        dt_text_add(t, "\"");
    }
}

/* "; nobody has ever received from it", "; goroutine 7 was the last to send on it, and has ended"
 */
static void describe_peer(struct dt_text *t, const struct group *p)
{
    uint64_t peer = p->sends ? p->chan.last_receiver : p->chan.last_sender;
    if (!p->has_chan)
        return;
    dt_text_add(t, "; ");
    if (!peer) {
        dt_text_add(
            t, p->sends ? "no goroutine has received from it" : "no goroutine has sent on it");
        return;
    }
    if (peer == 1)
        dt_text_add(t, "main");
    else {
        dt_text_add(t, "goroutine ");
        dt_text_u64(t, peer);
    }
    dt_text_add(t, p->sends ? " was the last to receive from it" : " was the last to send on it");
    if (!p->peer_lives)
        dt_text_add(t, ", and has ended");
}

/* ", and 3 blocks (96 bytes) of memory that only it refers to" */
static void describe_kept(struct dt_text *t, const struct group *p)
{
    if (!p->blocks)
        return;
    dt_text_add(t, "; only ");
    dt_text_add(t, p->count == 1 ? "it refers" : "they refer");
    dt_text_add(t, " to ");
    dt_text_u64(t, p->blocks);
    dt_text_add(t, p->blocks == 1 ? " block (" : " blocks (");
    dt_text_u64(t, p->bytes);
    dt_text_add(t, " bytes) of memory");
}

/* "; 3 goroutines are stuck behind it" */
static void describe_behind(struct dt_text *t, const struct group *p)
{
    if (!p->n_behind)
        return;
    dt_text_add(t, "; ");
    dt_text_u64(t, p->n_behind);
    dt_text_add(t, p->n_behind == 1 ? " goroutine is" : " goroutines are");
    dt_text_add(t, p->count == 1 ? " stuck behind it" : " stuck behind them");
}

static void add_behind(
    struct dt_finding *f, const struct behind *b, int64_t now, char *note, size_t size)
{
    struct dt_text t = {note, size};
    describe_state(&t, &b->g, now);
    if (b->count > 1) {
        dt_text_add(&t, "; ");
        dt_text_u64(&t, b->count - 1);
        dt_text_add(&t, b->count == 2 ? " more is alike" : " more are alike");
    }
    dt_finding_stack(f, "stuck behind", b->info, b->stack, note);
}

static void report_group(const struct group *p, bool counts, int64_t now)
{
    char message[480], note[200 + DT_CASES_TEXT], notes[MAX_BEHIND][200];
    struct dt_text m = {message, sizeof message}, n = {note, sizeof note};
    describe_goroutine(&m, &p->g);
    dt_text_add(&m, " ");
    describe_state(&m, &p->g, now);
    describe_state(&n, &p->g, now);
    dt_cases_describe(&n, &p->g, &p->cases);
    if (p->count > 1) {
        dt_text_add(&m, "; ");
        dt_text_u64(&m, p->count - 1);
        dt_text_add(&m, p->count == 2 ? " more is alike" : " more are alike");
    }
    describe_peer(&m, p);
    describe_behind(&m, p);
    describe_kept(&m, p);
    struct dt_finding f = {
        .kind = "goroutine-leak",
        .rule = "goroutine-leak",
        .words = "goroutine leak",
        .certainty = p->certainty,
        .message = message,
        .object = {.kind = p->g.object && p->g.state == GORC__G_BLOCKED
                               ? dt_object_kind(p->g.object_kind)
                               : NULL,
            .name = p->g.object_name,
            .addr = (uintptr_t)p->g.object},
        .counts = (counts || p->certainty == DT_PROVEN) && dt_certainty_counts(p->certainty),
    };
    const char *role =
        p->g.state == GORC__G_BLOCKED || p->g.state == GORC__G_BLOCKING ? "blocked" : "running";
    dt_finding_stack(&f, role, p->info, p->stack, note);
    if (p->held)
        dt_finding_stack(&f, "holder", p->holder, p->held, "locked it here");
    if (p->g.object_created && p->g.state == GORC__G_BLOCKED)
        dt_finding_stack(&f, "object created by", NULL, (dt_stackid)p->g.object_created, NULL);
    struct dt_made made = {.n = 0};
    dt_made_add(&made, &p->cases);
    dt_made_stacks(&made, &f, 0);
    unsigned n_behind = 0;
    for (const struct behind *b = p->behind; b; b = b->next) {
        if (n_behind < MAX_BEHIND)
            add_behind(&f, b, now, notes[n_behind++], sizeof notes[0]);
        else
            f.left_out++;
    }
    dt_finding_creation(&f, p->info);
    for (const struct behind *b = p->behind; b; b = b->next)
        if (n_behind && n_behind--)
            dt_finding_creation(&f, b->info);
    dt_finding_add(&f);
}

static bool is_leak_at_least(const struct dt_reach_g *r, enum dt_certainty least)
{
    return is_program_goroutine(&r->g) && certainty_of(r) >= least;
}

static void collect_goroutines(struct collection *c, const struct dt_reach *r)
{
    grow(c);
    c->alike = dt_alike_new();
    c->group_of = dt_alloc(r->n * sizeof *c->group_of);
    uint32_t *behind = dt_alloc(r->n * sizeof *behind);
    for (uint32_t i = 0; i < r->n; i++) {
        behind[i] = AN_NONE;
        if (!is_left(c, &r->all[i]))
            continue;
        behind[i] = dt_stuck_behind(r, i);
        if (behind[i] == AN_NONE || !is_leak_at_least(&r->all[behind[i]], certainty_of(&r->all[i])))
            c->group_of[i] = collect(c, r, &r->all[i]);
    }
    for (uint32_t i = 0; i < r->n; i++) {
        if (behind[i] == AN_NONE || c->group_of[i])
            continue;
        struct group *p = c->group_of[behind[i]];
        if (p)
            collect_behind(c, p, &r->all[i].g);
        else /* the other one is told otherwise, or not at all */
            collect(c, r, &r->all[i]);
    }
    dt_free(behind, r->n * sizeof *behind);
    dt_free(c->group_of, r->n * sizeof *c->group_of);
    dt_alike_free(c->alike);
}

/* Calls the program's report hook: the goroutines must not be stopped. */
static void report_goroutines(struct collection *c, bool counts)
{
    int64_t now = now_ns();
    /* Whoever is told to end in the middle of its work leaves what waits for more behind. */
    bool all = counts || strcmp(dt_flags.min_certainty, "suspect") == 0;
    enum dt_certainty least = all ? DT_SUSPECT : DT_PROVEN;
    for (size_t i = 0; i < c->nbuckets; i++) {
        for (struct group *p = c->buckets[i], *next; p; p = next) {
            next = p->next;
            if (p->certainty >= least)
                report_group(p, counts, now);
            for (struct behind *x = p->behind, *after; x; x = after) {
                after = x->next;
                dt_free(x, sizeof *x);
            }
            dt_free(p, sizeof *p);
        }
    }
    dt_free(c->buckets, c->nbuckets * sizeof *c->buckets);
}

struct busy {
    int running, runnable;
};

static bool count_busy(const struct gorc__inspect_g *g, void *arg)
{
    struct busy *b = arg;
    if (is_program_goroutine(g)) {
        b->running += g->state == GORC__G_RUNNING;
        b->runnable += g->state == GORC__G_RUNNABLE;
    }
    return true;
}

/* Of the whole process. */
static int64_t cpu_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* One that runs may have been put aside by a busy machine in its last steps: then its time stands
 * still. One that is ready needs a worker; where main has the only one, the library takes it away
 * from us after a while, as from anybody who blocks the thread. Where they compute, and are more
 * than the processors, some are always put aside: each has had its time when all together have. */
static void give_grace(void)
{
    struct dt_patience patience = {.limit = GRACE_MS};
    int64_t begin = cpu_ns();
    struct busy b;
    do {
        b = (struct busy){0, 0};
        gorc__inspect_goroutines(count_busy, &b);
    } while ((b.runnable || b.running) &&
             cpu_ns() - begin <= (b.running + 1) * (GRACE_MS * INT64_C(1000000)) &&
             dt_patience_pause(&patience, dt_starved_worker()));
}

/* --- threads --- */

static bool report_thread(struct dt_thread *th, void *arg)
{
    const bool *counts = arg;
    if (th->state != DT_THREAD_ENDED || !th->owns_handle || !th->task || dt_thread_is_main(th) ||
        th->native)
        return true;
    char message[160];
    struct dt_text m = {message, sizeof message};
    dt_text_add(&m, "thread t");
    dt_text_u64(&m, th->number);
    dt_text_add(&m, " has ended and was neither joined nor detached");
    struct dt_finding f = {
        .kind = "thread-leak",
        .rule = "thread-leak",
        .words = "thread leak",
        .certainty = DT_CERTAIN,
        .message = message,
        .object = {.kind = "thread", .name = th->task->info->name, .addr = (uintptr_t)th->handle},
        .counts = *counts,
    };
    dt_finding_creation(&f, th->task->info);
    dt_finding_add(&f);
    return true;
}

/* --- the two entries --- */

/* Those below goroutine `below`, 0: all. Returns how many there are. `at_end`: nothing of the
 * program will run any more. */
static int record_goroutines(uint64_t below, bool at_end, bool counts, uintptr_t here)
{
    static struct dt_reach reach; /* large */
    struct collection c = {.below = below};
    struct dt_task *me = dt_self;
    dt_reach_begin(!below);
    dt_reach_look(&reach, dt_flags.leak_marking, here);
    if (me != &dt_task_unknown)
        dt_begin(me);
    struct dt_stalls *stalls =
        dt_flags.detect_deadlocks ? dt_stalls_find(below, at_end, &reach) : NULL;
    c.stalls = stalls;
    collect_goroutines(&c, &reach);
    struct dt_lost *lost = counts && !below ? dt_lost_collect(&reach) : NULL;
    if (me != &dt_task_unknown)
        dt_finish(me);
    dt_reach_drop(&reach);
    if (below)
        gorc__inspect_resume();
    dt_reach_end();
    dt_stalls_report(stalls);
    report_goroutines(&c, counts);
    dt_lost_report(lost);
    return c.total;
}

void dt_leak_record(bool counts, uintptr_t here)
{
    if (gorc__inspect_started()) {
        if (counts)
            give_grace();
        record_goroutines(0, counts, counts, here);
    }
    dt_threads_each(report_thread, &counts);
}

int dt_leak_check_descendants(uintptr_t here)
{
    struct dt_task *me = dt_enter_quietly();
    if (!me || me->info->kind == DT_TASK_THREAD || !gorc__inspect_started())
        return 0;
    give_grace();
    return record_goroutines(me->info->id, true, true, here);
}
