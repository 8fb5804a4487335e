/* SPDX-License-Identifier: MIT
 *
 * See start_code.h. What libc calls main with, and what it starts a thread with, it does not
 * export: below main there is one such frame, and __libc_start_main, which is exported; below a
 * thread's function there are two.
 */
#define _GNU_SOURCE
#include <gelf.h>
#include <stdint.h>
#include <string.h>

#include "image.h"
#include "start_code.h"

static bool is_libc(const struct module *m)
{
    const char *slash = m->path ? strrchr(m->path, '/') : NULL;
    return slash && strncmp(slash + 1, "libc.so", 7) == 0;
}

static const struct module *module_of(const struct process *p, const struct raw_frame *r)
{
    return r->module >= 0 && (size_t)r->module < p->nmodules ? &p->modules[r->module] : NULL;
}

static const char *name_in(Elf *elf, Elf_Scn *section, const GElf_Shdr *head, uint64_t addr)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t n = data && head->sh_entsize ? data->d_size / head->sh_entsize : 0;
    GElf_Sym sym;
    for (size_t i = 0; i < n; i++)
        if (gelf_getsym(data, (int)i, &sym) && GELF_ST_TYPE(sym.st_info) == STT_FUNC &&
            sym.st_shndx != SHN_UNDEF && addr - sym.st_value < sym.st_size)
            return elf_strptr(elf, head->sh_link, sym.st_name);
    return NULL;
}

const char *exported_name(const struct module *m, uint64_t offset)
{
    struct image *im = image_of(m);
    GElf_Addr bias;
    Elf *elf = im->module ? dwfl_module_getelf(im->module, &bias) : NULL;
    Elf_Scn *section = NULL;
    GElf_Shdr head;
    while (elf && (section = elf_nextscn(elf, section)))
        if (gelf_getshdr(section, &head) && head.sh_type == SHT_DYNSYM)
            return name_in(elf, section, &head, offset - 1);
    return NULL;
}

static bool is_main_starter(const struct process *p, const struct raw_frame *r)
{
    const struct module *m = module_of(p, r);
    const char *name = m && is_libc(m) ? exported_name(m, r->offset) : NULL;
    return name && strncmp(name, "__libc_start", 12) == 0;
}

void start_code(const struct process *p, const struct stack *s, size_t *ret_from, size_t *ret_n)
{
    size_t end = s->nraw, at, unnamed = 2;
    if (end > 2 && is_main_starter(p, &s->raw[end - 2]))
        end--; /* _start */
    if (end > 1 && is_main_starter(p, &s->raw[end - 1]))
        unnamed = 1;
    for (at = end; at > 1; at--) {
        const struct raw_frame *r = &s->raw[at - 1];
        const struct module *m = module_of(p, r);
        if (!m || !is_libc(m) || !image_of(m)->module)
            break;
        const char *name = exported_name(m, r->offset);
        if (!name && unnamed)
            unnamed--;
        else if (!name || (strncmp(name, "__libc_start", 12) != 0 && !strstr(name, "clone")))
            break;
    }
    *ret_from = at;
    *ret_n = end - at;
}
