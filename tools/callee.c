/* SPDX-License-Identifier: MIT
 *
 * See callee.h. A direct call leads to an entry of the linkage table, that jumps through a slot of
 * the offset table; a relocation of the slot has the name. With -fno-plt the call itself goes
 * through the slot. x86-64 only; elsewhere there are no names.
 */
#define _GNU_SOURCE
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <stdbool.h>
#include <string.h>

#include "callee.h"

enum { CALL = 5, CALL_SLOT = 6, ENTRY = 16 };

/* n bytes of the file at a virtual address; NULL: not in it. */
static const unsigned char *bytes_at(Elf *elf, uint64_t addr, size_t n)
{
    size_t size, segments;
    const char *file = elf_rawfile(elf, &size);
    if (!file || elf_getphdrnum(elf, &segments) != 0)
        return NULL;
    for (size_t i = 0; i < segments; i++) {
        GElf_Phdr p;
        if (!gelf_getphdr(elf, (int)i, &p) || p.p_type != PT_LOAD || addr < p.p_vaddr ||
            addr - p.p_vaddr > p.p_filesz || p.p_filesz - (addr - p.p_vaddr) < n)
            continue;
        uint64_t at = p.p_offset + (addr - p.p_vaddr);
        return at <= size && size - at >= n ? (const unsigned char *)file + at : NULL;
    }
    return NULL;
}

static uint64_t relative(const unsigned char *displacement, uint64_t next)
{
    int32_t d;
    memcpy(&d, displacement, sizeof d);
    return next + (uint64_t)(int64_t)d;
}

/* The slot that the entry of the linkage table jumps through; 0: it is none. */
static uint64_t slot_of_entry(Elf *elf, uint64_t entry)
{
    static const unsigned char landing[] = {0xf3, 0x0f, 0x1e, 0xfa}; /* endbr64 */
    const unsigned char *b = bytes_at(elf, entry, ENTRY);
    size_t i = 0;
    if (!b)
        return 0;
    if (memcmp(b, landing, sizeof landing) == 0)
        i += sizeof landing;
    i += b[i] == 0xf2; /* bnd */
    if (b[i] != 0xff || b[i + 1] != 0x25)
        return 0;
    return relative(b + i + 2, entry + i + 6);
}

static const char *name_of_slot(Elf *elf, uint64_t slot)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf, section))) {
        GElf_Shdr sh, symbols;
        if (!gelf_getshdr(section, &sh) || sh.sh_type != SHT_RELA || !sh.sh_entsize)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        Elf_Scn *linked = elf_getscn(elf, sh.sh_link);
        Elf_Data *table = linked ? elf_getdata(linked, NULL) : NULL;
        for (size_t i = 0; data && table && i < sh.sh_size / sh.sh_entsize; i++) {
            GElf_Rela r;
            GElf_Sym sym;
            if (gelf_getrela(data, (int)i, &r) && r.r_offset == slot &&
                gelf_getsym(table, (int)GELF_R_SYM(r.r_info), &sym) &&
                gelf_getshdr(linked, &symbols))
                return elf_strptr(elf, symbols.sh_link, sym.st_name);
        }
    }
    return NULL;
}

const char *callee_name(struct image *im, uint64_t pc)
{
    GElf_Addr unused;
    GElf_Ehdr header;
    Elf *elf = im->module ? dwfl_module_getelf(im->module, &unused) : NULL;
    if (!elf || !gelf_getehdr(elf, &header) || header.e_machine != EM_X86_64 || pc < CALL_SLOT)
        return NULL;
    const unsigned char *b = bytes_at(elf, pc - CALL_SLOT, CALL_SLOT);
    uint64_t slot = 0;
    if (b && b[0] == 0xff && b[1] == 0x15)
        slot = relative(b + 2, pc);
    else if (b && b[1] == 0xe8)
        slot = slot_of_entry(elf, relative(b + 2, pc));
    const char *name = slot ? name_of_slot(elf, slot) : NULL;
    if (!name || strncmp(name, "__tsan_", 7) != 0)
        return name && *name ? name : NULL;
    return strncmp(name + 7, "mem", 3) == 0 ? name + 7 : NULL; /* clang's memcpy ... */
}
