/* SPDX-License-Identifier: MIT
 *
 * The start. dt_init may be called first by the loader (our constructor), by an instrumented
 * executable's .preinit_array (__tsan_init), or by the library (gorc__hook_start); all of this is
 * before the program can make a thread.
 *
 * The exit hook is registered here, before any other: exit() calls it last, after the program's
 * handlers and all destructors, and hands it the status.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/flags.h"
#include "base/out.h"
#include "base/reals.h"
#include "core/core.h"
#include "base/reals.h"
#include "report/finding.h"
#include "report/record.h"
#include "runtime/describe.h"
#include "runtime/dump.h"
#include "runtime/fatal.h"
#include "runtime/fork.h"
#include "runtime/instrumented.h"
#include "runtime/runtime.h"
#include "runtime/shutdown.h"
#include "runtime/thread.h"

bool dt_on;

static bool inited;
static char **constructor_env;

static const char *env_get(const char *name)
{
    size_t n = strlen(name);
    char **env = constructor_env ? constructor_env : environ;
    for (; env && *env; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
            return *env + n + 1;
    return NULL;
}

/* Takes our library out of a list of preloaded ones, in place. */
static void strip_preload(char *value)
{
    char *out = value, *in = value;
    while (*in) {
        size_t n = strcspn(in, ": ");
        char *next = in[n] ? in + n + 1 : in + n;
        if (!memmem(in, n, "libgorc_race", 12)) {
            if (out != value)
                *out++ = ':';
            memmove(out, in, n);
            out += n;
        }
        in = next;
    }
    *out = 0;
}

/* follow=none: what this process starts runs without us. Edited in place, so that a copy that the
 * program got as main's third argument is edited too. */
static void strip_environment(void)
{
    char **in = constructor_env ? constructor_env : environ, **out = in;
    for (; in && *in; in++) {
        if (strncmp(*in, "GORC_OPTIONS=", 13) == 0)
            continue;
        if (strncmp(*in, "LD_PRELOAD=", 11) == 0) {
            strip_preload(*in + 11);
            if (!(*in)[11])
                continue;
        }
        *out++ = *in;
    }
    if (out)
        *out = NULL;
}

void dt_init(void)
{
    if (inited)
        return;
    inited = true;
    dt_reals_init();
    dt_flags_init(env_get("GORC_OPTIONS"));
    if (strcmp(dt_flags.follow, "none") == 0)
        strip_environment();
    dt_core_init();
    dt_threads_init();
    dt_shutdown_init();
    dt_record_open();
    dt_race_init();
    dt_describe_address = dt_address_owner;
    dt_instrumented_refresh();
    dt_fork_init();
    dt_fatal_init();
    dt_dump_init();
    dt_on = true;
}

__attribute__((constructor(101))) static void construct(int argc, char **argv, char **env)
{
    (void)argc, (void)argv;
    constructor_env = env;
    dt_init();
}
