/* SPDX-License-Identifier: MIT
 *
 * Settings that the environment makes for the race library, and that concern the command too.
 */
#ifndef TOOLS_SETTINGS_H
#define TOOLS_SETTINGS_H

/* The value of the key in GORC_OPTIONS, "key=value:key=value"; the last one counts. NULL: none. */
char *gorc_option(const char *key);
/* The same in TSAN_OPTIONS, whose items blanks and commas separate too. */
char *tsan_option(const char *key);
/* Its log_path as ours: a file gets the process's number. NULL: none. */
char *tsan_log_path(void);

#endif
