/* SPDX-License-Identifier: MIT
 *
 * C++'s operator new and delete, so that a block's stack begins in the program and not in
 * libstdc++. libstdc++'s and libc++'s operators are malloc and free and a new-handler; the case
 * that matters is done here, and what fails goes to the real operator, which calls the handler and
 * throws: as a tail call, so that no frame of ours is unwound. With other operators (an allocator's
 * library) the real one is called always.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/out.h"
#include "base/reals.h"
#include "interpose/alloc_calls.h"
#include "interpose/interpose.h"

enum { UNKNOWN, IS_MALLOC, IS_OTHER };
static int kind;

static bool is_standard_library(const void *function)
{
    Dl_info info;
    if (!dladdr(function, &info) || !info.dli_fname)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    const char *name = slash ? slash + 1 : info.dli_fname;
    return strncmp(name, "libstdc++.", 10) == 0 || strncmp(name, "libc++", 6) == 0;
}

static int find_kind(const void *function)
{
    int k = !function || is_standard_library(function) ? IS_MALLOC : IS_OTHER;
    if (function)
        __atomic_store_n(&kind, k, __ATOMIC_RELAXED);
    return k;
}

void *dt_interpose__Znwm(size_t size);

#define NEW_IS_MALLOC()                                                                            \
    ((kind ? kind : find_kind((const void *)DT_REAL_OPTIONAL(_Znwm))) == IS_MALLOC)

static void *out_of_memory(void)
{
    dt_die("out of memory in operator new, and no C++ library to throw");
}

static void *plain(size_t size, uintptr_t pc)
{
    void *p = malloc(size ? size : 1);
    if (p)
        dt_alloc_made(p, size, pc);
    return p;
}

static void *aligned(size_t size, size_t alignment, uintptr_t pc)
{
    void *p = NULL;
    if (posix_memalign(&p, alignment < sizeof p ? sizeof p : alignment, size ? size : 1))
        return NULL;
    dt_alloc_made(p, size, pc);
    return p;
}

/* fast: the malloc that is tried first; args: how the real one is called. */
#define DEFINE_NEW(name, params, fast, args)                                                       \
    DT_INTERPOSE(void *, name, params)                                                             \
    {                                                                                              \
        __typeof__(&dt_interpose_##name) real;                                                     \
        void *p;                                                                                   \
        if (!NEW_IS_MALLOC()) {                                                                    \
            p = DT_REAL_OPTIONAL(name) args;                                                       \
            if (p)                                                                                 \
                dt_alloc_made(p, size, DT_CALLER);                                                 \
            return p;                                                                              \
        }                                                                                          \
        p = fast;                                                                                  \
        if (p)                                                                                     \
            return p;                                                                              \
        real = DT_REAL_OPTIONAL(name);                                                             \
        return real ? real args : out_of_memory();                                                 \
    }

#define DEFINE_DELETE(name, params, args)                                                          \
    DT_INTERPOSE(void, name, params)                                                               \
    {                                                                                              \
        if (p && !dt_alloc_freeing(p, DT_CALLER))                                                  \
            return;                                                                                \
        if (NEW_IS_MALLOC())                                                                       \
            free(p);                                                                               \
        else                                                                                       \
            DT_REAL_OPTIONAL(name) args;                                                           \
    }

/* new, new[]; nothrow; aligned; aligned nothrow */
DEFINE_NEW(_Znwm, (size_t size), plain(size, DT_CALLER), (size))
DEFINE_NEW(_Znam, (size_t size), plain(size, DT_CALLER), (size))
DEFINE_NEW(_ZnwmRKSt9nothrow_t, (size_t size, const void *tag), plain(size, DT_CALLER), (size, tag))
DEFINE_NEW(_ZnamRKSt9nothrow_t, (size_t size, const void *tag), plain(size, DT_CALLER), (size, tag))
DEFINE_NEW(_ZnwmSt11align_val_t, (size_t size, size_t al), aligned(size, al, DT_CALLER), (size, al))
DEFINE_NEW(_ZnamSt11align_val_t, (size_t size, size_t al), aligned(size, al, DT_CALLER), (size, al))
DEFINE_NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t al, const void *tag),
    aligned(size, al, DT_CALLER), (size, al, tag))
DEFINE_NEW(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t al, const void *tag),
    aligned(size, al, DT_CALLER), (size, al, tag))

/* delete, delete[]; sized; nothrow; aligned; aligned sized; aligned nothrow */
DEFINE_DELETE(_ZdlPv, (void *p), (p))
DEFINE_DELETE(_ZdaPv, (void *p), (p))
DEFINE_DELETE(_ZdlPvm, (void *p, size_t size), (p, size))
DEFINE_DELETE(_ZdaPvm, (void *p, size_t size), (p, size))
DEFINE_DELETE(_ZdlPvRKSt9nothrow_t, (void *p, const void *tag), (p, tag))
DEFINE_DELETE(_ZdaPvRKSt9nothrow_t, (void *p, const void *tag), (p, tag))
DEFINE_DELETE(_ZdlPvSt11align_val_t, (void *p, size_t al), (p, al))
DEFINE_DELETE(_ZdaPvSt11align_val_t, (void *p, size_t al), (p, al))
DEFINE_DELETE(_ZdlPvmSt11align_val_t, (void *p, size_t size, size_t al), (p, size, al))
DEFINE_DELETE(_ZdaPvmSt11align_val_t, (void *p, size_t size, size_t al), (p, size, al))
DEFINE_DELETE(
    _ZdlPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t al, const void *tag), (p, al, tag))
DEFINE_DELETE(
    _ZdaPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t al, const void *tag), (p, al, tag))
