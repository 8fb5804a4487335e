/* SPDX-License-Identifier: MIT
 *
 * Can a program be checked at all?
 */
#ifndef TOOLS_TARGET_H
#define TOOLS_TARGET_H

struct target {
    char *path;      /* what to execute */
    int status;      /* 0, STATUS_NOT_FOUND, STATUS_CANNOT_EXECUTE; STATUS_FAILED: not checkable */
    const char *why; /* one line without the program's name; NULL when status is 0 */
};

/* Looks the program up as a shell would, and looks into it. */
void target_check(const char *program, struct target *ret_target);
/* LD_PRELOAD for the program: `library`, then those of `present` (may be NULL) that are built for
 * this machine; of the others the loader has told when this command started. */
char *target_preload(const char *library, const char *present);
/* LD_LIBRARY_PATH for it: where the race library has the names of the compilers' shared runtimes,
 * before `present` (may be NULL). NULL: nothing to set. */
char *target_library_path(const char *present);

#endif
