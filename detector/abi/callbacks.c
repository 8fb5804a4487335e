/* SPDX-License-Identifier: MIT
 *
 * What the program may define for us to call. Each is weak here: the program's own definition comes
 * first in the process.
 */
#include <stddef.h>
#include <stdint.h>

#include "abi/exported.h"
#include "interpose/alloc_calls.h"
#include "report/modules.h"
#include "runtime/callbacks.h"
#include "runtime/runtime.h"

#define WEAK EXPORT __attribute__((weak))

WEAK const char *__tsan_default_options(void);
WEAK const char *__tsan_default_suppressions(void);
WEAK void __tsan_on_initialize(void);
WEAK int __tsan_on_finalize(int failed);
WEAK void __sanitizer_malloc_hook(void *p, size_t size);
WEAK void __sanitizer_free_hook(void *p);
WEAK int __sanitizer_ignore_free_hook(void *p);
WEAK void __sanitizer_on_print(const char *text);
WEAK int __tsan_symbolize_external(uintptr_t pc, char *function, size_t function_size, char *file,
    size_t file_size, int *line, int *column);
WEAK void __tsan_symbolize_external_ex(uintptr_t pc,
    void (*add)(void *arg, const char *function, const char *file, int line, int column),
    void *arg);
WEAK void __tsan_test_only_on_fork(void);

const char *__tsan_default_options(void)
{
    return "";
}

const char *__tsan_default_suppressions(void)
{
    return "";
}

void __tsan_on_initialize(void)
{
}

int __tsan_on_finalize(int failed)
{
    return failed;
}

void __sanitizer_malloc_hook(void *p, size_t size)
{
    (void)p, (void)size;
}

void __sanitizer_free_hook(void *p)
{
    (void)p;
}

int __sanitizer_ignore_free_hook(void *p)
{
    (void)p;
    return 0;
}

/* Reports are printed by another process. */
void __sanitizer_on_print(const char *text)
{
    (void)text;
}

/* Symbols are looked up by another process; code made at run time has none. */
int __tsan_symbolize_external(uintptr_t pc, char *function, size_t function_size, char *file,
    size_t file_size, int *line, int *column)
{
    (void)pc, (void)function, (void)function_size, (void)file, (void)file_size, (void)line,
        (void)column;
    return 0;
}

void __tsan_symbolize_external_ex(uintptr_t pc,
    void (*add)(void *arg, const char *function, const char *file, int line, int column), void *arg)
{
    (void)pc, (void)add, (void)arg;
}

void __tsan_test_only_on_fork(void)
{
}

/* --- what is called at once, or at every allocation --- */

static void made(const volatile void *p, size_t size)
{
    __sanitizer_malloc_hook((void *)(uintptr_t)p, size);
}

static void freeing(const volatile void *p)
{
    __sanitizer_free_hook((void *)(uintptr_t)p);
}

static bool is_programs(uintptr_t fn)
{
    return !dt_module_is_ours(fn);
}

/* After dt_init, before the program's own constructors. */
__attribute__((constructor(102))) static void start(void)
{
    bool has_made = is_programs((uintptr_t)__sanitizer_malloc_hook);
    bool has_freeing = is_programs((uintptr_t)__sanitizer_free_hook);
    if (has_made || has_freeing)
        dt_alloc_hook(has_made ? made : NULL, has_freeing ? freeing : NULL);
    __tsan_on_initialize();
}
