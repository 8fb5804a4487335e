/* SPDX-License-Identifier: MIT
 *
 * What compilers call at every memory access and at every function's entry and exit.
 */
#include <stddef.h>
#include <stdint.h>

#include "core/shadow.h"
#include "core/task.h"
#include "runtime/runtime.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void __tsan_init(void);
EXPORT void __tsan_func_entry(void *pc);
EXPORT void __tsan_func_exit(void);
EXPORT void __tsan_vptr_update(void **p, void *value);
EXPORT void __tsan_vptr_read(void **p);

void __tsan_init(void) { dt_init(); }
void __tsan_func_entry(void *pc) { (void)pc; }
void __tsan_func_exit(void) {}
void __tsan_vptr_update(void **p, void *value) { (void)p, (void)value; }
void __tsan_vptr_read(void **p) { (void)p; }

#define ONE(name)                                                                                  \
    EXPORT void name(void *p);                                                                     \
    void name(void *p) { (void)p; }
#define SIZES(prefix) ONE(prefix##1) ONE(prefix##2) ONE(prefix##4) ONE(prefix##8) ONE(prefix##16)
SIZES(__tsan_read)
SIZES(__tsan_write)
SIZES(__tsan_unaligned_read)
SIZES(__tsan_unaligned_write)
SIZES(__tsan_volatile_read)
SIZES(__tsan_volatile_write)
SIZES(__tsan_unaligned_volatile_read)
SIZES(__tsan_unaligned_volatile_write)
SIZES(__tsan_read_write)
SIZES(__tsan_unaligned_read_write)
EXPORT void __tsan_read_range(void *p, size_t n);
EXPORT void __tsan_write_range(void *p, size_t n);
void __tsan_read_range(void *p, size_t n) { (void)p, (void)n; }
void __tsan_write_range(void *p, size_t n) { (void)p, (void)n; }
