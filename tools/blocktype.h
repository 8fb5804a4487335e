/* SPDX-License-Identifier: MIT
 *
 * What a heap block probably holds. C does not say which type a block has; the line that allocates
 * it mostly does: `job = malloc(sizeof *job)`, `new Job`.
 */
#ifndef TOOLS_BLOCKTYPE_H
#define TOOLS_BLOCKTYPE_H

#include "image.h"
#include "model.h"

/* A word of a line of source at the place `pc` of `im` that means a structure of just this size, or
 * of one that divides it (an array): as the name of a type, or of a variable or member that points
 * to one. Sets type and member of `o` for the byte at `offset` of the block. False: no word does,
 * or several that mean different ones. */
bool name_block(
    struct image *im, GElf_Addr pc, const struct frame *line, uint64_t offset, struct object *o);

#endif
