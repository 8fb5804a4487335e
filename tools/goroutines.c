/* SPDX-License-Identifier: MIT
 *
 * See goroutines.h.
 */
#define _GNU_SOURCE
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "goroutines.h"
#include "image.h"
#include "util.h"

enum { MAX_COPY = 64 << 10, MOVED_TRIES = 3, MAX_CASES = 4096, BATCH = 1024 };

/* --- the tables --- */

static uint64_t symbol_in(const struct module *m, const char *name)
{
    struct image *im = m->path ? image_of(m) : NULL;
    int n = im && im->module ? dwfl_module_getsymtab(im->module) : 0;
    for (int i = 1; i < n; i++) {
        GElf_Sym sym;
        GElf_Addr value;
        const char *s = dwfl_module_getsym_info(im->module, i, &sym, &value, NULL, NULL, NULL);
        if (s && sym.st_shndx != SHN_UNDEF && strcmp(s, name) == 0)
            return value - im->bias + m->base;
    }
    return 0;
}

/* Only modules that can hold them are searched: a large program's symbols take a while. */
static bool may_have_tables(const struct module *m, size_t index)
{
    return index == 0 || strstr(m->path, "gorc") != NULL;
}

static bool get(const struct live *l, const void *pointer, void *to, size_t n)
{
    return live_read(l, (uint64_t)(uintptr_t)pointer, to, n);
}

static void read_reasons(const struct live *l, struct goroutines *gs)
{
    const struct gorc__tables *t = &gs->t;
    gs->reasons = xcalloc(t->n_reasons + 1, sizeof *gs->reasons);
    gs->kinds = xcalloc(t->n_reasons + 1, sizeof *gs->kinds);
    for (uint32_t i = 0; i < t->n_reasons; i++) {
        uint64_t at = (uint64_t)(uintptr_t)t->reasons + (uint64_t)i * t->reason_stride, text = 0;
        live_read(l, at + t->reason_text, &text, sizeof text);
        live_read(l, at + t->reason_kind, &gs->kinds[i], sizeof *gs->kinds);
        gs->reasons[i] = live_string(l, text);
    }
}

/* NULL, or what is wrong with the tables at `at`. */
static const char *read_tables(const struct live *l, struct goroutines *gs, uint64_t at)
{
    uint32_t started = 0;
    if (!live_read(l, at, &gs->t, offsetof(struct gorc__tables, started)) ||
        memcmp(gs->t.magic, GORC__TABLES_MAGIC, sizeof gs->t.magic) != 0)
        return "its libgorc's tables cannot be read";
    if (gs->t.version != GORC__TABLES_VERSION || gs->t.size < sizeof gs->t)
        return "its libgorc is of another version than this command: use the gorc that was "
               "installed with it";
    if (!live_read(l, at, &gs->t, sizeof gs->t) || !get(l, gs->t.started, &started, sizeof started))
        return "its libgorc's tables cannot be read";
    if (started)
        gs->at_table = at;
    return NULL;
}

/* Under the race library there are two, and one of them has started. */
bool goroutines_find(const struct live *l, struct goroutines *gs, const char **ret_why)
{
    const struct process *p = l->process;
    const char *wrong = NULL;
    for (int all = 0; all < 2 && !gs->at_table; all++)
        for (size_t i = p->nmodules; i-- > 0 && !gs->at_table;) {
            if (!p->modules[i].path || may_have_tables(&p->modules[i], i) == (bool)all)
                continue;
            uint64_t at = symbol_in(&p->modules[i], "gorc_tables");
            const char *why = at ? read_tables(l, gs, at) : NULL;
            wrong = why ? why : wrong;
        }
    if (gs->at_table)
        read_reasons(l, gs);
    else if (wrong)
        *ret_why = wrong;
    return gs->at_table || !wrong;
}

/* --- records --- */

static uint64_t word_at(const unsigned char *record, uint32_t offset)
{
    uint64_t v;
    memcpy(&v, record + offset, sizeof v);
    return v;
}

static uint32_t half_at(const unsigned char *record, uint32_t offset)
{
    uint32_t v;
    memcpy(&v, record + offset, sizeof v);
    return v;
}

