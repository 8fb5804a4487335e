/* SPDX-License-Identifier: MIT
 *
 * See live.h: modules and memory.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "live.h"
#include "util.h"

enum { MAX_PIECES = 1024, MAX_NOTES = 1 << 16, MAX_STRING = 255 };

/* --- memory --- */

bool live_read(const struct live *l, uint64_t addr, void *to, size_t n)
{
    struct iovec here = {to, n}, there = {(void *)(uintptr_t)addr, n};
    return process_vm_readv(l->pid, &here, 1, &there, 1, 0) == (ssize_t)n;
}

char *live_string(const struct live *l, uint64_t addr)
{
    char text[MAX_STRING + 1];
    for (size_t done = 0; addr && done < MAX_STRING;) {
        uint64_t page_end = (addr + done + 4096) & ~(uint64_t)4095;
        size_t n = page_end - (addr + done);
        if (n > MAX_STRING - done)
            n = MAX_STRING - done;
        if (!live_read(l, addr + done, text + done, n))
            return NULL;
        done += n;
        text[done] = 0;
        if (memchr(text, 0, done))
            return xstrdup(text);
    }
    return addr ? xstrdup(text) : NULL;
}

uint64_t live_mapping_end(const struct live *l, uint64_t addr)
{
    for (size_t i = 0; i < l->nmaps; i++)
        if (addr >= l->maps[i].lo && addr < l->maps[i].hi && l->maps[i].readable)
            return l->maps[i].hi;
    return 0;
}

/* The kernel stops at the first piece that it cannot read. */
static size_t read_batch(const struct live *l, struct piece *pieces, size_t n)
{
    struct iovec here[MAX_PIECES], there[MAX_PIECES];
    for (size_t i = 0; i < n; i++) {
        here[i] = (struct iovec){pieces[i].to, pieces[i].n};
        there[i] = (struct iovec){(void *)(uintptr_t)pieces[i].addr, pieces[i].n};
    }
    ssize_t got = process_vm_readv(l->pid, here, n, there, n, 0);
    size_t done = 0;
    for (; done < n && got >= (ssize_t)pieces[done].n; done++) {
        pieces[done].ok = true;
        got -= (ssize_t)pieces[done].n;
    }
    return done;
}

void live_read_many(const struct live *l, struct piece *pieces, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t batch = n - i < MAX_PIECES ? n - i : MAX_PIECES;
        size_t done = read_batch(l, pieces + i, batch);
        i += done;
        if (done < batch)
            pieces[i++].ok = false;
    }
}

/* --- modules --- */

static char *hex(const unsigned char *bytes, size_t n)
{
    char *text = xcalloc(n * 2 + 1, 1);
    for (size_t i = 0; i < n; i++)
        snprintf(text + i * 2, 3, "%02x", bytes[i]);
    return text;
}

static char *build_id_in(const unsigned char *notes, size_t n)
{
    for (size_t at = 0; at + sizeof(Elf64_Nhdr) <= n;) {
        const Elf64_Nhdr *h = (const void *)(notes + at);
        size_t name = (h->n_namesz + 3u) & ~(size_t)3, desc = (h->n_descsz + 3u) & ~(size_t)3;
        size_t body = at + sizeof *h;
        if (name > n || desc > n || body + name + desc > n)
            return NULL;
        if (h->n_type == NT_GNU_BUILD_ID && h->n_namesz == 4 && memcmp(notes + body, "GNU", 4) == 0)
            return hex(notes + body + name, h->n_descsz);
        at = body + name + desc;
    }
    return NULL;
}

/* From the headers in memory: the file may have been replaced since. */
static bool read_headers(const struct live *l, struct module *m)
{
    Elf64_Ehdr e;
    Elf64_Phdr ph[64];
    if (!live_read(l, m->lo, &e, sizeof e) || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
        e.e_phentsize != sizeof *ph || e.e_phnum > 64 ||
        !live_read(l, m->lo + e.e_phoff, ph, e.e_phnum * sizeof *ph))
        return false;
    for (int i = 0; i < e.e_phnum; i++)
        if (ph[i].p_type == PT_LOAD) {
            m->base = m->lo - (ph[i].p_vaddr & ~(uint64_t)4095);
            break;
        }
    for (int i = 0; i < e.e_phnum && !m->build_id; i++) {
        size_t n = ph[i].p_filesz;
        if (ph[i].p_type != PT_NOTE || n > MAX_NOTES)
            continue;
        unsigned char *notes = xcalloc(n + 1, 1);
        if (live_read(l, m->base + ph[i].p_vaddr, notes, n))
            m->build_id = build_id_in(notes, n);
        free(notes);
    }
    return true;
}

