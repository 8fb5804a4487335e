/* SPDX-License-Identifier: MIT
 *
 * See environment.h. Part of this runs before anything of libc can be called through us (reals.c):
 * a foreign runtime's allocator is not ready, and a failing dlsym would allocate. So there is no
 * libc in this file but syscall(), and loops stay loops.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report/modules.h"
#include "runtime/environment.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

enum { NAME_SIZE = 4096 };

static char **start_argv, **start_env;

void dt_environment_init(char **argv, char **env)
{
    start_argv = argv;
    start_env = env;
}

static char **all(void)
{
    return start_env ? start_env : environ;
}

/* What follows `prefix` in s; NULL: it begins otherwise. */
static char *after(char *s, const char *prefix)
{
    while (*prefix)
        if (*s++ != *prefix++)
            return NULL;
    return s;
}

const char *dt_environment_get(const char *name)
{
    for (char **e = all(); e && *e; e++) {
        char *rest = after(*e, name);
        if (rest && *rest == '=')
            return rest + 1;
    }
    return NULL;
}

/* --- what is ours --- */

static bool holds(const char *s, size_t n, const char *word, size_t size)
{
    for (size_t i = 0; i + size <= n; i++) {
        size_t k = 0;
        while (k < size && s[i + k] == word[k])
            k++;
        if (k == size)
            return true;
    }
    return false;
}

static bool is_our_library(const char *path, size_t n)
{
    static const char name[] = "libgorc_race";
    return holds(path, n, name, sizeof name - 1);
}

/* The directory of our library under other names (mk/compat.mk). */
static bool is_our_directory(const char *path, size_t n)
{
    static const char last[] = "/gorc", file[] = "/libtsan.so.2";
    char name[NAME_SIZE];
    size_t used = sizeof last - 1;
    if (n < used || n + sizeof file > sizeof name || !holds(path + n - used, used, last, used))
        return false;
    for (used = 0; used < n; used++)
        name[used] = path[used];
    for (size_t i = 0; i < sizeof file; i++)
        name[used++] = file[i];
    return syscall(SYS_access, name, F_OK) == 0;
}

/* --- taking it out --- */

static void strip_list(char *value, bool (*is_ours)(const char *item, size_t n))
{
    char *out = value, *in = value;
    while (*in) {
        char *end = in;
        while (*end && *end != ':' && *end != ' ')
            end++;
        if (!is_ours(in, (size_t)(end - in))) {
            if (out != value)
                *out++ = ':';
            while (in < end)
                *out++ = *in++;
        }
        in = *end ? end + 1 : end;
    }
    *out = 0;
}

static bool keeps(char *entry)
{
    char *preload = after(entry, "LD_PRELOAD="), *path = after(entry, "LD_LIBRARY_PATH=");
    if (preload)
        strip_list(preload, is_our_library);
    if (path)
        strip_list(path, is_our_directory);
    return !after(entry, "GORC_OPTIONS=") && (!preload || *preload) && (!path || *path);
}

void dt_environment_strip(void)
{
    char **in = all(), **out = in;
    for (; in && *in; in++)
        if (keeps(*in))
            *out++ = *in;
    if (out)
        *out = NULL;
}

/* --- another runtime --- */

extern void __tsan_init(void);
extern void *__tls_get_addr(void *index);

/* The path of the object that p lies in; "" is the program itself. */
static const char *object_of(const void *p)
{
    struct dl_find_object o;
    if (_dl_find_object((void *)(uintptr_t)p, &o) || !o.dlfo_link_map)
        return "?";
    return o.dlfo_link_map->l_name;
}

/* clang's runtime is visible by its own calls. Of gcc's, linked with -static-libtsan, only what it
 * interposes is, and nobody else interposes __tls_get_addr. */
static bool is_linked_in(void)
{
    return !dt_module_is_ours((uintptr_t)__tsan_init) ||
           !object_of(dlsym(RTLD_DEFAULT, "__tls_get_addr"))[0];
}

/* One in a library is what follows us for what it interposes. No dlsym here may fail. */
static bool is_loaded(void)
{
    const char *name = object_of(dlsym(RTLD_NEXT, "pthread_mutex_unlock"));
    size_t n = 0;
    while (name[n])
        n++;
    return holds(name, n, "/libtsan.so", 11) || holds(name, n, "/libclang_rt.tsan", 17);
}

static void say(const char *text)
{
    size_t n = 0;
    while (text[n])
        n++;
    syscall(SYS_write, 2, text, n);
}

void dt_environment_leave_if_foreign(void)
{
    bool inside = is_linked_in();
    if ((!inside && !is_loaded()) || !start_argv)
        return;
    say("gorc: not checked: '");
    say(start_argv[0] ? start_argv[0] : "?");
    say(inside ? "' has the compiler's own race runtime linked in: link it with `gorc cc`\n"
               : "' loads the compiler's own race runtime: link it with `gorc cc`\n");
    dt_environment_strip();
    syscall(SYS_execve, "/proc/self/exe", start_argv, start_env);
    syscall(SYS_execve, getauxval(AT_EXECFN), start_argv, start_env);
    say("gorc: it cannot be started again without libgorc_race\n");
    syscall(SYS_exit_group, 99);
}
