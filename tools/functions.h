/* SPDX-License-Identifier: MIT
 *
 * Which functions a place of the code is in.
 */
#ifndef TOOLS_FUNCTIONS_H
#define TOOLS_FUNCTIONS_H

#include <elfutils/libdw.h>
#include <stddef.h>

/* The function of the unit that holds pc, then the calls that were inlined around it, outermost
 * first; how many. Each unit is looked through once. */
size_t functions_at(Dwarf_Die *cu, Dwarf_Addr pc, Dwarf_Die *ret_chain, size_t max);

#endif
