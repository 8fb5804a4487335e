/* SPDX-License-Identifier: MIT
 *
 * Looks at a program's file before it is run. A script is as good as its interpreter.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "target.h"
#include "util.h"

#if defined(__x86_64__)
enum { OUR_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OUR_MACHINE = EM_AARCH64 };
#else
#error "unknown architecture"
#endif

enum { MAX_INTERPRETERS = 5 };

/* --- finding it --- */

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static char *search_path(const char *name)
{
    const char *p = getenv("PATH");
    char *some = NULL;
    for (p = p ? p : "/usr/bin:/bin";; p++) {
        size_t n = strcspn(p, ":");
        char *path = xprintf("%.*s%s%s", (int)n, p, n ? "/" : "./", name);
        if (is_program(path)) {
            free(some);
            return path;
        }
        if (!some && access(path, F_OK) == 0)
            some = path;
        else
            free(path);
        p += n;
        if (!*p)
            return some;
    }
}

static void refuse(struct target *t, int status, const char *why)
{
    if (t->status)
        return;
    t->status = status;
    t->why = why;
}

/* --- what is in it --- */

static bool defines_start(Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t n = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    for (size_t i = 0; data && i < n; i++) {
        GElf_Sym sym;
        if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF)
            continue;
        const char *name = elf_strptr(elf, header->sh_link, sym.st_name);
        if (name && strcmp(name, "__tsan_init") == 0)
            return true;
    }
    return false;
}

/* What the program's dynamic section says of a race runtime in a library of its own. */
struct runtime_need {
    char *name, *rpath; /* rpath: where the loader looks before LD_LIBRARY_PATH */
    bool has_runpath;
};

static bool is_runtime(const char *name)
{
    return strncmp(name, "libtsan.so", 10) == 0 || strncmp(name, "libclang_rt.tsan", 16) == 0;
}

static void read_needs(
    Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct runtime_need *need)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t n = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    for (size_t i = 0; data && i < n; i++) {
        GElf_Dyn dyn;
        if (!gelf_getdyn(data, (int)i, &dyn))
            continue;
        bool is_name = dyn.d_tag == DT_NEEDED || dyn.d_tag == DT_RPATH;
        const char *s = is_name ? elf_strptr(elf, header->sh_link, dyn.d_un.d_val) : NULL;
        need->has_runpath |= dyn.d_tag == DT_RUNPATH;
        if (s && dyn.d_tag == DT_RPATH && !need->rpath)
            need->rpath = xstrdup(s);
        else if (s && dyn.d_tag == DT_NEEDED && !need->name && is_runtime(s))
            need->name = xstrdup(s);
    }
}

/* Does one of the folders hold the library? $ORIGIN is the program's own. */
static bool is_on_path(const char *folders, const char *name, const char *program)
{
    char *real = realpath(program, NULL);
    const char *slash = real ? strrchr(real, '/') : NULL;
    bool found = false;
    for (const char *p = folders; !found && *p; p += *p == ':') {
        size_t n = strcspn(p, ":");
        size_t variable = strncmp(p, "$ORIGIN", 7) == 0 ? 7 : strncmp(p, "${ORIGIN}", 9) ? 0 : 9;
        char *path = xprintf("%.*s%.*s/%s", variable && slash ? (int)(slash - real) : 0, real,
            (int)(n - variable), p + variable, name);
        found = access(path, F_OK) == 0;
        free(path);
        p += n;
    }
    free(real);
    return found;
}

static void check_need(const struct runtime_need *need, struct target *t, const char *program)
{
    if (!need->name)
        return;
    if (!runtime_directory(need->name))
        refuse(t, STATUS_FAILED,
            "it is linked to a race runtime that gorc cannot stand in for: link it with `gorc "
            "cc`, without -fsanitize=thread");
    else if (need->rpath && !need->has_runpath && is_on_path(need->rpath, need->name, program))
        refuse(t, STATUS_FAILED,
            "its DT_RPATH leads to the compiler's own race runtime: link it with `gorc cc`, "
            "without -fsanitize=thread");
}

static void check_runtime(Elf *elf, struct target *t, const char *program)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    struct runtime_need need = {0};
    while ((section = elf_nextscn(elf, section))) {
        if (!gelf_getshdr(section, &header))
            continue;
        bool symbols = header.sh_type == SHT_DYNSYM || header.sh_type == SHT_SYMTAB;
        if (symbols && defines_start(elf, section, &header))
            refuse(t, STATUS_FAILED,
                "the compiler's own race runtime is linked into it: link it with `gorc cc`, "
                "without -fsanitize=thread");
        if (header.sh_type == SHT_DYNAMIC)
            read_needs(elf, section, &header, &need);
    }
    check_need(&need, t, program);
    free(need.name);
    free(need.rpath);
}

