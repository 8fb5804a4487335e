/* SPDX-License-Identifier: MIT
 *
 * What the program calls a piece of a stack.
 */
#ifndef TOOLS_LOCALS_H
#define TOOLS_LOCALS_H

#include "image.h"
#include "model.h"

/* Sets the name, file and line of the variable or parameter that was accessed in the frame with the
 * canonical frame address `cfa`, and address and size to those of the access; of the function that
 * is at `pc`, an address of the image. Nothing, where no variable has that memory as its location
 * there. */
void name_local(
    struct image *im, GElf_Addr pc, uint64_t cfa, const struct stack *access, struct object *o);

#endif
