/* SPDX-License-Identifier: MIT
 *
 * The `gorc` command: picks the subcommand.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "util.h"

static const char help[] =
    "usage: gorc run [options] -- PROGRAM [ARGS]   run under the detector\n"
    "       gorc cc [compiler options]             compile and link for detection\n"
    "       gorc c++ [compiler options]            the same for C++\n"
    "       gorc dump PID                          every goroutine and thread of a live process\n"
    "       gorc report FILE                       print a run's record again\n"
    "       gorc help | gorc --version\n"
    "\n"
    "`gorc COMMAND --help` tells more.\n";

bool option_value(
    const char *command, const char *name, int argc, char **argv, int *i, const char **ret_value)
{
    size_t n = strlen(name);
    if (strncmp(argv[*i], name, n) != 0)
        return false;
    if (argv[*i][n] == '=') {
        *ret_value = argv[*i] + n + 1;
        return true;
    }
    if (argv[*i][n])
        return false;
    if (*i + 1 >= argc)
        die(STATUS_USAGE, "%s: %s needs a value", command, name);
    *ret_value = argv[++*i];
    return true;
}

void option_unknown(const char *command, const char *option)
{
    static const char *const later[] = {
        "--html", "--sarif", "--junit", "--pprof", "--github", "--trace"};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (strncmp(option, later[i], strlen(later[i])) == 0)
            die(STATUS_USAGE, "%s: %s is not available yet", command, later[i]);
    die(STATUS_USAGE, "%s: unknown option '%s' (gorc %s --help)", command, option, command);
}

/* A file that we open must not become somebody's standard error; and the program that is run still
 * finds them closed. */
static void occupy_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
}

int main(int argc, char **argv)
{
    occupy_standard_descriptors();
    unsetenv("DEBUGINFOD_URLS"); /* nothing is ever fetched */
    if (argc < 2)
        die(STATUS_USAGE, "no command (gorc help)");
    const char *command = argv[1];
    if (strcmp(command, "run") == 0)
        return cmd_run(argc - 1, argv + 1);
    if (strcmp(command, "cc") == 0)
        return cmd_cc(argc - 1, argv + 1, false);
    if (strcmp(command, "c++") == 0)
        return cmd_cc(argc - 1, argv + 1, true);
    if (strcmp(command, "report") == 0)
        return cmd_report(argc - 1, argv + 1);
    if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (strcmp(command, "--version") == 0) {
        puts("gorc " GORC_COMMAND_VERSION);
        return 0;
    }
    if (strcmp(command, "dump") == 0)
        return cmd_dump(argc - 1, argv + 1);
    die(STATUS_USAGE, "unknown command '%s' (gorc help)", command);
}
