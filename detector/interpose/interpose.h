/* SPDX-License-Identifier: MIT
 *
 * How a libc function is interposed.
 *
 *     DT_INTERPOSE(int, pthread_mutex_lock, (pthread_mutex_t * m))
 *     {
 *         int err = pthread_mutex_lock(m);       // libc's own: see below
 *         ...
 *     }
 *
 * The macro defines dt_interpose_NAME; gen.sh exports it to the program under the name NAME. All
 * code of the race library (this file's user included) that calls NAME reaches libc: the build
 * renames such references to dt_libc_NAME. So an interposer calls the real function by its plain
 * name, and no code of ours can call an interposer by accident.
 *
 * An interposer may be entered before the library's constructor, from a signal handler, in a
 * forked child, and on a thread that the detector does not know: guard the detector's part with
 * DT_ENTER (runtime/runtime.h).
 */
#ifndef DT_INTERPOSE_H
#define DT_INTERPOSE_H

#define DT_INTERPOSE(ret, name, params)                                                            \
    ret dt_interpose_##name params;                                                                \
    __attribute__((visibility("hidden"))) ret dt_interpose_##name params

/* A part of interposed functions that is expanded into them, for dt_enter to see who has called. */
#define DT_PART __attribute__((always_inline)) static inline

/* The program's call site, for stacks. */
#define DT_CALLER ((uintptr_t)__builtin_return_address(0))

#endif
