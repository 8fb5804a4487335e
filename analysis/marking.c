/* SPDX-License-Identifier: MIT
 *
 * See marking.h. A work list holds ranges to scan. A word that points into an unmarked block marks
 * it, pushes it, and makes those live that wait for something inside; the table `in_block` finds
 * them by the block's number. Stacks are sorted by address.
 *
 * Nearly all of the time goes into waiting for memory. So a word that may be a pointer first goes
 * through a short queue while what is needed to look it up is fetched.
 */
#include "marking.h"

#include <string.h>

#define ADDRESS_BITS ((((uintptr_t)1) << 47) - 1)
#define CHUNK ((size_t)1 << 20)
enum { PAGE = 4096, LINE = 64, QUEUE = 16, FETCHED = 4 * LINE };

struct item {
    uintptr_t addr;
    size_t size;
};

struct an_mark_state {
    struct item *work;
    size_t n_work, cap_work;
    uint32_t *woken; /* tasks that became live and are to be scanned */
    uint32_t n_woken;
    uint32_t *by_stack; /* tasks with a stack, by address */
    uint32_t n_stacks;
    uintptr_t stacks_lo, stacks_hi;
    struct an_range areas[2]; /* cover all blocks and stacks */
    uintptr_t queue[QUEUE];   /* to be visited; 0: none */
    uint32_t queue_at;
    /* Objects by where they lie. In a block: open addressing, index + 1 of the first one in it. In
     * a stack: the same by task. `next` chains both. */
    uint32_t *in_block;
    size_t n_slots;
    uint32_t *in_stack;
    uint32_t *next;
    uint32_t *owner;      /* of each object: its task */
    uint32_t *home;       /* its block; AN_NO_BLOCK: none */
    uint32_t *home_stack; /* the task in whose stack it lies; NO_STACK: none */
    bool is_waking;       /* records count */
    /* Holders turned round: whom a task's life helps; and what each of these lacks. NULL: none. */
    uint32_t *helped_start, *helped, *missing;
    /* While one dead task is looked at: nobody becomes live. */
    bool is_looking;
    void (*found)(void *arg, uint32_t object);
    void *found_arg;
    uint64_t scanned, budget;
    uint32_t *undo; /* blocks that were marked; NULL: marks stay */
    size_t n_undo, cap_undo;
    uint32_t *undo_stacks, n_undo_stacks;
};

#define NO_STACK UINT32_MAX

/* --- the work list --- */

static void push(struct an_marking *m, uintptr_t addr, size_t size)
{
    struct an_mark_state *s = m->state;
    if (s->n_work == s->cap_work) {
        size_t cap = s->cap_work ? 2 * s->cap_work : 4096;
        struct item *work = an_alloc(m->memory, cap * sizeof *work);
        if (!work) {
            m->is_incomplete = true;
            return;
        }
        if (s->n_work)
            memcpy(work, s->work, s->n_work * sizeof *work);
        s->work = work;
        s->cap_work = cap;
    }
    s->work[s->n_work++] = (struct item){addr, size};
}

/* --- looking up --- */

/* The task whose stack holds addr. */
static uint32_t stack_of(const struct an_marking *m, uintptr_t addr)
{
    const struct an_mark_state *s = m->state;
    uint32_t lo = 0, hi = s->n_stacks;
    if (addr < s->stacks_lo || addr >= s->stacks_hi)
        return NO_STACK;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (m->tasks[s->by_stack[mid]].slot_hi <= addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == s->n_stacks || addr < m->tasks[s->by_stack[lo]].stack_lo)
        return NO_STACK;
    return s->by_stack[lo];
}

/* Where the first object of a block is noted. */
static uint32_t *objects_in(const struct an_mark_state *s, uint32_t block)
{
    size_t i = (block * 0x9e3779b97f4a7c15u >> 24) & (s->n_slots - 1);
    while (s->in_block[i] && s->home[s->in_block[i] - 1] != block)
        i = (i + 1) & (s->n_slots - 1);
    return &s->in_block[i];
}

/* --- what is reached --- */

static void make_live(struct an_marking *m, uint32_t task)
{
    if (m->tasks[task].live || m->state->is_looking)
        return;
    m->tasks[task].live = true;
    m->state->woken[m->state->n_woken++] = task;
}

/* One of the things that a task lacks: an object of its own, a holder. */
static void help(struct an_marking *m, uint32_t task)
{
    if (!m->state->missing || --m->state->missing[task] == 0)
        make_live(m, task);
}