static void parse(const struct goroutines *gs, const unsigned char *r, struct goroutine *g)
{
    const struct gorc__tables *t = &gs->t;
    g->sp = word_at(r, t->g_sp);
    g->m = word_at(r, t->g_m);
    g->state = half_at(r, t->g_state);
    g->kind = r[t->g_kind];
    g->timed = r[t->g_timed];
    g->reason = r[t->g_reason] < t->n_reasons ? r[t->g_reason] : 0;
    g->parks = half_at(r, t->g_parks);
    g->object = word_at(r, t->g_object);
    g->holder = word_at(r, t->g_holder); /* where it is kept, for now */
    g->since = (int64_t)word_at(r, t->g_since);
    g->n_cases = half_at(r, t->g_n_cases);
    g->id = word_at(r, t->g_goid);
    g->parent = word_at(r, t->g_parent);
    g->created = word_at(r, t->g_created);
    g->fn = word_at(r, t->g_fn);
    g->stack_lo = word_at(r, t->g_stack_lo);
    g->stack_hi = word_at(r, t->g_stack_hi);
    g->object_kind = gs->kinds[g->reason];
}

static bool is_alive(const struct goroutine *g)
{
    return g->state != G_DEAD && g->kind != KIND_G0 &&
           !(g->kind == KIND_FOREIGN && g->state != G_BLOCKED);
}

static void add(const struct live *l, struct goroutines *gs, size_t *cap,
    const unsigned char *record, uint64_t addr)
{
    struct goroutine g = {.addr = addr};
    parse(gs, record, &g);
    if (!is_alive(&g))
        return;
    uint64_t name = word_at(record, gs->t.g_name);
    g.name = name ? live_string(l, name) : NULL;
    gs->at = grow(gs->at, gs->n, cap, sizeof *gs->at);
    gs->at[gs->n++] = g;
}

/* Records at these addresses. */
static void add_many(const struct live *l, struct goroutines *gs, size_t *cap, uint64_t *addrs,
    size_t n, unsigned char *buffer)
{
    struct piece pieces[BATCH];
    size_t size = gs->t.g_size;
    for (size_t i = 0; i < n; i++)
        pieces[i] = (struct piece){.addr = addrs[i], .to = buffer + i * size, .n = size};
    live_read_many(l, pieces, n);
    for (size_t i = 0; i < n; i++)
        if (pieces[i].ok)
            add(l, gs, cap, pieces[i].to, addrs[i]);
}

static void read_arenas(const struct live *l, struct goroutines *gs, size_t *cap)
{
    const struct gorc__tables *t = &gs->t;
    uint64_t arena = 0, slot = 0, addrs[BATCH];
    size_t n = 0;
    unsigned char *buffer = xcalloc(BATCH, t->g_size);
    if (!get(l, t->slot_size, &slot, sizeof slot) || !slot)
        slot = 1;
    for (get(l, t->arenas, &arena, sizeof arena); arena;) {
        uint64_t base = 0, used = 0;
        live_read(l, arena + t->arena_base, &base, sizeof base);
        live_read(l, arena + t->arena_used, &used, sizeof used);
        for (uint64_t i = 0; base && i < used; i++) {
            uint64_t at = base + i * slot, colour = at / slot % t->colours * t->colour_step;
            addrs[n++] = at + slot - colour - t->g_size;
            if (n == BATCH) {
                add_many(l, gs, cap, addrs, n, buffer);
                n = 0;
            }
        }
        if (!live_read(l, arena + t->arena_older, &arena, sizeof arena))
            break;
    }
    add_many(l, gs, cap, addrs, n, buffer);
    free(buffer);
}

static void read_list(const struct live *l, struct goroutines *gs, size_t *cap, const void *head)
{
    unsigned char *record = xcalloc(1, gs->t.g_size);
    uint64_t at = 0;
    for (get(l, head, &at, sizeof at); at; at = word_at(record, gs->t.g_all_next)) {
        if (!live_read(l, at, record, gs->t.g_size))
            break;
        add(l, gs, cap, record, at);
    }
    free(record);
}

