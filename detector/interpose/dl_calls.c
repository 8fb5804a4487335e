/* SPDX-License-Identifier: MIT
 *
 * dlopen and dlclose. What an object leaves behind is void, its code may be another's later; it
 * announces itself by __tsan_init.
 *
 * Constructors run under the loader's lock: what the one did that loaded the object happens before
 * what follows any later dlopen. libc's dlopen looks at its caller for the folders to search and
 * for $ORIGIN, so only a path without them is opened from here; of others the order is not known.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "core/sync.h"
#include "interpose/interpose.h"
#include "report/modules.h"
#include "runtime/instrumented.h"
#include "runtime/runtime.h"

static const char loader;

static void loaded(void *library)
{
    struct dt_task *t = library ? dt_enter() : NULL;
    if (!t)
        return;
    dt_acquire(t, &loader);
    dt_release(t, &loader);
}

#if defined(__x86_64__)

#define HIDDEN_USED __attribute__((visibility("hidden"), used))

HIDDEN_USED bool dt_dlopen_is_plain_from_asm(const char *file);
bool dt_dlopen_is_plain_from_asm(const char *file)
{
    return file && strchr(file, '/') && !strchr(file, '$');
}

HIDDEN_USED void *dt_dlopen_plain_from_asm(const char *file, int mode);
void *dt_dlopen_plain_from_asm(const char *file, int mode)
{
    void *library = dlopen(file, mode);
    loaded(library);
    return library;
}

__asm__(".text\n\t"
        ".globl dt_interpose_dlopen\n\t"
        ".hidden dt_interpose_dlopen\n\t"
        ".type dt_interpose_dlopen,@function\n"
        "dt_interpose_dlopen:\n\t"
        ".cfi_startproc\n\t"
        "pushq %rdi\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "pushq %rsi\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "subq $8, %rsp\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "call dt_dlopen_is_plain_from_asm\n\t"
        "addq $8, %rsp\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "popq %rsi\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "popq %rdi\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "testb %al, %al\n\t"
        "jnz dt_dlopen_plain_from_asm\n\t"
        "jmp dlopen\n\t"
        ".cfi_endproc\n\t"
        ".size dt_interpose_dlopen, .-dt_interpose_dlopen");

#endif

DT_INTERPOSE(int, dlclose, (void *library))
{
    struct dt_task *t = dt_enter();
    if (t) {
        dt_modules_meet_all();
        dt_release(t, &loader);
    }
    int err = dlclose(library);
    if (t)
        dt_instrumented_refresh();
    return err;
}
