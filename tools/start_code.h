/* SPDX-License-Identifier: MIT
 *
 * libc's frames below main and below a thread's function. They are not shown, so their names are
 * not worth opening libc's debug file, which takes longer than all else that a report does.
 */
#ifndef TOOLS_START_CODE_H
#define TOOLS_START_CODE_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

/* Those among the raw frames of a stack: from *ret_from on, *ret_n of them (0: none). What follows
 * them is the program's _start. */
void start_code(const struct process *p, const struct stack *s, size_t *ret_from, size_t *ret_n);
/* The name that the file itself exports for the code before a return address, or NULL. */
const char *exported_name(const struct module *m, uint64_t offset);

#endif
