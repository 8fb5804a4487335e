/* SPDX-License-Identifier: MIT
 *
 * Accesses and memory: what is made, and whether the detector says of each what the model says.
 *
 * A race's earlier side must be an access of that task, kind and place that races with the present
 * one, and the side's range begins and ends with bytes that such accesses touched. Places are told
 * apart by a frame of a function that is pushed around each access.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/core.h"
#include "core/map.h"
#include "core/granule.h"
#include "core/reads.h"
#include "core/shadow.h"
#include "core/stack.h"
#include "core/sweep.h"
#include "lib/hooks.h"
#include "runtime/instrumented.h"
#include "oracle.h"

enum { FRAME_BASE = 0x500000, FRAME_SIZE = 16, BORDER = 112 };

unsigned char *region;

static struct {
    unsigned char *p;
    unsigned size; /* 0: none yet */
    bool freed, known;
} block[BLOCKS];

/* All that this program has made. */
static struct {
    unsigned char *p;
    unsigned size;
    int area;
} old_block[MAX_STEPS];
static int old_blocks;

static uint32_t uid[TASKS];
static struct access *pending;
static enum verdict verdict[AREA_BYTES];
static bool seen[AREA_BYTES];

extern char __executable_start[], etext[];

static void on_race(const struct dt_race *r);

/* Across the border of two chunks of the shadow. */
void accesses_init(void)
{
    char *border = (char *)0x7d0000000000;
    region = mmap(border - 4096, 8192, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (region == MAP_FAILED)
        abort();
    region += 4096 - BORDER;
    dt_text_program = (struct dt_text_range){/* libc's accesses for this code count */
        (uintptr_t)__executable_start, (uintptr_t)(etext - __executable_start)};
    dt_on_race = on_race;
    dt_race_repeats = true;
}

void accesses_begin(void)
{
    for (int t = 0; t < TASKS; t++)
        uid[t] = 0;
    old_blocks = 0;
    dt_read_limit = now->small_logs
                        ? (struct dt_read_limit){.nearly_full = 12, .keep = 6, .last = 16}
                        : (struct dt_read_limit){.nearly_full = 300, .keep = 150, .last = 1000};
}

/* With no access to memory that was freed: a block that is still there is freed by whoever runs
 * this, after all that raced with it was told. */
void accesses_end(void)
{
    gorc__hook_fresh(region, REGION);
    for (int b = 0; b < BLOCKS; b++) {
        if (block[b].size && !block[b].freed) {
            gorc__hook_fresh(block[b].p, block[b].size);
            free(block[b].p);
        }
        block[b].size = 0;
        block[b].freed = block[b].known = false;
    }
}

void task_met(int t)
{
    uid[t] = dt_self->info->uid;
}

/* --- races --- */

static struct access side_of(const struct dt_race_side *s)
{
    struct access a = {.task = -1, .write = s->write, .atomic = s->atomic, .is_free = s->is_free};
    for (int t = 0; t < TASKS; t++)
        if (uid[t] == s->task->uid)
            a.task = t;
    uintptr_t pcs[4];
    size_t n = dt_stack_pcs(s->stack, pcs, 4);
    for (size_t i = 1; i < n && !a.frame; i++) {
        uintptr_t f = pcs[i] - FRAME_BASE + FRAME_SIZE / 2;
        if (f < (uintptr_t)FRAME_SIZE * 65536)
            a.frame = (uint16_t)(f / FRAME_SIZE);
    }
    return a;
}

static uintptr_t start_of(int area)
{
    return (uintptr_t)(area ? block[area - 1].p : region);
}

static bool is_pending(const struct access *a, uintptr_t byte)
{
    return pending && a->task == pending->task && a->write == pending->write &&
           a->atomic == pending->atomic && a->frame == pending->frame && byte >= pending->begin &&
           byte < pending->end;
}

static bool has_raced(struct access *x, const struct access *y, int area, unsigned byte)
{
    x->area = area;
    return hb_pair_races(x, y, byte);
}

/* Two accesses of the past, perhaps to a block that is no more; its address may have become
 * another's. */
static void check_late_byte(uintptr_t p, struct access *x, const struct access *y)
{
    uintptr_t byte = p - (uintptr_t)region;
    bool found = byte < REGION && has_raced(x, y, 0, (unsigned)byte);
    for (int i = 0; i < old_blocks && !found; i++) {
        byte = p - (uintptr_t)old_block[i].p;
        found = byte < old_block[i].size && has_raced(x, y, old_block[i].area, (unsigned)byte);
    }
    if (!found)
        fail("a late race of two accesses that do not race, at %#lx: task %d write %d atomic %d "
             "frame %u, task %d write %d atomic %d free %d frame %u",
            (unsigned long)p, x->task, x->write, x->atomic, x->frame, y->task, y->write, y->atomic,
            y->is_free, y->frame);
}

static void check_late(const struct dt_race *r, struct access *now_side, struct access *earlier)
{
    totals.late++;
    for (unsigned i = 0; i < 8; i++) {
        uintptr_t p = r->granule + i;
        if (!(r->bytes >> i & 1))
            continue;
        uintptr_t byte = pending ? p - start_of(pending->area) : 0;
        if (is_pending(now_side, byte) && hb_races_with(pending, earlier, (unsigned)byte))
            seen[byte - pending->begin] = true;
        else
            check_late_byte(p, now_side, earlier);
    }
}

/* What one place did in one epoch may be told as one. */
static void check_range(const struct dt_race_side *s, struct access *like)
{
    uintptr_t at = s->addr - start_of(pending->area);
    like->area = pending->area;
    if (!hb_touched(like, (unsigned)at) || !hb_touched(like, (unsigned)at + s->size - 1))
        fail("the earlier access is told with bytes that it did not touch: %u at +%lu", s->size,
            (unsigned long)at);
}

static void on_race(const struct dt_race *r)
{
    struct access n = side_of(&r->now), e = side_of(&r->earlier);
    if (failure[0])
        return;
    if (r->late) {
        check_late(r, &n, &e);
        return;
    }
    if (!pending) {
        fail("a race where there is no access, at %#lx", (unsigned long)r->granule);
        return;
    }
    const struct access *p = pending;
    if (n.task != p->task || n.write != p->write || n.atomic != p->atomic || n.frame != p->frame ||
        n.is_free != p->is_free) {
        fail("the present side is told as task %d write %d atomic %d frame %u", n.task, n.write,
            n.atomic, n.frame);
        return;
    }
    for (unsigned i = 0; i < 8; i++) {
        uintptr_t byte = r->granule + i - start_of(p->area);
        if (!(r->bytes >> i & 1))
            continue;
        if (byte < p->begin || byte >= p->end) {
            fail("a race outside of the access, at %+ld", (long)byte);
            return;
        }
        if (!hb_races_with(p, &e, (unsigned)byte)) {
            fail("a race that is none at +%u: with task %d write %d atomic %d free %d frame %u",
                (unsigned)byte, e.task, e.write, e.atomic, e.is_free, e.frame);
            return;
        }
        seen[byte - p->begin] = true;
    }
    check_range(&r->earlier, &e);
}

/* --- the frame of an access --- */

void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);