static void read_main(const struct live *l, struct goroutines *gs, size_t *cap)
{
    uint64_t at = 0;
    unsigned char *record = xcalloc(1, gs->t.g_size);
    if (get(l, gs->t.main_g, &at, sizeof at) && at && live_read(l, at, record, gs->t.g_size))
        add(l, gs, cap, record, at);
    free(record);
}

/* --- which thread runs whom --- */

static struct goroutine *by_addr(struct goroutines *gs, uint64_t addr)
{
    for (size_t i = 0; i < gs->n; i++)
        if (gs->at[i].addr == addr)
            return &gs->at[i];
    return NULL;
}

static void read_workers(const struct live *l, struct goroutines *gs)
{
    const struct gorc__tables *t = &gs->t;
    uint64_t m = 0;
    for (size_t i = 0; i < gs->n; i++)
        gs->at[i].tid = 0;
    for (get(l, t->all_ms, &m, sizeof m); m;) {
        uint64_t g = 0;
        int32_t tid = 0;
        live_read(l, m + t->m_g, &g, sizeof g);
        live_read(l, m + t->m_tid, &tid, sizeof tid);
        struct goroutine *run = by_addr(gs, g);
        if (run && run->state != G_BLOCKED && run->state != G_RUNNABLE)
            run->tid = tid;
        if (!live_read(l, m + t->m_all_next, &m, sizeof m))
            break;
    }
    for (size_t i = 0; i < gs->n; i++) {
        struct goroutine *g = &gs->at[i];
        int32_t tid;
        if (g->kind == KIND_FOREIGN && live_read(l, g->m + t->m_tid, &tid, sizeof tid))
            g->tid = tid;
    }
}

/* --- stacks --- */

static bool is_at_rest(const struct goroutine *g)
{
    return g->kind != KIND_FOREIGN && (g->state == G_BLOCKED || g->state == G_RUNNABLE) && g->sp;
}

static void copy_stacks(const struct live *l, struct goroutine *gs, size_t n)
{
    struct piece pieces[BATCH];
    struct goroutine *whose[BATCH];
    size_t k = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && is_at_rest(&gs[i]) && gs[i].sp < gs[i].stack_hi) {
            struct goroutine *g = &gs[i];
            uint64_t size = g->stack_hi - g->sp;
            free(g->stack.bytes);
            g->stack = (struct memory){.lo = g->sp, .n = size < MAX_COPY ? size : MAX_COPY};
            g->stack.bytes = xcalloc(g->stack.n, 1);
            whose[k] = g;
            pieces[k++] = (struct piece){g->sp, g->stack.bytes, g->stack.n, false};
        }
        if (k == BATCH || (i == n && k)) {
            live_read_many(l, pieces, k);
            for (size_t j = 0; j < k; j++)
                if (!pieces[j].ok)
                    whose[j]->stack.n = 0;
            k = 0;
        }
    }
}

void goroutine_registers(const struct live *l, const struct goroutines *gs,
    const struct goroutine *g, struct registers *ret)
{
    uint8_t numbers[64];
    uint32_t words = gs->t.switch_words;
    *ret = (struct registers){0};
    if (g->stack.n < (size_t)words * 8 || words > sizeof numbers ||
        !get(l, gs->t.switch_registers, numbers, words))
        return;
    for (uint32_t i = 0; i < words; i++) {
        int n = numbers[i] == CFI_RA ? CFI_PC : numbers[i];
        if (n >= CFI_REGISTERS)
            continue;
        ret->at[n] = word_at(g->stack.bytes, i * 8);
        ret->known |= (uint64_t)1 << n;
    }
    ret->at[CFI_SP] = g->sp + (uint64_t)words * 8;
    ret->known |= (uint64_t)1 << CFI_SP;
}

/* --- what they wait for --- */

static char *name_of(const struct live *l, const struct goroutines *gs, uint64_t object)
{
    const struct gorc__tables *t = &gs->t;
    uint64_t bucket = object * 0x9e3779b97f4a7c15u >> 54, at = 0;
    if (t->n_names != 1024)
        return NULL;
    live_read(l, (uint64_t)(uintptr_t)t->names + bucket * 8, &at, sizeof at);
    while (at) {
        uint64_t whose = 0, text = 0;
        if (!live_read(l, at + t->name_object, &whose, sizeof whose))
            return NULL;
        if (whose == object)
            return live_read(l, at + t->name_text, &text, sizeof text) && text
                       ? live_string(l, text)
                       : NULL;
        if (!live_read(l, at + t->name_next, &at, sizeof at))
            return NULL;
    }
    return NULL;
}

