/* SPDX-License-Identifier: MIT
 *
 * What the program calls a piece of static memory.
 */
#ifndef TOOLS_GLOBALS_H
#define TOOLS_GLOBALS_H

#include <elfutils/libdwfl.h>

#include "model.h"

/* Sets name ("stats.hits", "table[3].key"), size, file and line of the variable at `addr`, an
 * address of `m`. Keeps a name that the program gave itself. */
void name_global(Dwfl_Module *m, GElf_Addr addr, struct object *o);

#endif
