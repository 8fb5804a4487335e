/* SPDX-License-Identifier: MIT
 *
 * Finds libc's own version of every interposed function. gen.sh makes the table (section
 * dt_reals) and the stubs; a stub that is called before the table is filled comes here first.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

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
};

static int starts_with(const char *s, const char *prefix)
{
    while (*prefix)
        if (*s++ != *prefix++)
            return 0;
    return 1;
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

void dt_reals_init(void)
{
    for (struct real *r = __start_dt_reals; r < __stop_dt_reals; r++) {
        void *p = find(r->name);
        if (p)
            __atomic_store_n(r->slot, p, __ATOMIC_RELEASE);
    }
}