static void check_elf(int fd, struct target *t, const char *program)
{
    GElf_Ehdr header;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header)) {
        refuse(t, STATUS_CANNOT_EXECUTE, "it is a damaged ELF file");
    } else if (header.e_machine != OUR_MACHINE || header.e_ident[EI_CLASS] != ELFCLASS64) {
        refuse(t, STATUS_FAILED, "it is built for another architecture");
    } else {
        size_t n = 0;
        bool dynamic = false;
        elf_getphdrnum(elf, &n);
        for (size_t i = 0; i < n; i++) {
            GElf_Phdr ph;
            dynamic |= gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_INTERP;
        }
        if (!dynamic)
            refuse(t, STATUS_FAILED, "it is linked statically: gorc cannot see inside");
        check_runtime(elf, t, program);
    }
    elf_end(elf);
}

static void check_privileges(int fd, const struct stat *st, struct target *t)
{
    if (st->st_mode & (S_ISUID | S_ISGID))
        refuse(t, STATUS_FAILED, "it is setuid or setgid: the system does not let gorc into it");
    if (fgetxattr(fd, "security.capability", NULL, 0) > 0)
        refuse(t, STATUS_FAILED, "it has file capabilities: the system does not let gorc into it");
}

static void check_file(const char *path, struct target *t, int depth);

static void check_script(char *line, struct target *t, int depth)
{
    line += 2 + strspn(line + 2, " \t");
    line[strcspn(line, " \t\r\n")] = 0;
    if (depth == MAX_INTERPRETERS)
        refuse(t, STATUS_CANNOT_EXECUTE, "its interpreters go round in a circle");
    else if (!*line)
        refuse(t, STATUS_CANNOT_EXECUTE, "its first line names no interpreter");
    else if (access(line, F_OK) != 0)
        refuse(t, STATUS_CANNOT_EXECUTE, "its interpreter is not there");
    else
        check_file(line, t, depth + 1);
}

static void check_file(const char *path, struct target *t, int depth)
{
    struct stat st;
    char start[4096];
    if (stat(path, &st) != 0) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        refuse(t, missing ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE, strerrordesc_np(errno));
        return;
    }
    if (S_ISDIR(st.st_mode))
        refuse(t, STATUS_CANNOT_EXECUTE, "it is a directory");
    else if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
        refuse(t, STATUS_CANNOT_EXECUTE, "it is not executable");
    int fd = t->status ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* execute permission alone is enough to run it */
    ssize_t n = read(fd, start, sizeof start - 1);
    start[n > 0 ? n : 0] = 0;
    check_privileges(fd, &st, t);
    if (n >= SELFMAG && memcmp(start, ELFMAG, SELFMAG) == 0)
        check_elf(fd, t, path);
    else if (strncmp(start, "#!", 2) == 0)
        check_script(start, t, depth);
    else
        refuse(t, STATUS_CANNOT_EXECUTE, "it is neither a program nor a script with #!");
    close(fd);
}

void target_check(const char *program, struct target *t)
{
    *t = (struct target){.status = 0};
    t->path = strchr(program, '/') ? xstrdup(program) : *program ? search_path(program) : NULL;
    if (!t->path)
        refuse(t, STATUS_NOT_FOUND, "not found");
    else
        check_file(t->path, t, 0);
}

/* --- libraries that are preloaded already --- */

static bool is_foreign(const char *path)
{
    Elf64_Ehdr h;
    int fd = strchr(path, '/') ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    bool is_elf =
        read(fd, &h, sizeof h) == (ssize_t)sizeof h && memcmp(h.e_ident, ELFMAG, SELFMAG) == 0;
    close(fd);
    return is_elf && (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_machine != OUR_MACHINE);
}

char *target_preload(const char *library, const char *present)
{
    char *all = xstrdup(library);
    while (present && *present) {
        present += strspn(present, ": ");
        size_t n = strcspn(present, ": ");
        char *one = xprintf("%.*s", (int)n, present);
        if (n && !is_foreign(one) && !strstr(one, "libgorc_race")) {
            char *more = xprintf("%s:%s", all, one);
            free(all);
            all = more;
        }
        free(one);
        present += n;
    }
    return all;
}

char *target_library_path(const char *present)
{
    const char *ours = runtime_directory(NULL);
    if (!ours)
        return present ? xstrdup(present) : NULL;
    return present && *present ? xprintf("%s:%s", ours, present) : xstrdup(ours);
}
