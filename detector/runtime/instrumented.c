/* SPDX-License-Identifier: MIT
 *
 * Finds the instrumented objects: those whose dynamic symbols have an undefined __tsan_init, which
 * every instrumented translation unit calls. The undefined symbols are the ones before the first
 * that the hash table covers.
 *
 * The table of libraries only grows, in blocks that are never freed, so it is read without a lock;
 * a range that has gone has size 0 and is used again.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "base/dalloc.h"
#include "base/lock.h"
#include "core/shadow.h"
#include "report/record.h"
#include "runtime/instrumented.h"

struct dt_text_range dt_text_program;

enum { BLOCK_RANGES = 30 };

struct block {
    struct block *next;
    struct object {
        struct dt_text_range text, data; /* data: its writable memory */
        bool instrumented;
        uint32_t generation; /* of the last look that met it */
    } objects[BLOCK_RANGES];
};

static struct block first;
static dt_lock lock; /* guards changes */
static bool program_seen;
static uint32_t generation;
static uint32_t instrumented_libraries;

/* The index of the first symbol that it covers; 0: it covers none, and the index says nothing. */
static uint32_t count_by_gnu_hash(const uint32_t *hash)
{
    const uint32_t *buckets = hash + 4 + hash[2] * (sizeof(uintptr_t) / sizeof *hash);
    for (uint32_t i = 0; i < hash[0]; i++)
        if (buckets[i])
            return hash[1];
    return 0;
}

/* Between the symbols and `n` may be something else, where the table's end is not known. */
static bool refers_to_init(
    const ElfW(Sym) * symbols, const char *strings, size_t strings_size, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        if (symbols[i].st_shndx == SHN_UNDEF && symbols[i].st_name < strings_size &&
            strcmp(strings + symbols[i].st_name, "__tsan_init") == 0)
            return true;
    return false;
}

/* The loader relocates these pointers in place, but not in the vdso, which is never instrumented.
 */
static bool dynamic_is_instrumented(const ElfW(Dyn) * dynamic, uintptr_t base)
{
    const ElfW(Sym) *symbols = NULL;
    const char *strings = NULL;
    uint32_t n = 0;
    size_t strings_size = 0;
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        uintptr_t p = dynamic->d_un.d_ptr;
        if (dynamic->d_tag == DT_SYMTAB)
            symbols = (const ElfW(Sym) *)p;
        else if (dynamic->d_tag == DT_STRTAB)
            strings = (const char *)p;
        else if (dynamic->d_tag == DT_STRSZ)
            strings_size = dynamic->d_un.d_val;
        else if (dynamic->d_tag == DT_GNU_HASH && p > base)
            n = count_by_gnu_hash((const uint32_t *)p);
        else if (dynamic->d_tag == DT_HASH && !n && p > base)
            n = ((const uint32_t *)p)[1];
    }
    if ((uintptr_t)symbols < base || (uintptr_t)strings < base)
        return false;
    if (!n && (uintptr_t)strings > (uintptr_t)symbols)
        n = (uint32_t)(((uintptr_t)strings - (uintptr_t)symbols) / sizeof *symbols);
    return refers_to_init(symbols, strings, strings_size, n);
}

static bool is_instrumented(const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            return dynamic_is_instrumented(
                (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr), info->dlpi_addr);
    return false;
}

/* From the start of the first segment with this flag to the end of the last. */
static struct dt_text_range range_of(const struct dl_phdr_info *info, ElfW(Word) flag)
{
    uintptr_t lo = UINTPTR_MAX, hi = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & flag))
            continue;
        uintptr_t at = info->dlpi_addr + p->p_vaddr;
        lo = at < lo ? at : lo;
        hi = at + p->p_memsz > hi ? at + p->p_memsz : hi;
    }
    return lo < hi ? (struct dt_text_range){lo, hi - lo} : (struct dt_text_range){0, 0};
}

