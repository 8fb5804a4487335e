/* SPDX-License-Identifier: MIT
 *
 * Modules by the loader's own lock-free lookup (_dl_find_object), remembered in an append-only
 * table of pages that are never moved. Entries are complete before their number is published.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "base/lock.h"
#include "report/line.h"
#include "report/modules.h"
#include "report/record_impl.h"

enum { PER_PAGE = 64, MAX_PAGES = 1024, MAX_ID = 64 };

struct module {
    uintptr_t lo, hi, bias;
    const void *map; /* link map, part of the identity */
    const char *path;
    unsigned char id[MAX_ID];
    unsigned id_size;
    bool recorded; /* its line is in the present record; atomic */
};

static struct module *pages[MAX_PAGES];
static int count; /* atomic: entries below it are complete */
static dt_lock adding;

static struct module *at(int i)
{
    return &__atomic_load_n(&pages[i / PER_PAGE], __ATOMIC_ACQUIRE)[i % PER_PAGE];
}

/* --- what the object itself says --- */

static void note_id(struct module *m, uintptr_t at_note, size_t size)
{
    const char *p = (const char *)at_note, *end = p + size;
    while ((size_t)(end - p) >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *n = (const void *)p;
        size_t name = (n->n_namesz + 3u) & ~3u, desc = (n->n_descsz + 3u) & ~3u;
        p += sizeof *n;
        if (name > (size_t)(end - p) || desc > (size_t)(end - p) - name)
            return;
        if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && memcmp(p, "GNU", 4) == 0) {
            m->id_size = n->n_descsz < MAX_ID ? n->n_descsz : MAX_ID;
            memcpy(m->id, p + name, m->id_size);
            return;
        }
        p += name + desc;
    }
}

/* The ELF header is the first thing of the mapping but in the oddest of objects. */
static void read_id(struct module *m)
{
    const ElfW(Ehdr) *e = (const void *)m->lo;
    m->id_size = 0;
    if (m->hi - m->lo < sizeof *e || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0)
        return;
    size_t size = (size_t)e->e_phnum * sizeof(ElfW(Phdr));
    if (e->e_phoff > m->hi - m->lo || size > m->hi - m->lo - e->e_phoff)
        return;
    const ElfW(Phdr) *ph = (const void *)(m->lo + e->e_phoff);
    for (int i = 0; i < e->e_phnum && !m->id_size; i++) {
        uintptr_t note = m->bias + ph[i].p_vaddr;
        if (ph[i].p_type == PT_NOTE && note >= m->lo && note + ph[i].p_memsz <= m->hi)
            note_id(m, note, ph[i].p_memsz);
    }
}

/* --- the table --- */

static bool same(const struct module *a, const struct module *b)
{
    return a->lo == b->lo && a->hi == b->hi && a->bias == b->bias && a->map == b->map &&
           a->id_size == b->id_size && memcmp(a->id, b->id, a->id_size) == 0;
}

static int known(const struct module *m, int from)
{
    for (int i = __atomic_load_n(&count, __ATOMIC_ACQUIRE) - 1; i >= from; i--)
        if (same(at(i), m))
            return i;
    return -1;
}

void dt_module_program_path(char *ret_path, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", ret_path, size - 1);
    ret_path[n > 0 ? n : 0] = 0;
    const char *started = n > 0 ? NULL : (const char *)getauxval(AT_EXECFN);
    size_t length = started ? strlen(started) : 0;
    if (!length || length >= size)
        return;
    memcpy(ret_path, started, length + 1);
}

/* A copy: the loader frees its own when the object is unloaded. */
static const char *path_of(const struct module *m)
{
    const struct link_map *map = m->map;
    char exe[4096];
    const char *path = map->l_name;
    if (!path || !path[0]) {
        dt_module_program_path(exe, sizeof exe);
        path = exe;
    }
    size_t size = strlen(path) + 1;
    return memcpy(dt_alloc(size), path, size);
}

static int add(const struct module *m)
{
    dt_lock_take(&adding);
    int i = known(m, 0);
    if (i < 0 && count < PER_PAGE * MAX_PAGES) {
        i = count;
        if (!pages[i / PER_PAGE])
            __atomic_store_n(
                &pages[i / PER_PAGE], dt_alloc(PER_PAGE * sizeof *m), __ATOMIC_RELEASE);
        *at(i) = *m;
        at(i)->path = path_of(m);
        __atomic_store_n(&count, i + 1, __ATOMIC_RELEASE);
    }
    dt_lock_drop(&adding);
    return i;
}

/* --- its line --- */

static void record(struct module *m, int number)
{
    if (dt_record_is_text() || __atomic_exchange_n(&m->recorded, true, __ATOMIC_ACQ_REL))
        return;
    struct dt_line l;
    dt_line_start(&l);
    dt_line_text(&l, "{");
    dt_line_number(&l, "module", (uint64_t)number);
    dt_line_field(&l, "path", m->path);
    if (m->id_size) {
        dt_line_key(&l, "build_id");
        dt_line_hex(&l, m->id, m->id_size);
    }
    dt_line_number(&l, "base", m->bias);
    dt_line_number(&l, "lo", m->lo);
    dt_line_number(&l, "hi", m->hi);
    dt_line_text(&l, "}\n");
    dt_record_line(&l);
}

static int unloaded(uintptr_t addr)
{
    for (int i = __atomic_load_n(&count, __ATOMIC_ACQUIRE) - 1; i >= 0; i--)
        if (addr >= at(i)->lo && addr < at(i)->hi)
            return i;
    return -1;
}

static bool find(uintptr_t addr, struct module *ret)
{
    struct dl_find_object o;
    if (_dl_find_object((void *)addr, &o) != 0)
        return false;
    memset(ret, 0, sizeof *ret);
    ret->lo = (uintptr_t)o.dlfo_map_start;
    ret->hi = (uintptr_t)o.dlfo_map_end;
    ret->map = o.dlfo_link_map;
    ret->bias = o.dlfo_link_map->l_addr;
    read_id(ret);
    return true;
}

struct dt_place dt_module_place(uintptr_t addr)
{
    struct module m;
    int i;
    if (find(addr, &m)) {
        i = known(&m, 0);
        if (i < 0)
            i = add(&m);
    } else {
        i = unloaded(addr);
    }
    if (i < 0)
        return (struct dt_place){-1, addr};
    record(at(i), i);
    return (struct dt_place){i, addr - at(i)->bias};
}

const char *dt_module_path(int module)
{
    return module < 0 ? "?" : at(module)->path;
}

static int meet(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size, (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        struct module m;
        if (find(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, &m) && known(&m, 0) < 0)
            add(&m);
        break;
    }
    return 0;
}

void dt_modules_meet_all(void)
{
    dl_iterate_phdr(meet, NULL);
}

void dt_modules_forget(void)
{
    adding = 0;
    for (int i = 0; i < count; i++)
        at(i)->recorded = false;
}

/* --- ourselves --- */

static struct dl_find_object ours;

static const struct dl_find_object *our_object(void)
{
    if (!ours.dlfo_map_end)
        _dl_find_object((void *)(uintptr_t)dt_module_is_ours, &ours);
    return &ours;
}

bool dt_module_is_ours(uintptr_t addr)
{
    const struct dl_find_object *o = our_object();
    return addr >= (uintptr_t)o->dlfo_map_start && addr < (uintptr_t)o->dlfo_map_end;
}

const char *dt_module_our_path(void)
{
    const struct dl_find_object *o = our_object();
    return o->dlfo_link_map ? o->dlfo_link_map->l_name : "";
}
