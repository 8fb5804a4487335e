/* SPDX-License-Identifier: MIT
 *
 * Options of the race library: GORC_OPTIONS="key=value:key=value". One list, flags.def.
 */
#ifndef DT_FLAGS_H
#define DT_FLAGS_H

#include <stdbool.h>

typedef const char *dt_flag_string;
typedef int dt_flag_int;
typedef bool dt_flag_bool;

struct dt_flags {
#define FLAG(type, name, value, help) dt_flag_##type name;
#include "base/flags.def"
#undef FLAG
};
extern struct dt_flags dt_flags;

/* Reads the environment variable. A key that does not exist or a bad value is one clear line on
 * stderr and status 2. No malloc. Values may hold ':' when written as '\:'. */
void dt_flags_init(const char *options);
/* Before it: "key=value key=value" of the compilers' own runtime (docs/options.md); NULL: none.
 * Keys that it has and we have no use for are left out, others are told. */
void dt_flags_foreign(const char *options);

#endif