static struct object *find(struct dt_text_range text, struct object **ret_free)
{
    *ret_free = NULL;
    for (struct block *b = &first; b; b = b->next) {
        for (int i = 0; i < BLOCK_RANGES; i++) {
            struct object *o = &b->objects[i];
            if (o->text.size == text.size && o->text.lo == text.lo)
                return o;
            if (!o->text.size && !*ret_free)
                *ret_free = o;
        }
        if (!b->next && !*ret_free)
            __atomic_store_n(&b->next, dt_alloc(sizeof *b), __ATOMIC_RELEASE);
    }
    return NULL;
}

static void add(struct object *o, const struct dl_phdr_info *info, struct dt_text_range text)
{
    o->data = range_of(info, PF_W);
    o->instrumented = is_instrumented(info);
    instrumented_libraries += o->instrumented;
    __atomic_store_n(&o->text.lo, text.lo, __ATOMIC_RELAXED);
    __atomic_store_n(&o->text.size, text.size, __ATOMIC_RELEASE);
}

static void look(const struct dl_phdr_info *info, bool is_program, uint32_t now)
{
    struct dt_text_range text = range_of(info, PF_X);
    if (!text.size)
        return;
    if (is_program) {
        if (!program_seen && is_instrumented(info))
            dt_text_program = text;
        return;
    }
    struct object *free_slot, *o = find(text, &free_slot);
    if (!o) {
        o = free_slot;
        add(o, info, text);
        if (program_seen) /* loaded later, where something else may have been */
            dt_shadow_clear(o->data.lo, o->data.size);
    }
    o->generation = now;
}

static void drop_unloaded(uint32_t now)
{
    dt_lock_take(&lock);
    for (struct block *b = &first; b; b = b->next) {
        for (int i = 0; i < BLOCK_RANGES; i++) {
            struct object *o = &b->objects[i];
            if (!o->text.size || (int32_t)(o->generation - now) >= 0)
                continue;
            instrumented_libraries -= o->instrumented;
            dt_shadow_clear(o->data.lo, o->data.size);
            __atomic_store_n(&o->text.size, 0, __ATOMIC_RELEASE);
        }
    }
    dt_lock_drop(&lock);
}

struct walk {
    uint32_t now;
    bool is_first;
};

/* Lock order: the loader's lock, then `lock`. */
static int look_locked(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct walk *w = arg;
    (void)size;
    dt_lock_take(&lock);
    look(info, w->is_first, w->now);
    dt_lock_drop(&lock);
    w->is_first = false;
    return 0;
}

void dt_instrumented_refresh(void)
{
    struct walk w = {__atomic_add_fetch(&generation, 1, __ATOMIC_RELAXED), true};
    dl_iterate_phdr(look_locked, &w);
    drop_unloaded(w.now);
    program_seen = true;
    dt_record_accesses(dt_instrumented_word());
}

/* Every translation unit calls; the first of a new object matters. */
void dt_instrumented_announce(uintptr_t pc)
{
    if (dt_on && !dt_instrumented(pc))
        dt_instrumented_refresh();
}

bool dt_instrumented_program(void)
{
    return dt_text_program.size != 0;
}

bool dt_instrumented_any(void)
{
    return dt_instrumented_program() || instrumented_libraries;
}

const char *dt_instrumented_word(void)
{
    if (dt_instrumented_program())
        return "yes";
    return dt_instrumented_any() ? "partly" : "no";
}

bool dt_instrumented_library(uintptr_t pc)
{
    for (struct block *b = &first; b; b = __atomic_load_n(&b->next, __ATOMIC_ACQUIRE)) {
        for (int i = 0; i < BLOCK_RANGES; i++) {
            struct object *o = &b->objects[i];
            size_t size = __atomic_load_n(&o->text.size, __ATOMIC_ACQUIRE);
            if (size && pc - o->text.lo < size)
                return o->instrumented;
        }
    }
    return false;
}
