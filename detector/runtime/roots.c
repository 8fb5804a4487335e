/* SPDX-License-Identifier: MIT
 *
 * See roots.h. Everything comes from /proc, read with system calls into the arena. Large anonymous
 * mappings are looked up in /proc/self/pagemap, so that what was never touched is not read (and not
 * made present).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/own.h"
#include "lib/inspect.h"
#include "report/unwind.h"
#include "runtime/procfs.h"
#include "runtime/roots.h"
#include "runtime/thread.h"

enum {
    PAGE = 4096,
    SPARSE = 4 << 20,
    FIRST_TEXT = 256 << 10,
    BATCH = 4096,
    BELOW_CALL = 4096,
    SIGNAL_FRAME = 1024 /* or more is what the kernel puts on a stack for a handler */
};
#define HUGE_MAP ((uintptr_t)1 << 36)

/* Modules whose data is not the program's: this library, and the one that unwinds for it. */
enum { OURS, UNWINDER, OWN_MODULES };
static struct an_range own_modules[OWN_MODULES];

struct module_search {
    uintptr_t addr;
    struct an_range *ret_range;
};

static int find_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    const struct module_search *search = arg;
    uintptr_t lo = UINTPTR_MAX, hi = 0;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        uintptr_t a = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        lo = a < lo ? a : lo;
        hi = a + info->dlpi_phdr[i].p_memsz > hi ? a + info->dlpi_phdr[i].p_memsz : hi;
    }
    if (search->addr < lo || search->addr >= hi)
        return 0;
    search->ret_range->lo = lo & ~(uintptr_t)(PAGE - 1);
    search->ret_range->hi = (hi + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    return 1;
}

void dt_roots_init(void)
{
    struct module_search ours = {(uintptr_t)&own_modules, &own_modules[OURS]};
    struct module_search unwinder = {dt_unwind_library(), &own_modules[UNWINDER]};
    dl_iterate_phdr(find_module, &ours);
    dl_iterate_phdr(find_module, &unwinder);
}

/* --- growing arrays in the arena --- */

static bool add_range(
    struct dt_arena *a, struct an_range **v, uint32_t *n, uint32_t *cap, uintptr_t lo, uintptr_t hi)
{
    if (lo >= hi)
        return true;
    if (*n == *cap) {
        uint32_t fresh_cap = *cap ? 2 * *cap : 1024;
        struct an_range *fresh = dt_arena_alloc(a, fresh_cap * sizeof *fresh);
        if (!fresh)
            return false;
        if (*n)
            memcpy(fresh, *v, *n * sizeof *fresh);
        *v = fresh;
        *cap = fresh_cap;
    }
    (*v)[(*n)++] = (struct an_range){lo, hi};
    return true;
}

void dt_roots_add_word(struct dt_roots *r, struct dt_arena *a, uintptr_t word)
{
    if (r->n_words == r->cap_words) {
        uint32_t cap = r->cap_words ? 2 * r->cap_words : 256;
        uintptr_t *fresh = dt_arena_alloc(a, cap * sizeof *fresh);
        if (!fresh) {
            r->complete = false;
            return;
        }
        if (r->n_words)
            memcpy(fresh, r->words, r->n_words * sizeof *fresh);
        r->words = fresh;
        r->cap_words = cap;
    }
    r->words[r->n_words++] = word;
}

/* The whole of a file of /proc, with a zero behind; NULL: it cannot be read. */
static char *read_all(struct dt_arena *a, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t cap = FIRST_TEXT, n = 0;
    char *text = fd >= 0 ? dt_arena_alloc(a, cap) : NULL;
    while (text) {
        ssize_t got = read(fd, text + n, cap - 1 - n);
        if (got < 0)
            text = NULL;
        if (got <= 0)
            break;
        n += (size_t)got;
        if (n + 1 < cap)
            continue;
        char *fresh = dt_arena_alloc(a, 2 * cap);
        if (fresh)
            memcpy(fresh, text, n);
        text = fresh;
        cap *= 2;
    }
    if (fd >= 0)
        close(fd);
    return text;
}

static uintptr_t hex(const char **p)
{
    uintptr_t v = 0;
    for (;; (*p)++) {
        unsigned c = (unsigned char)**p;
        if (c >= '0' && c <= '9')
            v = v * 16 + c - '0';
        else if (c >= 'a' && c <= 'f')
            v = v * 16 + c - 'a' + 10;
        else
            return v;
    }
}

