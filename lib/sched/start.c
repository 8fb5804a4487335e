/* SPDX-License-Identifier: MIT
 *
 * The runtime's start, at the first gorc call of any thread; GORC_PROCS, GORC_SEED, GORC_STACK; the
 * number of workers.
 */
#define _GNU_SOURCE

#include <gorc/go.h>
#include <gorc/time.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/misuse.h"
#include "os/membarrier.h"
#include "os/vm.h"
#include "sched/g.h"
#include "sched/runq.h"
#include "sched/stack.h"
#include "sched/threadstate.h"
#include "tables.h"

/* Also in a program that takes what it needs out of libgorc.a. */
static const struct gorc__tables *const keep_tables __attribute__((used)) = &gorc_tables;

struct gorc__lock gorc__start_lock; /* held around the first start; before all others */

static long env_number(const char *name, long fallback)
{
    const char *text = getenv(name);
    char *end;
    if (!text || !*text)
        return fallback;
    long value = strtol(text, &end, 0);
    return *end ? fallback : value;
}

/* "65536", "64k", "1m". */
static size_t env_size(const char *name, size_t fallback)
{
    const char *text = getenv(name);
    char *end;
    if (!text || !*text)
        return fallback;
    unsigned long long value = strtoull(text, &end, 0);
    if (*end == 'k' || *end == 'K')
        value <<= 10, end++;
    else if (*end == 'm' || *end == 'M')
        value <<= 20, end++;
    return *end || value == 0 ? fallback : (size_t)value;
}

/* GORC_DEBUG: words with commas between them; others than these are for later versions. */
static void read_debug(void)
{
    static const struct {
        const char *word;
        uint32_t bit;
    } words[] = {{"yield", GORC__DEBUG_YIELD}, {"migrate", GORC__DEBUG_MIGRATE}};
    const char *text = getenv("GORC_DEBUG");
    while (text && *text) {
        size_t n = strcspn(text, ",");
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strlen(words[i].word) == n && strncmp(text, words[i].word, n) == 0)
                gorc__sched.debug |= words[i].bit;
        if (n == 8 && strncmp(text, "mprotect", n) == 0)
            gorc__vm_guard_by_mprotect();
        if (n == 8 && strncmp(text, "emulator", n) == 0)
            gorc__sched.emulator_threads = 1;
        text += n + (text[n] == ',');
    }
}

static uint32_t available_processors(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                        : (int)sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (uint32_t)n;
}

static uint32_t clamp_procs(long n)
{
    if (n < 1)
        return 1;
    return n > GORC__MAX_PROCS ? GORC__MAX_PROCS : (uint32_t)n;
}

struct gorc__p *gorc__p_new(uint32_t id)
{
    struct gorc__p *p = gorc__alloc_line_opaque(sizeof *p);
    if (!p)
        return NULL;
    p->id = id;
    p->slow_tick = 61;
    gorc__timerheap_init(&p->timers);
    gorc__random_seed(&p->random, gorc__sched.seed, id);
    return p;
}

/* sched.lock held. Makes Ps up to n; false when memory is out. */
static bool add_ps(uint32_t n)
{
    for (uint32_t i = atomic_load(&gorc__sched.np); i < n; i++) {
        struct gorc__p *p = gorc__p_new(i);
        if (!p)
            return false;
        atomic_store(&gorc__sched.ps[i], p);
        atomic_store(&gorc__sched.np, i + 1);
        gorc__idle_p_put(p);
    }
    return true;
}

static void read_seed(void)
{
    const char *text = getenv("GORC_SEED");
    if (text && *text) {
        gorc__sched.seed = strtoull(text, NULL, 0);
        gorc__sched.perturb = true;
        return;
    }
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    gorc__sched.seed = (uint64_t)ts.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)getpid() << 32;
}

/* --- start --- */