/* The objects of a chain (index + 1). */
static void reach_objects(struct an_marking *m, uint32_t first)
{
    struct an_mark_state *s = m->state;
    for (uint32_t i = first; i; i = s->next[i - 1]) {
        if (!s->is_looking)
            help(m, s->owner[i - 1]);
        else if (s->found)
            s->found(s->found_arg, i - 1);
    }
}

static void reach_stack(struct an_marking *m, uint32_t task)
{
    struct an_mark_state *s = m->state;
    struct an_mark_task *t = &m->tasks[task];
    if (t->is_stack_reached)
        return;
    t->is_stack_reached = true;
    if (s->is_looking && s->undo)
        s->undo_stacks[s->n_undo_stacks++] = task;
    if (t->stack_hi > t->sp)
        push(m, t->sp, t->stack_hi - t->sp);
    reach_objects(m, s->in_stack[task]);
}

static void note_undo(struct an_marking *m, uint32_t block)
{
    struct an_mark_state *s = m->state;
    if (s->n_undo == s->cap_undo) {
        uint32_t *undo = an_alloc(m->memory, 2 * s->cap_undo * sizeof *undo);
        if (!undo) {
            m->is_incomplete = true;
            return;
        }
        memcpy(undo, s->undo, s->n_undo * sizeof *undo);
        s->undo = undo;
        s->cap_undo *= 2;
    }
    s->undo[s->n_undo++] = block;
}

static void reach_block(struct an_marking *m, uint32_t block, uintptr_t start)
{
    struct an_block *b = an_blockmap_at(m->blocks, block);
    if (b->is_marked || !b->is_held)
        return;
    b->is_marked = true;
    size_t size = b->size;
    for (size_t at = 0; at < size && at < FETCHED; at += LINE)
        __builtin_prefetch((const void *)(start + at));
    if (m->state->is_looking && m->state->undo)
        note_undo(m, block);
    m->n_marked++;
    m->bytes_marked += size;
    push(m, start, size);
    if (b->has_objects)
        reach_objects(m, *objects_in(m->state, block));
}

static void visit(struct an_marking *m, uintptr_t addr)
{
    const struct an_mark_state *s = m->state;
    uintptr_t start;
    uint32_t block = an_blockmap_find(m->blocks, addr, &start);
    if (block != AN_NO_BLOCK) {
        reach_block(m, block, start);
        return;
    }
    uint32_t task = stack_of(m, addr);
    if (task == NO_STACK)
        return;
    if (addr < m->tasks[task].stack_hi && addr >= m->tasks[task].sp)
        reach_stack(m, task);
    else if (s->is_waking && addr == m->tasks[task].record)
        make_live(m, task);
}

static void enqueue(struct an_marking *m, uintptr_t addr)
{
    struct an_mark_state *s = m->state;
    uintptr_t *place = &s->queue[s->queue_at++ % QUEUE], oldest = *place;
    an_blockmap_prefetch(m->blocks, addr);
    *place = addr;
    if (oldest)
        visit(m, oldest);
}

static bool is_queue_empty(struct an_marking *m)
{
    struct an_mark_state *s = m->state;
    bool was_empty = true;
    for (uint32_t i = 0; i < QUEUE; i++) {
        uintptr_t *place = &s->queue[s->queue_at++ % QUEUE], addr = *place;
        *place = 0;
        if (!addr)
            continue;
        visit(m, addr);
        was_empty = false;
    }
    return was_empty;
}

static inline bool is_in(const struct an_range *r, uintptr_t addr)
{
    return addr - r->lo < r->hi - r->lo;
}

static inline void look(struct an_marking *m, const struct an_mark_state *s, uintptr_t word)
{
    uintptr_t addr = word & ADDRESS_BITS;
    if (is_in(&s->areas[0], addr) || is_in(&s->areas[1], addr))
        enqueue(m, addr);
}

/* The usual case. Two comparisons rule most words out. */
static void scan_words(struct an_marking *m, const uintptr_t *p, size_t n)
{
    struct an_range a = m->state->areas[0], b = m->state->areas[1];
    for (const uintptr_t *end = p + n; p < end; p++) {
        uintptr_t addr = *p & ADDRESS_BITS;
        if (__builtin_expect(is_in(&a, addr) | is_in(&b, addr), 0))
            enqueue(m, addr);
    }
}

static void scan_bytes(struct an_marking *m, const char *p, size_t size)
{
    const struct an_mark_state *s = m->state;
    if (m->stride == sizeof(uintptr_t)) { /* p is aligned */
        scan_words(m, (const uintptr_t *)(const void *)p, size / sizeof(uintptr_t));
        return;
    }
    for (size_t at = 0; at + sizeof(uintptr_t) <= size; at += m->stride) {
        uintptr_t word;
        memcpy(&word, p + at, sizeof word);
        look(m, s, word);
    }
}