/* --- what is cut out --- */

struct cuts {
    struct an_range *v;
    uint32_t n, cap;
    uintptr_t *floors; /* stack pointers of the library's threads, on stacks of libc's making */
    uint32_t n_floors;
};

static void sift(struct an_range *v, uint32_t i, uint32_t n)
{
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && v[child].lo < v[child + 1].lo)
            child++;
        if (v[i].lo >= v[child].lo)
            return;
        struct an_range t = v[i];
        v[i] = v[child];
        v[child] = t;
    }
}

void dt_ranges_sort(struct an_range *v, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sift(v, i, n);
    for (uint32_t end = n; end-- > 1;) {
        struct an_range t = v[0];
        v[0] = v[end];
        v[end] = t;
        sift(v, 0, end);
    }
}

/* Below the stack pointer (and below what a call in progress may still use). */
static bool cut_stacks(struct cuts *c, const struct dt_world *w, uintptr_t live_sp)
{
    const struct dt_thread *me = dt_thread_self;
    bool ok = true;
    for (uint32_t i = 0; i < w->n; i++) {
        const struct dt_stopped *s = &w->threads[i];
        uintptr_t lo = s->thread ? s->thread->stack_lo : 0;
        if (lo && s->has_regs && s->sp > lo && s->sp < s->thread->stack_hi)
            ok &= add_range(
                w->arena, &c->v, &c->n, &c->cap, lo, (s->sp - BELOW_CALL) & ~(uintptr_t)7);
    }
    if (me && me->stack_lo && live_sp > me->stack_lo && live_sp < me->stack_hi)
        ok &= add_range(w->arena, &c->v, &c->n, &c->cap, me->stack_lo, live_sp);
    return ok;
}

/* libc gives each thread a mapping with a guard page below; so what lies below the stack pointer of
 * one that the library made itself, down to the start of the mapping, is nobody's. */
static bool collect_floors(struct cuts *c, const struct dt_world *w, uintptr_t floor)
{
    c->floors = dt_arena_alloc(w->arena, (w->n + 1) * sizeof *c->floors);
    if (c->floors && floor)
        c->floors[c->n_floors++] = floor;
    for (uint32_t i = 0; c->floors && i < w->n; i++) {
        uintptr_t sp;
        bool idle;
        struct dt_stopped *s = &w->threads[i];
        if (!gorc__inspect_worker(s->tid, &sp, &idle))
            continue;
        s->is_idle = idle && s->has_regs && sp - s->sp < SIGNAL_FRAME;
        if (idle && !s->is_idle) /* a handler of the program's runs there */
            sp = 0;
        if (sp || s->has_regs)
            c->floors[c->n_floors++] = sp ? sp : s->sp - 128;
    }
    return c->floors != NULL;
}

static bool collect_cuts(
    struct cuts *c, const struct dt_world *w, uintptr_t live_sp, uintptr_t floor)
{
    size_t n;
    const struct dt_own_range *own = dt_own_try(&n);
    if (!own)
        return false;
    bool ok = true;
    for (int i = 0; i < OWN_MODULES; i++)
        ok &= add_range(w->arena, &c->v, &c->n, &c->cap, own_modules[i].lo, own_modules[i].hi);
    for (size_t i = 0; i < n; i++)
        ok &= add_range(w->arena, &c->v, &c->n, &c->cap, own[i].lo, own[i].hi);
    dt_own_release();
    ok &= cut_stacks(c, w, live_sp) & collect_floors(c, w, floor);
    for (const struct dt_arena_part *p = w->arena->parts; p; p = p->older)
        ok &= add_range(w->arena, &c->v, &c->n, &c->cap, (uintptr_t)p, (uintptr_t)p + p->size);
    dt_ranges_sort(c->v, c->n);
    return ok;
}

/* A thread that is on the detector's or the library's own memory (an alternate stack, a worker's
 * scheduler): from its stack pointer up to the end of that memory. */
static bool add_own_stack(
    struct dt_roots *r, const struct dt_world *w, const struct cuts *c, uintptr_t sp)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (sp >= c->v[i].lo && sp < c->v[i].hi && c->v[i].hi - sp < ((uintptr_t)1 << 24))
            return add_range(w->arena, &r->ranges, &r->n, &r->cap, sp & ~(uintptr_t)7, c->v[i].hi);
    return true;
}