static size_t *chan_index; /* open addressing by address, index + 1 */
static size_t chan_slots, cap_chans;

static size_t chan_slot(const struct goroutines *gs, uint64_t addr)
{
    size_t i = (addr * 0x9e3779b97f4a7c15u >> 20) & (chan_slots - 1);
    while (chan_index[i] && gs->chans[chan_index[i] - 1].addr != addr)
        i = (i + 1) & (chan_slots - 1);
    return i;
}

static size_t chan_of(const struct live *l, struct goroutines *gs, uint64_t addr)
{
    const struct gorc__tables *t = &gs->t;
    if (gs->nchans * 2 >= chan_slots) {
        chan_slots = chan_slots ? chan_slots * 2 : 256;
        free(chan_index);
        chan_index = xcalloc(chan_slots, sizeof *chan_index);
        for (size_t i = 0; i < gs->nchans; i++)
            chan_index[chan_slot(gs, gs->chans[i].addr)] = i + 1;
    }
    size_t slot = chan_slot(gs, addr);
    if (chan_index[slot])
        return chan_index[slot] - 1;
    struct chan_state c = {.addr = addr, .name = name_of(l, gs, addr)};
    uint32_t state = 0;
    live_read(l, addr + t->chan_count, &c.count, 8);
    live_read(l, addr + t->chan_capacity, &c.capacity, 8);
    live_read(l, addr + t->chan_created, &c.created, 8);
    live_read(l, addr + t->chan_closed_goid, &c.closed_goid, 8);
    live_read(l, addr + t->chan_last_sender, &c.last_sender, 8);
    live_read(l, addr + t->chan_last_receiver, &c.last_receiver, 8);
    live_read(l, addr + t->chan_state, &state, 4);
    c.closed = state == t->chan_is_closed;
    c.timer = state == t->chan_is_timer;
    gs->chans = grow(gs->chans, gs->nchans, &cap_chans, sizeof *gs->chans);
    gs->chans[gs->nchans] = c;
    chan_index[slot] = gs->nchans + 1;
    return gs->nchans++;
}

static void add_case(
    const struct live *l, struct goroutines *gs, struct goroutine *g, uint64_t chan, bool send)
{
    if (chan)
        g->cases[g->n_cases++] = (struct select_case){send, chan_of(l, gs, chan)};
}

static void read_cases(
    const struct live *l, struct goroutines *gs, struct goroutine *g, uint64_t at, size_t n)
{
    const struct gorc__tables *t = &gs->t;
    if (n > MAX_CASES)
        n = MAX_CASES;
    unsigned char *cases = xcalloc(n + 1, t->case_size);
    g->cases = xcalloc(n + 1, sizeof *g->cases);
    g->n_cases = 0;
    if (live_read(l, at, cases, n * t->case_size))
        for (size_t i = 0; i < n; i++) {
            const unsigned char *c = cases + i * t->case_size;
            add_case(l, gs, g, word_at(c, t->case_chan), half_at(c, t->case_kind) == 1);
        }
    free(cases);
}

static void describe(const struct live *l, struct goroutines *gs, struct goroutine *g)
{
    uint64_t at = g->holder, cases = 0;
    size_t n = g->n_cases;
    g->holder = 0;
    g->n_cases = 0;
    if (g->state != G_BLOCKED)
        return;
    if (at)
        live_read(l, at, &g->holder, sizeof g->holder);
    const char *reason = gs->reasons[g->reason] ? gs->reasons[g->reason] : "";
    if (g->object)
        g->object_name = name_of(l, gs, g->object);
    if (g->object_kind == OBJ_CHAN && g->object) {
        g->cases = xcalloc(1, sizeof *g->cases);
        add_case(l, gs, g, g->object, strncmp(reason, "chan send", 9) == 0);
    } else if (g->object_kind == OBJ_SELECT && n &&
               live_read(l, g->addr + gs->t.g_cases, &cases, sizeof cases)) {
        read_cases(l, gs, g, cases, n);
    } else if (g->object_kind == OBJ_RWMUTEX) {
        live_read(l, g->object + gs->t.rwmutex_state, &g->readers, sizeof g->readers);
        g->readers = gs->t.rwmutex_reader ? g->readers / gs->t.rwmutex_reader : 0;
    } else if (g->object_kind == OBJ_WAITGROUP) {
        live_read(l, g->object + gs->t.waitgroup_counter, &g->counter, sizeof g->counter);
    }
}