static void start_once(void)
{
    struct gorc__sched *s = &gorc__sched;
    read_seed();
    read_debug();
    gorc__state_start();
    uint32_t n = clamp_procs(env_number("GORC_PROCS", available_processors()));
    s->membarrier = gorc__membarrier_init();
    s->retake_ns = s->perturb && n == 1 ? 200000000 : 10000000;
    gorc__stack_init(env_size("GORC_STACK", (size_t)64 << 10));
    atomic_store(&s->timekeeper_when, INT64_MAX);
    atomic_store(&s->sysmon_until, 0);
    atomic_store(&s->coarse_now, gorc__now());
    s->main_g = gorc__alloc_line_opaque(sizeof *s->main_g);
    atomic_store(&s->nprocs, n);
    if (!s->main_g || !add_ps(n))
        gorc__fatal("out of memory at start");
    s->main_g->kind = GORC__KIND_MAIN;
    s->main_g->goid = 1;
    atomic_store(&s->goid_last, 1);
    gorc__fork_init();
    gorc__stack_fault_init();
    gorc__hook_start(&s->main_g->hook);
}

void gorc__start(void)
{
    if (atomic_load(&gorc__sched.started))
        return;
    gorc__lock(&gorc__start_lock);
    if (!atomic_load(&gorc__sched.started)) {
        start_once();
        atomic_store(&gorc__sched.started, 1);
    }
    gorc__unlock(&gorc__start_lock);
}

/* The caller's P is to be one that stays: it swaps numbers with the first. */
static void keep_own_p(struct gorc__p *own, uint32_t n)
{
    uint32_t np = atomic_load(&gorc__sched.np);
    for (uint32_t i = 0; own && atomic_load(&own->id) >= n && i < np; i++) {
        struct gorc__p *p = atomic_load(&gorc__sched.ps[i]);
        if (atomic_load(&p->id) == 0) {
            atomic_store(&p->id, atomic_load(&own->id));
            atomic_store(&own->id, 0);
        }
    }
}

static void count_idle(void)
{
    uint32_t idle = 0;
    for (struct gorc__p *p = gorc__sched.idle_ps; p; p = p->idle_next)
        idle += atomic_load(&p->id) < atomic_load(&gorc__sched.nprocs);
    atomic_store(&gorc__sched.nidle_ps, idle);
}

/* Waits until no P beyond the limit runs. One in the program's code is taken away; one in the
 * library gives up by itself within 61 switches. */
static void drain_beyond(uint32_t n)
{
    uint32_t np = atomic_load(&gorc__sched.np);
    for (uint32_t i = 0; i < np; i++) {
        struct gorc__p *p = atomic_load(&gorc__sched.ps[i]);
        struct gorc__m *m;
        while (atomic_load(&p->id) >= n && (m = __atomic_load_n(&p->m, __ATOMIC_ACQUIRE)) != NULL) {
            if (gorc__take(m, p, false))
                gorc__p_retire(p);
            else
                sched_yield();
        }
    }
}

int gorc_procs(int n)
{
    static struct gorc__lock procs_lock; /* before sched.lock; held across the whole change */
    struct gorc__g *self = gorc__self();
    uint32_t before = atomic_load(&gorc__sched.nprocs);
    if (n <= 0)
        return (int)before;
    uint32_t wanted = clamp_procs(n);
    gorc__lock(&procs_lock);
    struct gorc__p *own = gorc__op_begin(self->m);
    gorc__lock(&gorc__sched.lock);
    before = atomic_load(&gorc__sched.nprocs);
    bool ok = add_ps(wanted);
    if (ok) {
        keep_own_p(own, wanted);
        atomic_store(&gorc__sched.nprocs, wanted);
        count_idle();
    }
    gorc__unlock(&gorc__sched.lock);
    if (ok)
        drain_beyond(wanted);
    gorc__op_end(self->m);
    gorc__unlock(&procs_lock);
    if (!ok)
        gorc__fatal("out of memory for a worker");
    if (wanted > before && gorc__work_visible())
        gorc__wake_if_idle();
    return (int)before;
}
