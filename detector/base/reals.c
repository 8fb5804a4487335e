/* SPDX-License-Identifier: MIT
 *
 * Finds libc's own version of every interposed function. gen.sh makes the table (section
 * dt_reals) and the stubs; a stub that is called before the table is filled comes here first.
 *
 * A failing dlsym allocates its message: through the interposed malloc, whose real one therefore is
 * found before anything else. The message is dropped again, so that the program's dlerror() does
 * not see it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/out.h"
#include "base/reals.h"

struct real {
    const char *name;
    void **slot;
};

extern struct real __start_dt_reals[] __attribute__((visibility("hidden")));
extern struct real __stop_dt_reals[] __attribute__((visibility("hidden")));

/* Functions whose old versions differ: RTLD_NEXT alone may give the oldest one. */
static const struct {
    const char *prefix, *version;
} versioned[] = {
    {"pthread_cond_", "GLIBC_2.3.2"},
    {"memcpy", "GLIBC_2.14"},
    {"sem_", "GLIBC_2.34"},
    {"timer_", "GLIBC_2.34"},
};

/* Libraries that hold interposed functions and need not be in the global scope. */
static const char *const optional_libraries[] = {
    "libstdc++.so.6",
    "libc++abi.so.1",
    "libc++.so.1",
    "libatomic.so.1",
};

static bool resolved;

static int starts_with(const char *s, const char *prefix)
{
    while (*prefix)
        if (*s++ != *prefix++)
            return 0;
    return 1;
}

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static void *find(const char *name)
{
    for (size_t i = 0; i < sizeof versioned / sizeof *versioned; i++) {
        if (!starts_with(name, versioned[i].prefix))
            continue;
        void *p = dlvsym(RTLD_NEXT, name, versioned[i].version);
        if (p)
            return p;
    }
    return dlsym(RTLD_NEXT, name);
}

static void missing(void)
{
    dt_die("a function was called that no loaded library defines");
}

static bool is_allocator(const char *name)
{
    return same(name, "malloc") || same(name, "calloc") || same(name, "realloc") ||
           same(name, "free");
}

static void resolve_allocators(void)
{
    for (struct real *r = __start_dt_reals; r < __stop_dt_reals; r++) {
        void *p = is_allocator(r->name) ? dlsym(RTLD_NEXT, r->name) : NULL;
        if (p)
            __atomic_store_n(r->slot, p, __ATOMIC_RELEASE);
    }
}

void dt_reals_init(void)
{
    bool failed = false;
    if (__atomic_load_n(&resolved, __ATOMIC_ACQUIRE))
        return;
    resolve_allocators();
    for (struct real *r = __start_dt_reals; r < __stop_dt_reals; r++) {
        void *p = is_allocator(r->name) ? *r->slot : find(r->name);
        failed |= !p;
        __atomic_store_n(r->slot, p ? p : (void *)missing, __ATOMIC_RELEASE);
    }
    if (failed)
        dlerror();
    __atomic_store_n(&resolved, true, __ATOMIC_RELEASE);
}

static void *find_late(const char *name)
{
    void *p = dlsym(RTLD_NEXT, name);
    for (size_t i = 0; !p && i < sizeof optional_libraries / sizeof *optional_libraries; i++) {
        void *library = dlopen(optional_libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        if (!library)
            continue;
        p = dlsym(library, name);
        dlclose(library);
    }
    dlerror();
    return p;
}

void *dt_real_optional(void **slot, const char *name)
{
    dt_reals_init();
    void *p = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    if (p != (void *)missing)
        return p;
    p = find_late(name);
    if (p)
        __atomic_store_n(slot, p, __ATOMIC_RELEASE);
    return p;
}
