/* SPDX-License-Identifier: MIT
 *
 * Resolution of libc's own functions behind the interposers.
 *
 * Most interposed functions are libc's and always found. Those of libstdc++ and libatomic may come
 * later, by dlopen, or never: an interposer of such a function asks DT_REAL_OPTIONAL and has an
 * answer of its own when it gives NULL. Calling a function that is nowhere ends the process with a
 * clear line.
 */
#ifndef DT_REALS_H
#define DT_REALS_H

/* Resolves every interposed function. Idempotent; may be entered by several threads at once, before
 * any constructor and from within the loader. */
void dt_reals_init(void);

/* The real function behind dt_real_NAME, or NULL; looks again in libraries loaded since. */
void *dt_real_optional(void **slot, const char *name);

#define DT_REAL_OPTIONAL(name)                                                                     \
    ({                                                                                             \
        extern void *dt_real_##name __attribute__((visibility("hidden")));                         \
        (__typeof__(&dt_interpose_##name))dt_real_optional(&dt_real_##name, #name);                \
    })

#endif