/* --- the passes --- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct goroutine *)a)->id, y = ((const struct goroutine *)b)->id;
    return x < y ? -1 : x > y;
}

void goroutines_read(const struct live *l, struct goroutines *gs)
{
    size_t cap = 0;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    gs->now = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    read_main(l, gs, &cap);
    read_arenas(l, gs, &cap);
    read_list(l, gs, &cap, gs->t.all_large);
    read_list(l, gs, &cap, gs->t.all_foreign);
    if (gs->n)
        qsort(gs->at, gs->n, sizeof *gs->at, by_number);
    read_workers(l, gs);
    copy_stacks(l, gs->at, gs->n);
    for (size_t i = 0; i < gs->n; i++)
        describe(l, gs, &gs->at[i]);
}

static bool same_wait(const struct goroutine *a, const struct goroutine *b)
{
    return a->id == b->id && a->state == b->state && a->parks == b->parks && a->sp == b->sp &&
           a->object == b->object;
}

/* A goroutine that moved between the passes: its record and its stack must agree. */
static void read_moved(const struct live *l, struct goroutines *gs, struct goroutine *g)
{
    unsigned char *record = xcalloc(1, gs->t.g_size);
    for (int i = 0; i < MOVED_TRIES; i++) {
        struct goroutine now = {.addr = g->addr, .name = g->name, .tid = g->tid};
        struct goroutine then = now;
        if (!live_read(l, g->addr, record, gs->t.g_size))
            break;
        parse(gs, record, &now);
        copy_stacks(l, &now, 1);
        if (!live_read(l, g->addr, record, gs->t.g_size))
            break;
        parse(gs, record, &then);
        free(g->stack.bytes);
        *g = now;
        if (same_wait(&now, &then))
            break;
        g->stack.n = 0;
    }
    free(record);
    describe(l, gs, g);
}

void goroutines_read_again(const struct live *l, struct goroutines *gs)
{
    unsigned char *buffer = xcalloc(BATCH, gs->t.g_size);
    struct piece pieces[BATCH];
    for (size_t i = 0; i < gs->n; i += BATCH) {
        size_t n = gs->n - i < BATCH ? gs->n - i : BATCH;
        for (size_t k = 0; k < n; k++)
            pieces[k] = (struct piece){
                .addr = gs->at[i + k].addr, .to = buffer + k * gs->t.g_size, .n = gs->t.g_size};
        live_read_many(l, pieces, n);
        for (size_t k = 0; k < n; k++) {
            struct goroutine *g = &gs->at[i + k], now = {.addr = g->addr};
            if (pieces[k].ok)
                parse(gs, pieces[k].to, &now);
            uint64_t holder = 0;
            if (pieces[k].ok && now.holder)
                live_read(l, now.holder, &holder, sizeof holder);
            g->still = pieces[k].ok && same_wait(g, &now) && holder == g->holder;
        }
    }
    free(buffer);
    size_t alive = 0;
    for (size_t i = 0; i < gs->n; i++) {
        if (!gs->at[i].still)
            read_moved(l, gs, &gs->at[i]);
        if (is_alive(&gs->at[i]))
            gs->at[alive++] = gs->at[i];
    }
    gs->n = alive;
    if (gs->n)
        qsort(gs->at, gs->n, sizeof *gs->at, by_number);
    read_workers(l, gs);
}

const struct goroutine *goroutine_by_id(const struct goroutines *gs, uint64_t id)
{
    struct goroutine key = {.id = id};
    return id && gs->n ? bsearch(&key, gs->at, gs->n, sizeof key, by_number) : NULL;
}
