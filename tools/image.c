/* SPDX-License-Identifier: MIT
 *
 * See image.h.
 */
#define _GNU_SOURCE
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "util.h"

static char *debug_path; /* NULL: libdw's default places */

static const Dwfl_Callbacks callbacks = {
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &debug_path,
};

static struct image **images;
static size_t nimages, cap_images;

static bool has_build_id(Dwfl_Module *m, const char *wanted)
{
    const unsigned char *bits;
    GElf_Addr at;
    int n = dwfl_module_build_id(m, &bits, &at);
    if (!wanted || n <= 0)
        return !wanted || n == 0;
    if (strlen(wanted) != (size_t)n * 2)
        return false;
    for (int i = 0; i < n; i++) {
        char two[3];
        snprintf(two, sizeof two, "%02x", bits[i]);
        if (strncmp(two, wanted + i * 2, 2) != 0)
            return false;
    }
    return true;
}

static Dwfl_Module *open_module(const char *path, const char *build_id)
{
    Dwfl *d = dwfl_begin(&callbacks);
    if (!d)
        return NULL;
    dwfl_report_begin(d);
    Dwfl_Module *m = dwfl_report_offline(d, path, path, -1);
    dwfl_report_end(d, NULL, NULL);
    if (m && has_build_id(m, build_id))
        return m;
    dwfl_end(d);
    return NULL;
}

struct image *image_of(const struct module *m)
{
    const char *id = m->build_id ? m->build_id : "";
    for (size_t i = 0; i < nimages; i++)
        if (strcmp(images[i]->path, m->path) == 0 && strcmp(images[i]->build_id, id) == 0)
            return images[i];
    struct image *im = xcalloc(1, sizeof *im);
    images = grow(images, nimages, &cap_images, sizeof *images);
    images[nimages++] = im;
    im->path = xstrdup(m->path);
    im->build_id = xstrdup(id);
    im->module = open_module(m->path, m->build_id);
    if (im->module && !dwfl_module_getelf(im->module, &im->bias))
        im->module = NULL;
    return im;
}

/* --- units --- */

struct unit_range {
    Dwarf_Addr lo, hi; /* addresses of the module */
    Dwarf_Die *cu;
    Dwarf_Addr bias;
};

static int by_start(const void *a, const void *b)
{
    const struct unit_range *x = a, *y = b;
    return (x->lo > y->lo) - (x->lo < y->lo);
}

static void collect_units(struct image *im)
{
    Dwarf_Die *cu = NULL;
    Dwarf_Addr bias, base, lo, hi;
    im->has_units = true;
    while ((cu = dwfl_module_nextcu(im->module, cu, &bias))) {
        ptrdiff_t next = 0;
        while ((next = dwarf_ranges(cu, next, &base, &lo, &hi)) > 0) {
            im->units = grow(im->units, im->nunits, &im->cap_units, sizeof *im->units);
            im->units[im->nunits++] = (struct unit_range){lo + bias, hi + bias, cu, bias};
        }
    }
    if (im->nunits)
        qsort(im->units, im->nunits, sizeof *im->units, by_start);
}

/* Not by .debug_aranges alone: clang writes none, and what it says of the
 * space between two units is a guess. */
Dwarf_Die *image_unit(struct image *im, GElf_Addr pc, Dwarf_Addr *ret_bias)
{
    Dwarf_Die *cu = dwfl_module_addrdie(im->module, pc, ret_bias);
    if (cu && dwarf_haspc(cu, pc - *ret_bias) > 0)
        return cu;
    if (!im->has_units)
        collect_units(im);
    size_t lo = 0, hi = im->nunits;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (im->units[mid].lo <= pc)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (!lo || pc >= im->units[lo - 1].hi)
        return NULL;
    *ret_bias = im->units[lo - 1].bias;
    return im->units[lo - 1].cu;
}