struct access access_of(int t, unsigned begin, unsigned size, bool write, bool atomic)
{
    struct access a = {.task = t,
        .begin = begin,
        .end = begin + size,
        .write = write,
        .atomic = atomic,
        .step = now_step};
    uint32_t c = now->step[now_step < now->n ? now_step : 0].c;
    a.frame = (uint16_t)(now->frame_count ? (c >> 20) % now->frame_count : (unsigned)now_step + 1);
    return a;
}

void access_begin(struct access *a)
{
    hb_look(a, verdict);
    if (be_verbose)
        tell(a->task, "  +%u..%u frame %u", a->begin, a->end, a->frame);
    for (unsigned i = 0; i < a->end - a->begin; i++)
        seen[i] = false;
    pending = a;
    if (a->frame)
        __tsan_func_entry((void *)(uintptr_t)(FRAME_BASE + FRAME_SIZE * a->frame));
}

void access_end(struct access *a)
{
    if (a->frame)
        __tsan_func_exit();
    pending = NULL;
    for (unsigned i = 0; i < a->end - a->begin && !failure[0]; i++) {
        if (verdict[i] == TOLD_BEFORE) {
            totals.told_before++;
        } else if (verdict[i] == RACES && !seen[i]) {
            if (now->is_strict)
                fail("a race is missed at +%u", a->begin + i);
            totals.lost++;
        }
        totals.races += seen[i];
    }
    totals.accesses++;
    hb_add(a);
}

/* --- as compilers emit them --- */

#define SIZES(f, ...)                                                                              \
    f(1, __VA_ARGS__) f(2, __VA_ARGS__) f(4, __VA_ARGS__) f(8, __VA_ARGS__) f(16, __VA_ARGS__)
