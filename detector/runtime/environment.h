/* SPDX-License-Identifier: MIT
 *
 * The environment that the process was started with, and what `gorc run` put into it for us.
 */
#ifndef DT_ENVIRONMENT_H
#define DT_ENVIRONMENT_H

/* From the constructor, where libc's `environ` may not be set yet. */
void dt_environment_init(char **argv, char **env);
/* NULL: not set. */
const char *dt_environment_get(const char *name);
/* Takes GORC_OPTIONS and our entries of LD_PRELOAD and LD_LIBRARY_PATH out, in place, so that a
 * copy that the program got as main's third argument is edited too. */
void dt_environment_strip(void);

/* Another race runtime is in the process: linked into the program, or a library that we could not
 * take the place of. The two cannot live together: says so in one line and starts the program again
 * without us. To be called before anything of libc's. */
void dt_environment_leave_if_foreign(void);

#endif
