/* SPDX-License-Identifier: MIT
 *
 * Address space for stacks.
 */
#ifndef GORC_LIB_OS_VM_H
#define GORC_LIB_OS_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t gorc__vm_page(void);
/* Inaccessible address space, never backed by huge pages; NULL when there is none. */
void *gorc__vm_reserve(size_t size);
/* Makes part of a reservation usable. */
bool gorc__vm_commit(void *p, size_t size);
/* Makes one page fault on access; false: no guard could be placed (too many mappings). */
bool gorc__vm_guard(void *page);
/* Gives the memory back, keeping the mapping. */
void gorc__vm_trim(void *p, size_t size);

#endif