#define DECLARE(n, name) void __tsan_##name##n(void *);
#define DECLARE_PC(n, name) void __tsan_##name##n##_pc(void *, void *);
SIZES(DECLARE, read)
SIZES(DECLARE, write)
SIZES(DECLARE, unaligned_read)
SIZES(DECLARE, unaligned_write)
SIZES(DECLARE, volatile_read)
SIZES(DECLARE, volatile_write)
SIZES(DECLARE, read_write)
SIZES(DECLARE, unaligned_volatile_read)
SIZES(DECLARE, unaligned_volatile_write)
SIZES(DECLARE, unaligned_read_write)
SIZES(DECLARE_PC, read)
SIZES(DECLARE_PC, write)
void __tsan_read_range(void *, size_t);
void __tsan_write_range(void *, size_t);
void __tsan_read_range_pc(void *, size_t, void *);
void __tsan_write_range_pc(void *, size_t, void *);
void __tsan_vptr_update(void **, void *);
void __tsan_vptr_read(void **);

#define ENTRY(n, name) __tsan_##name##n,
typedef void (*callback)(void *);
static callback const reads[] = {SIZES(ENTRY, read) SIZES(ENTRY, unaligned_read)
        SIZES(ENTRY, volatile_read) SIZES(ENTRY, unaligned_volatile_read)};
static callback const writes[] = {SIZES(ENTRY, write) SIZES(ENTRY, unaligned_write)
        SIZES(ENTRY, volatile_write) SIZES(ENTRY, unaligned_volatile_write) SIZES(ENTRY, read_write)
            SIZES(ENTRY, unaligned_read_write)};
#define ENTRY_PC(n, name) __tsan_##name##n##_pc,
static void (*const reads_pc[])(void *, void *) = {SIZES(ENTRY_PC, read)};
static void (*const writes_pc[])(void *, void *) = {SIZES(ENTRY_PC, write)};

/* Most go to few bytes, so that they meet. */
static unsigned some_offset(uint32_t random, unsigned size, unsigned limit)
{
    unsigned hot = now->hot, start = 96;
    if (limit != REGION || random % 5 == 0)
        hot = limit, start = 0;
    unsigned at = start + (random >> 3) % hot;
    if (random >> 24 & 1)
        at &= ~(size - 1);
    return at + size > limit ? limit - size : at;
}

static void emitted(struct access *a, unsigned log2, uint32_t form)
{
    void *p = (void *)(start_of(a->area) + a->begin);
    unsigned nr = sizeof reads / sizeof *reads / 5, nw = sizeof writes / sizeof *writes / 5;
    access_begin(a);
    if (form % 9 == 0)
        (a->write ? writes_pc : reads_pc)[log2](p, (void *)(uintptr_t)0x400010);
    else
        a->write ? writes[form / 9 % nw * 5 + log2](p) : reads[form / 9 % nr * 5 + log2](p);
    access_end(a);
}

void do_access(int t, const struct step *s)
{
    unsigned log2 = s->b % 5, size = 1u << log2;
    bool write = (s->b >> 3) % 5 < 2;
    struct access a = access_of(t, some_offset(s->a, size, REGION), size, write, false);
    tell(t, "%s of %u at +%u", write ? "write" : "read", size, a.begin);
    emitted(&a, log2, s->c >> 4);
}

/* Calls of libc that the detector knows; by pointers, so that the compiler does not. */
static void *(*volatile set)(void *, int, size_t) = memset;
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static void ranged(struct access *a, uint32_t form)
{
    unsigned char *p = region + a->begin;
    size_t n = a->end - a->begin;
    unsigned char local[REGION];
    switch (form % 6) {
    case 0:
        a->write ? __tsan_write_range_pc(p, n, (void *)(uintptr_t)0x400020)
                 : __tsan_read_range_pc(p, n, (void *)(uintptr_t)0x400030);
        break;
    case 1:
        a->write ? set(p, 0x5a, n) : copy(local, p, n);
        break;
    case 2:
        a->write ? gorc__hook_write(p, n, (void *)(uintptr_t)0x400040)
                 : gorc__hook_read(p, n, (void *)(uintptr_t)0x400050);
        break;
    default:
        a->write ? __tsan_write_range(p, n) : __tsan_read_range(p, n);
    }
}

