/* SPDX-License-Identifier: MIT
 *
 * What the program calls a piece of static or thread-local memory.
 */
#ifndef TOOLS_GLOBALS_H
#define TOOLS_GLOBALS_H

#include <elfutils/libdwfl.h>

#include "model.h"

/* Sets name ("stats.hits", "table[3].key"), size, file and line of the variable at `addr`, an
 * address of `m`. Keeps a name that the program gave itself. */
void name_global(Dwfl_Module *m, GElf_Addr addr, struct object *o);
/* The same for a place in the thread-local segment of `m`. */
void name_thread_local(Dwfl_Module *m, uint64_t offset, struct object *o);
/* Names the byte at `offset` of the variable `die`; false: it has no name, or is not that large. */
bool name_variable(Dwarf_Die *die, Dwarf_Die *cu, Dwarf_Word offset, struct object *o);
/* ".next", ".pairs[1].count": what the byte at `offset` of such a thing is a part of; "": the
 * whole.
 */
char *member_path(Dwarf_Die *type, Dwarf_Word offset);

#endif
