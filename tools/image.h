/* SPDX-License-Identifier: MIT
 *
 * Files that a record names, opened for their symbols. Several processes share them.
 */
#ifndef TOOLS_IMAGE_H
#define TOOLS_IMAGE_H

#include <elfutils/libdwfl.h>

#include "model.h"

struct image {
    char *path, *build_id;
    Dwfl_Module *module; /* NULL: not there, or another build */
    GElf_Addr bias;
    struct unit_range *units; /* sorted by address; made when .debug_aranges has no answer */
    size_t nunits, cap_units;
    bool has_units;
};

/* Never NULL, never moved. */
struct image *image_of(const struct module *m);
/* The compilation unit that holds pc; NULL: none. */
Dwarf_Die *image_unit(struct image *im, GElf_Addr pc, Dwarf_Addr *ret_bias);

#endif