/* --- mappings --- */

struct mapping {
    uintptr_t lo, hi;
    const char *perms;
    bool has_inode;
    const char *path;
    size_t path_length;
};

static bool starts(const struct mapping *m, const char *prefix)
{
    size_t n = strlen(prefix);
    return m->path_length >= n && memcmp(m->path, prefix, n) == 0;
}

/* lo-hi perms offset dev inode path */
static const char *parse(const char *p, struct mapping *m)
{
    m->lo = hex(&p);
    p++;
    m->hi = hex(&p);
    m->perms = ++p;
    for (int field = 0; field < 3; field++) {
        while (*p && *p != ' ')
            p++;
        while (*p == ' ')
            p++;
    }
    m->has_inode = *p != '0';
    while (*p && *p != ' ' && *p != '\n')
        p++;
    while (*p == ' ')
        p++;
    m->path = p;
    while (*p && *p != '\n')
        p++;
    m->path_length = (size_t)(p - m->path);
    return *p ? p + 1 : p;
}

enum interest { IGNORED, SCANNED, UNREADABLE };

static enum interest interest_of(const struct mapping *m)
{
    bool private = m->perms[3] == 'p';
    if (starts(m, "[v"))
        return IGNORED; /* vdso, vvar, vsyscall */
    if (starts(m, "anon_inode:[io_uring]") || starts(m, "/[aio]"))
        return UNREADABLE; /* the kernel keeps more than it shows */
    if (m->perms[0] != 'r')
        return IGNORED;
    if (m->perms[1] != 'w')
        return private && !m->has_inode && m->path_length == 0 ? SCANNED : IGNORED;
    if (!private && starts(m, "/dev/") && !starts(m, "/dev/zero") && !starts(m, "/dev/shm"))
        return UNREADABLE; /* reading a device may do something */
    return SCANNED;
}