static bool other_root(int pid)
{
    struct stat ours, its;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/root", pid);
    return stat("/", &ours) == 0 && stat(path, &its) == 0 &&
           (ours.st_dev != its.st_dev || ours.st_ino != its.st_ino);
}

/* Where the file can be opened by us: it may have been deleted, or lie in another root. */
static char *reachable(const struct live *l, const char *path, uint64_t lo, uint64_t hi, bool away)
{
    static const char deleted[] = " (deleted)";
    size_t n = strlen(path), d = sizeof deleted - 1;
    if (n > d && strcmp(path + n - d, deleted) == 0)
        return xprintf(
            "/proc/%d/map_files/%llx-%llx", l->pid, (unsigned long long)lo, (unsigned long long)hi);
    return away ? xprintf("/proc/%d/root%s", l->pid, path) : xstrdup(path);
}

struct maps_line {
    uint64_t lo, hi, offset;
    char perms[8];
    const char *path;
};

static bool parse_line(char *text, struct maps_line *ret)
{
    unsigned long long lo, hi, offset;
    int at = 0;
    text[strcspn(text, "\n")] = 0;
    if (sscanf(text, "%llx-%llx %7s %llx %*s %*s %n", &lo, &hi, ret->perms, &offset, &at) != 4)
        return false;
    ret->lo = lo;
    ret->hi = hi;
    ret->offset = offset;
    ret->path = text + at;
    return true;
}

static bool read_maps(struct live *l)
{
    char path[64], *line = NULL;
    size_t size = 0, cap_maps = 0, cap_modules = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", l->pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    bool away = other_root(l->pid);
    struct process *p = l->process;
    char *last = NULL;
    while (getline(&line, &size, f) > 0) {
        struct maps_line m;
        if (!parse_line(line, &m))
            continue;
        l->maps = grow(l->maps, l->nmaps, &cap_maps, sizeof *l->maps);
        l->maps[l->nmaps++] = (struct mapping){m.lo, m.hi, m.perms[0] == 'r'};
        if (*m.path != '/')
            continue;
        if (last && strcmp(last, m.path) == 0 && m.offset != 0) {
            p->modules[p->nmodules - 1].hi = m.hi;
            continue;
        }
        struct module new = {.lo = m.lo, .hi = m.hi};
        if (m.offset != 0 || !read_headers(l, &new))
            continue;
        free(last);
        last = xstrdup(m.path);
        new.path = reachable(l, m.path, m.lo, m.hi, away);
        p->modules = grow(p->modules, p->nmodules, &cap_modules, sizeof *p->modules);
        p->modules[p->nmodules++] = new;
    }
    free(line);
    free(last);
    fclose(f);
    return l->nmaps > 0;
}

/* --- who it is --- */

static void read_argv(struct process *p)
{
    char path[64];
    char *arg = NULL;
    size_t size = 0, cap = 0;
    snprintf(path, sizeof path, "/proc/%d/cmdline", p->pid);
    FILE *f = fopen(path, "re");
    while (f && getdelim(&arg, &size, 0, f) > 0) {
        p->argv = grow(p->argv, p->argc, &cap, sizeof *p->argv);
        p->argv[p->argc++] = xstrdup(arg);
    }
    free(arg);
    if (f)
        fclose(f);
}

static char *link_of(int pid, const char *name)
{
    char path[64], to[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    ssize_t n = readlink(path, to, sizeof to - 1);
    if (n < 0)
        return NULL;
    to[n] = 0;
    return xstrdup(to);
}

bool live_open(struct live *l, int pid, struct process *p, const char **ret_why)
{
    char path[64];
    *l = (struct live){.pid = pid, .process = p};
    *p = (struct process){.pid = pid};
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    if (access(path, F_OK) != 0) {
        *ret_why = "there is no such process";
        return false;
    }
    read_argv(p);
    p->cwd = link_of(pid, "cwd");
    p->program = link_of(pid, "exe");
    if (!read_maps(l)) {
        *ret_why = errno == EACCES || errno == EPERM
                       ? "it may not be looked at: it belongs to somebody else, or ptrace is "
                         "restricted (/proc/sys/kernel/yama/ptrace_scope; needs CAP_SYS_PTRACE)"
                       : "it has no memory: a kernel thread, or it has ended";
        return false;
    }
    if (!p->nmodules) {
        *ret_why = "no program can be read in its memory (ptrace is restricted, or it is not a "
                   "64-bit program)";
        return false;
    }
    return true;
}
