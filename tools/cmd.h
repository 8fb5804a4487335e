/* SPDX-License-Identifier: MIT
 *
 * The commands. argv[0] is the command's own name.
 */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

#include <stdbool.h>

#define GORC_COMMAND_VERSION "0.1.0"

int cmd_run(int argc, char **argv);
int cmd_cc(int argc, char **argv, bool cxx);
int cmd_report(int argc, char **argv);
int cmd_dump(int argc, char **argv);

/* "--name VALUE" and "--name=VALUE". Advances *i over a value of its own. False: another option.
 * No value: usage error, does not return. */
bool option_value(
    const char *command, const char *name, int argc, char **argv, int *i, const char **ret_value);
/* Says that the option is for later, or unknown, and ends with the status for wrong usage. */
void option_unknown(const char *command, const char *option) __attribute__((noreturn));

#endif