/* Runs of pages that were touched. False: pagemap cannot be read. */
static bool add_present(struct dt_roots *r, struct dt_arena *a, uintptr_t lo, uintptr_t hi)
{
    static uint64_t entries[BATCH]; /* one look at a time: world.h */
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0;
    uintptr_t from = 0, at = lo;
    while (ok && at < hi) {
        size_t want = (hi - at) / PAGE < BATCH ? (hi - at) / PAGE : BATCH;
        ssize_t got = pread(fd, entries, want * 8, (off_t)(at / PAGE * 8));
        ok = got == (ssize_t)(want * 8);
        for (size_t i = 0; ok && i < want; i++, at += PAGE) {
            bool there = entries[i] >> 62 != 0;
            if (there && !from)
                from = at;
            if (!there && from) {
                ok = add_range(a, &r->ranges, &r->n, &r->cap, from, at);
                from = 0;
            }
        }
    }
    if (ok && from)
        ok = add_range(a, &r->ranges, &r->n, &r->cap, from, hi);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool add_piece(
    struct dt_roots *r, struct dt_arena *a, const struct mapping *m, uintptr_t lo, uintptr_t hi)
{
    if (lo >= hi)
        return true;
    if (!m->has_inode && hi - lo >= HUGE_MAP)
        return false;
    if (!m->has_inode && hi - lo >= SPARSE && !((lo | hi) & (PAGE - 1)))
        return add_present(r, a, lo, hi);
    return add_range(a, &r->ranges, &r->n, &r->cap, lo, hi);
}

static bool add_mapping(
    struct dt_roots *r, struct dt_arena *a, const struct mapping *m, const struct cuts *c)
{
    uintptr_t at = m->lo;
    bool ok = true;
    for (uint32_t i = 0; i < c->n_floors && !m->path_length; i++)
        if (c->floors[i] > at && c->floors[i] < m->hi)
            at = c->floors[i] & ~(uintptr_t)7;
    for (uint32_t i = 0; i < c->n && at < m->hi; i++) {
        if (c->v[i].hi <= at)
            continue;
        if (c->v[i].lo >= m->hi)
            break;
        if (c->v[i].lo > at)
            ok &= add_piece(r, a, m, at, c->v[i].lo);
        at = c->v[i].hi;
    }
    return ok & add_piece(r, a, m, at, m->hi);
}

static bool add_mappings(struct dt_roots *r, const struct dt_world *w, const struct cuts *c)
{
    const char *p = read_all(w->arena, "/proc/self/maps");
    bool ok = p != NULL;
    while (p && *p) {
        struct mapping m;
        p = parse(p, &m);
        for (uint32_t i = 0; i < w->n; i++)
            if (w->threads[i].sp >= m.lo && w->threads[i].sp < m.hi)
                w->threads[i].stack_end = m.hi;
        enum interest i = interest_of(&m);
        if (i == UNREADABLE)
            ok = false;
        else if (i == SCANNED)
            ok &= add_mapping(r, w->arena, &m, c);
    }
    return ok;
}

/* --- the kernel's words --- */

/* Each "word: HEX" of the text. */
static void add_words(struct dt_roots *r, struct dt_arena *a, const char *p, const char *before)
{
    while ((p = strstr(p, before))) {
        p += strlen(before);
        while (*p == ' ')
            p++;
        dt_roots_add_word(r, a, hex(&p));
    }
}

static void add_epoll(struct dt_roots *r, struct dt_arena *a, const char *fd)
{
    char path[64] = "/proc/self/fd/", target[32];
    size_t n = strlen(fd);
    if (n > 12)
        return;
    memcpy(path + 14, fd, n + 1);
    ssize_t got = readlink(path, target, sizeof target);
    if (got < 22 || memcmp(target, "anon_inode:[eventpoll]", 22) != 0)
        return;
    memcpy(path, "/proc/self/fdinfo/", 18);
    memcpy(path + 18, fd, n + 1);
    const char *text = read_all(a, path);
    if (text)
        add_words(r, a, text, "data:");
    else
        r->complete = false;
}

struct fds {
    struct dt_roots *roots;
    struct dt_arena *arena;
};

static void look_at_fd(const char *name, void *arg)
{
    const struct fds *f = arg;
    add_epoll(f->roots, f->arena, name);
}

static void add_kernel_words(struct dt_roots *r, struct dt_arena *a)
{
    struct fds f = {r, a};
    r->complete &= dt_proc_each("/proc/self/fd", look_at_fd, &f);
    /* "signal: 10/00007f1234567890"; kernels without it are built without timers' check-points. */
    const char *p = read_all(a, "/proc/self/timers");
    for (p = p ? strstr(p, "signal:") : NULL; p; p = strstr(p, "signal:")) {
        p += 7;
        while (*p && *p != '/' && *p != '\n')
            p++;
        if (*p == '/') {
            p++;
            dt_roots_add_word(r, a, hex(&p));
        }
    }
}

bool dt_roots_read(struct dt_roots *r, const struct dt_world *w, uintptr_t live_sp, uintptr_t floor)
{
    struct cuts c = {0};
    if (!collect_cuts(&c, w, live_sp, floor))
        return false;
    r->complete &= add_mappings(r, w, &c);
    for (uint32_t i = 0; i < w->n; i++)
        r->complete &= !w->threads[i].has_regs || w->threads[i].is_idle ||
                       add_own_stack(r, w, &c, w->threads[i].sp);
    r->complete &= add_own_stack(r, w, &c, live_sp);
    add_kernel_words(r, w->arena);
    return true;
}

/* --- reading --- */

/* A mapping may have holes: guard pages inside (MADV_GUARD_INSTALL), what lies beyond the end of
 * its file. The kernel copies as far as it goes; holes hold nothing. */
static const void *read_root(uintptr_t addr, size_t size)
{
    static char copy[1 << 20];
    size_t done = 0;
    if (size > sizeof copy)
        return NULL;
    while (done < size) {
        struct iovec to = {copy + done, size - done}, from = {(void *)(addr + done), size - done};
        ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
        if (got < 0 && errno != EFAULT)
            return NULL; /* not allowed */
        done += got > 0 ? (size_t)got : 0;
        size_t hole = PAGE - ((addr + done) & (PAGE - 1));
        if (done == size)
            break;
        if (hole > size - done)
            hole = size - done;
        memset(copy + done, 0, hole);
        done += hole;
    }
    return copy;
}

const void *dt_roots_memory(void *arg, uintptr_t addr, size_t size, size_t *ret_size)
{
    const struct an_marking *m = arg;
    const void *p = m->is_root ? read_root(addr, size) : (const void *)addr;
    *ret_size = p ? size : 0;
    return p;
}
