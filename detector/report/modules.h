/* SPDX-License-Identifier: MIT
 *
 * The loaded objects (program, libraries, vdso) that addresses of reports lie in. An object gets a
 * number and a line of the record when it is first met. Lookups take no lock and no allocation of
 * libc's, so they work in signal handlers; an object that has been unloaded is still known.
 */
#ifndef DT_MODULES_H
#define DT_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dt_place {
    int module;      /* -1: none, offset is the address */
    uint64_t offset; /* address - load bias: what the object's own symbols say */
};
struct dt_place dt_module_place(uintptr_t addr);

const char *dt_module_path(int module); /* "?" for -1 */

/* Meets all objects that are loaded now. At a safe time: it takes the loader's lock. To be called
 * before dlclose, so that stacks from the closed object can be shown. */
void dt_modules_meet_all(void);
/* The numbers and lines start anew: a forked child's record. */
void dt_modules_forget(void);
/* Is the address in the race library itself? */
bool dt_module_is_ours(uintptr_t addr);
/* The program's own file; what it was started as where there is no /proc. */
void dt_module_program_path(char *ret_path, size_t size);
/* The path of the race library as the loader knows it. */
const char *dt_module_our_path(void);

#endif
