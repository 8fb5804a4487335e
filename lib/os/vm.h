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
/* Makes whole pages fault on access; false: no guard could be placed (too many mappings). */
bool gorc__vm_guard(void *page, size_t size);
/* Guards by mprotect even where the kernel has better (GORC_DEBUG=mprotect). Before the first. */
void gorc__vm_guard_by_mprotect(void);
/* Gives the memory back, keeping the mapping and the guards in it: it reads as zero. */
void gorc__vm_trim(void *p, size_t size);

#endif