/* Pointers lie at multiples of the stride, whatever the range begins with. */
static void scan_range(struct an_marking *m, uintptr_t addr, size_t size)
{
    uintptr_t end = addr + size;
    addr = (addr + m->stride - 1) & ~(uintptr_t)(m->stride - 1);
    while (addr < end && end - addr >= sizeof(uintptr_t)) {
        size_t want = end - addr < CHUNK ? end - addr : CHUNK, got = 0;
        const char *p = m->read(m->arg, addr, want, &got);
        if (!p || got < want)
            m->is_incomplete = true;
        if (p && got >= sizeof(uintptr_t))
            scan_bytes(m, p, got);
        /* The last bytes once more, for a pointer across the border. */
        addr += want == end - addr ? want : want - sizeof(uintptr_t) + m->stride;
    }
}

static void scan_task(struct an_marking *m, uint32_t task)
{
    const struct an_mark_task *t = &m->tasks[task];
    while (!is_queue_empty(m))
        ; /* what is in it was found elsewhere */
    m->state->is_waking = t->wake_hi != 0;
    for (uint32_t i = 0; i < t->n_words; i++)
        look(m, m->state, t->words[i]);
    if (t->wake_hi) {
        m->is_root = true;
        scan_range(m, t->wake_lo, t->wake_hi - t->wake_lo);
        m->is_root = false;
    }
    while (!is_queue_empty(m))
        ;
    m->state->is_waking = false;
    reach_stack(m, task);
    if (!m->state->helped || m->state->is_looking)
        return;
    for (uint32_t k = m->state->helped_start[task]; k < m->state->helped_start[task + 1]; k++)
        help(m, m->state->helped[k]);
}

static void run(struct an_marking *m)
{
    struct an_mark_state *s = m->state;
    while (s->n_work || s->n_woken || !is_queue_empty(m)) {
        if (s->n_woken) {
            scan_task(m, s->woken[--s->n_woken]);
            continue;
        }
        if (!s->n_work)
            continue;
        struct item i = s->work[--s->n_work];
        s->scanned += i.size;
        if (s->scanned > s->budget)
            continue;
        scan_range(m, i.addr, i.size);
    }
}

/* The first stack at or above addr; AN_NO_ADDRESS: none. */
static uintptr_t stack_above(const struct an_marking *m, uintptr_t addr)
{
    const struct an_mark_state *s = m->state;
    uint32_t lo = 0, hi = s->n_stacks;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (m->tasks[s->by_stack[mid]].stack_lo < addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->n_stacks ? m->tasks[s->by_stack[lo]].stack_lo : AN_NO_ADDRESS;
}

static uintptr_t least(uintptr_t a, uintptr_t b)
{
    return a < b ? a : b;
}

/* What lies between the blocks and stacks. */
static void scan_root(struct an_marking *m, uintptr_t lo, uintptr_t hi)
{
    uintptr_t start;
    if (an_blockmap_find(m->blocks, lo, &start) == AN_NO_BLOCK) /* none that began before */
        start = an_blockmap_above(m->blocks, lo);
    uint32_t task = stack_of(m, lo);
    if (task != NO_STACK)
        lo = m->tasks[task].slot_hi;
    uintptr_t stack = stack_above(m, lo);
    bool after_block = false;
    while (lo < hi) {
        uintptr_t next = least(least(start, stack), hi);
        /* A gap shorter than a page, between two blocks, has its pages in common with them. */
        m->is_root = !after_block || next != start || next - lo >= PAGE;
        if (next > lo)
            scan_range(m, lo, next - lo);
        m->is_root = after_block = false;
        lo = next > lo ? next : lo;
        if (lo >= hi)
            break;
        if (start <= lo) {
            uintptr_t end = (an_blockmap_end(m->blocks, start) + 7) & ~(uintptr_t)7;
            lo = end > lo ? end : lo;
            after_block = true;
            start = an_blockmap_above(m->blocks, start + 8 > lo ? start + 8 : lo);
        }
        if (stack <= lo) {
            task = stack_of(m, stack);
            lo = m->tasks[task].slot_hi > lo ? m->tasks[task].slot_hi : lo;
            stack = stack_above(m, lo);
        }
    }
    run(m);
}

/* --- setting up --- */

/* Heap sort by stack_lo: no recursion, no more memory. */
static void sift(const struct an_marking *m, uint32_t *v, uint32_t i, uint32_t n)
{
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && m->tasks[v[child]].stack_lo < m->tasks[v[child + 1]].stack_lo)
            child++;
        if (m->tasks[v[i]].stack_lo >= m->tasks[v[child]].stack_lo)
            return;
        uint32_t t = v[i];
        v[i] = v[child];
        v[child] = t;
    }
}