void do_range(int t, const struct step *s)
{
    unsigned limit = s->b % 3 ? 24 : REGION, size = 1 + (s->b >> 2) % limit;
    bool write = (s->b >> 20) % 5 < 2, shared = (s->b >> 26) % 8 == 0;
    unsigned at = 80 + (s->a >> 3) % (now->hot + 24);
    if (size > 24)
        at = (s->a >> 3) % REGION;
    if (at + size > REGION)
        at = REGION - size;
    struct access a = access_of(t, at, size, write || shared, shared);
    tell(t, "%s of %u at +%u",
        shared  ? "shared write"
        : write ? "range write"
                : "range read",
        size, at);
    access_begin(&a);
    if (shared)
        gorc__hook_write_shared(region + at, size, (void *)(uintptr_t)0x400060);
    else
        ranged(&a, s->c >> 4);
    access_end(&a);
}

/* --- memory --- */

void memory_moved(void)
{
    for (int b = 0; b < BLOCKS; b++)
        if (block[b].freed)
            block[b].known = false;
}

static void free_block(int t, int b)
{
    struct access a = access_of(t, 0, block[b].size, true, false);
    a.area = b + 1;
    a.is_free = true;
    tell(t, "free of block %d", b);
    access_begin(&a);
    free(block[b].p);
    block[b].freed = block[b].known = true;
    access_end(&a);
}

void do_block(int t, const struct step *s)
{
    int b = (int)(s->a % BLOCKS);
    if (block[b].size && !block[b].freed) {
        if (s->b % 4 == 0) {
            free_block(t, b);
            return;
        }
        unsigned log2 = (s->b >> 4) % 5, size = 1u << log2;
        if (size > block[b].size)
            size = 1, log2 = 0;
        struct access a =
            access_of(t, some_offset(s->a, size, block[b].size), size, s->b >> 8 & 1, false);
        a.area = b + 1;
        tell(t, "%s of %u in block %d at +%u", a.write ? "write" : "read", size, b, a.begin);
        emitted(&a, log2, s->c >> 4);
        return;
    }
    memory_moved();
    unsigned size = 1 + (s->b >> 4) % BLOCK_MAX;
    unsigned char *p = malloc(size);
    tell(t, "block %d: malloc(%u)", b, size);
    block[b].p = p;
    block[b].size = size;
    block[b].freed = block[b].known = false;
    old_block[old_blocks].p = p;
    old_block[old_blocks].size = size;
    old_block[old_blocks++].area = b + 1;
    hb_clear(b + 1, 0, AREA_BYTES);
}

/* An access to memory that has been freed. */
void do_freed(int t, const struct step *s)
{
    int b = (int)(s->a % BLOCKS);
    if (!block[b].freed || !block[b].known)
        return;
    struct access a = access_of(t, (s->a >> 4) % block[b].size, 1, s->b & 1, false);
    a.area = b + 1;
    tell(t, "%s of 1 in freed block %d at +%u", a.write ? "write" : "read", b, a.begin);
    emitted(&a, 0, s->c >> 4);
}

/* Memory that was unmapped and is mapped again, or whose life began anew otherwise. */
void do_fresh(int t, const struct step *s)
{
    unsigned size = 1 + s->b % 40, at = 80 + s->a % (now->hot + 24);
    if (at + size > REGION)
        at = REGION - size;
    tell(t, "fresh memory: %u at +%u", size, at);
    gorc__hook_fresh(region + at, size);
    hb_clear(0, at, at + size);
    for (int c = 0; c < CELLS; c++)
        if (96 + 16u * (unsigned)c - at < size)
            hb_forget_cell(c);
}

void do_frames(int t, const struct step *s)
{
    tell(t, "calls %u functions", s->a % 5);
    for (uint32_t i = 0; i < s->a % 5; i++)
        __tsan_func_entry((void *)(uintptr_t)(0x300000 + 16 * (s->b % 7)));
    struct step inner = *s;
    inner.a = s->b, inner.b = s->c;
    do_access(t, &inner);
    for (uint32_t i = 0; i < s->a % 5; i++)
        __tsan_func_exit();
}

void do_sweep(int t, const struct step *s)
{
    uint32_t which = s->a % (now->sweeps_often ? 2 : 24);
    if (which > 1)
        return;
    tell(t, which ? "purge" : "sweep");
    struct dt_task *me = dt_core_enter();
    which ? dt_reads_purge(me) : dt_sweep(me);
    dt_core_leave(me);
    dt_race_deliver(me);
    totals.sweeps += which == 0;
}