static void sort_stacks(const struct an_marking *m, uint32_t *v, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sift(m, v, i, n);
    for (uint32_t end = n; end-- > 1;) {
        uint32_t t = v[0];
        v[0] = v[end];
        v[end] = t;
        sift(m, v, 0, end);
    }
}

static bool index_stacks(struct an_marking *m)
{
    struct an_mark_state *s = m->state;
    s->by_stack = an_alloc(m->memory, m->n_tasks * sizeof *s->by_stack);
    s->in_stack = an_alloc(m->memory, m->n_tasks * sizeof *s->in_stack);
    s->woken = an_alloc(m->memory, m->n_tasks * sizeof *s->woken);
    s->undo_stacks = an_alloc(m->memory, m->n_tasks * sizeof *s->undo_stacks);
    if (!s->by_stack || !s->in_stack || !s->woken || !s->undo_stacks)
        return false;
    for (uint32_t t = 0; t < m->n_tasks; t++)
        if (m->tasks[t].slot_hi)
            s->by_stack[s->n_stacks++] = t;
    if (!s->n_stacks)
        return true;
    sort_stacks(m, s->by_stack, s->n_stacks);
    s->stacks_lo = m->tasks[s->by_stack[0]].stack_lo;
    s->stacks_hi = m->tasks[s->by_stack[s->n_stacks - 1]].slot_hi;
    return true;
}

/* An object in a block that nobody can hold (freed, or the analyser's) counts as outside. */
static void place(struct an_marking *m, uint32_t i)
{
    struct an_mark_state *s = m->state;
    uintptr_t addr = m->objects[i] & ADDRESS_BITS;
    uintptr_t start;
    uint32_t *first = NULL;
    s->home[i] = an_blockmap_find(m->blocks, addr, &start);
    s->home_stack[i] = s->home[i] == AN_NO_BLOCK ? stack_of(m, addr) : NO_STACK;
    if (s->home[i] != AN_NO_BLOCK && !an_blockmap_at(m->blocks, s->home[i])->is_held)
        s->home[i] = AN_NO_BLOCK;
    if (s->home[i] != AN_NO_BLOCK) {
        an_blockmap_at(m->blocks, s->home[i])->has_objects = true;
        first = objects_in(s, s->home[i]);
    } else if (s->home_stack[i] != NO_STACK) {
        first = &s->in_stack[s->home_stack[i]];
    }
    if (first) {
        s->next[i] = *first;
        *first = i + 1;
    }
}

static bool index_objects(struct an_marking *m)
{
    struct an_mark_state *s = m->state;
    size_t n = m->n_objects;
    for (s->n_slots = 64; s->n_slots < 2 * n;)
        s->n_slots *= 2;
    s->in_block = an_alloc(m->memory, s->n_slots * sizeof *s->in_block);
    s->next = an_alloc(m->memory, n * sizeof *s->next);
    s->owner = an_alloc(m->memory, n * sizeof *s->owner);
    s->home = an_alloc(m->memory, n * sizeof *s->home);
    s->home_stack = an_alloc(m->memory, n * sizeof *s->home_stack);
    if (!s->in_block || !s->next || !s->owner || !s->home || !s->home_stack)
        return false;
    for (uint32_t t = 0; t < m->n_tasks; t++)
        for (uint32_t k = 0; k < m->tasks[t].n_objects; k++)
            s->owner[m->tasks[t].first_object + k] = t;
    for (uint32_t i = 0; i < n; i++)
        place(m, i);
    return true;
}

/* A task that waits for several objects lacks one thing; it becomes live at the first. */
static bool index_holders(struct an_marking *m)
{
    struct an_mark_state *s = m->state;
    if (!m->n_holders)
        return true;
    s->helped_start = an_alloc(m->memory, ((size_t)m->n_tasks + 2) * sizeof *s->helped_start);
    s->helped = an_alloc(m->memory, m->n_holders * sizeof *s->helped);
    s->missing = an_alloc(m->memory, m->n_tasks * sizeof *s->missing);
    if (!s->helped_start || !s->helped || !s->missing)
        return false;
    for (uint32_t i = 0; i < m->n_holders; i++)
        s->helped_start[m->holders[i] + 2]++;
    for (uint32_t t = 0; t < m->n_tasks; t++) {
        s->helped_start[t + 2] += s->helped_start[t + 1];
        s->missing[t] = m->tasks[t].n_holders + 1;
    }
    for (uint32_t t = 0; t < m->n_tasks; t++)
        for (uint32_t k = 0; k < m->tasks[t].n_holders; k++)
            s->helped[s->helped_start[m->holders[m->tasks[t].first_holder + k] + 1]++] = t;
    return true;
}

static void cover(struct an_range *r, uintptr_t lo, uintptr_t hi)
{
    bool is_empty = r->lo == r->hi;
    r->lo = is_empty || lo < r->lo ? lo : r->lo;
    r->hi = is_empty || hi > r->hi ? hi : r->hi;
}

static bool prepare(struct an_marking *m)
{
    struct an_mark_state *s = m->state = an_alloc(m->memory, sizeof *m->state);
    if (!s)
        return false;
    s->budget = UINT64_MAX;
    if (!index_stacks(m) || !index_objects(m) || !index_holders(m))
        return false;
    an_blockmap_areas(m->blocks, s->areas);
    if (s->n_stacks)
        cover(&s->areas[s->stacks_hi > s->areas[0].hi], s->stacks_lo, s->stacks_hi);
    return true;
}

/* What lies outside of blocks and stacks. */
static bool is_always_reached(const struct an_marking *m, uint32_t i)
{
    return m->objects[i] && m->state->home[i] == AN_NO_BLOCK && m->state->home_stack[i] == NO_STACK;
}

bool an_mark(struct an_marking *m)
{
    m->is_incomplete = false;
    m->n_marked = m->bytes_marked = 0;
    if (!prepare(m))
        return false;
    for (uint32_t t = 0; t < m->n_tasks; t++)
        if (m->tasks[t].live)
            m->state->woken[m->state->n_woken++] = t;
    for (uint32_t i = 0; i < m->n_objects; i++)
        if (is_always_reached(m, i))
            help(m, m->state->owner[i]);
    run(m);
    for (uint32_t i = 0; i < m->n_roots; i++)
        scan_root(m, m->roots[i].lo, m->roots[i].hi);
    return true;
}

bool an_mark_reached(const struct an_marking *m, uint32_t object)
{
    const struct an_mark_state *s = m->state;
    if (!m->objects[object])
        return false;
    if (s->home[object] != AN_NO_BLOCK)
        return an_blockmap_at(m->blocks, s->home[object])->is_marked;
    if (s->home_stack[object] == NO_STACK)
        return true;
    return m->tasks[s->home_stack[object]].is_stack_reached;
}

/* --- one dead task --- */

void an_mark_own(struct an_marking *m, uint32_t task, uint64_t *ret_blocks, uint64_t *ret_bytes)
{
    uint64_t blocks = m->n_marked, bytes = m->bytes_marked;
    m->state->is_looking = true;
    m->state->found = NULL;
    m->state->undo = NULL;
    scan_task(m, task);
    run(m);
    m->state->is_looking = false;
    *ret_blocks = m->n_marked - blocks;
    *ret_bytes = m->bytes_marked - bytes;
}

bool an_mark_refers(struct an_marking *m, uint32_t task, void (*found)(void *arg, uint32_t object),
    void *arg, uint64_t *budget)
{
    struct an_mark_state *s = m->state;
    uint64_t blocks = m->n_marked, bytes = m->bytes_marked;
    enum { FIRST_UNDO = 1024 };
    if (!s->undo) {
        s->undo = an_alloc(m->memory, FIRST_UNDO * sizeof *s->undo);
        s->cap_undo = FIRST_UNDO;
    }
    if (!s->undo || !*budget)
        return false;
    s->is_looking = true;
    s->found = found;
    s->found_arg = arg;
    s->scanned = 0;
    s->budget = *budget;
    scan_task(m, task);
    run(m);
    bool complete = s->scanned <= s->budget;
    for (size_t i = 0; i < s->n_undo; i++)
        an_blockmap_at(m->blocks, s->undo[i])->is_marked = false;
    for (uint32_t i = 0; i < s->n_undo_stacks; i++)
        m->tasks[s->undo_stacks[i]].is_stack_reached = false;
    *budget = complete ? *budget - s->scanned : 0;
    s->n_undo = s->n_undo_stacks = 0;
    s->is_looking = false;
    s->budget = UINT64_MAX;
    m->n_marked = blocks;
    m->bytes_marked = bytes;
    return complete;
}
