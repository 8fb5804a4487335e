/* SPDX-License-Identifier: MIT
 *
 * Ways for a process to end other than exit() and signals: _exit, quick_exit, abort, exec. In a
 * vfork child, which runs in its parent's memory, they are libc's only (dt_shutdown sees to it).
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "interpose/exit_handlers.h"
#include "interpose/interpose.h"
#include "interpose/signal_state.h"
#include "runtime/runtime.h"
#include "runtime/shutdown.h"

DT_INTERPOSE(void, _exit, (int status))
{
    _exit(dt_shutdown(DT_END_FAST_EXIT, status));
}

DT_INTERPOSE(void, _Exit, (int status))
{
    _Exit(dt_shutdown(DT_END_FAST_EXIT, status));
}

DT_INTERPOSE(void, quick_exit, (int status))
{
    dt_shutdown_quick_status(status);
    dt_quick_exit_begins();
    quick_exit(status);
}

/* Libc's abort raises SIGABRT, which fatal.c sees unless the program ignores it, or handles it and
 * returns: libc then ends the process without another handler. */
DT_INTERPOSE(void, abort, (void))
{
    struct sigaction now;
    if (dt_on && sigaction(SIGABRT, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
        dt_shutdown(DT_END_SIGNAL_FATAL, 0);
    dt_signal_abort_begins();
    abort();
}

/* --- exec --- */

static void before_exec(void)
{
    dt_shutdown(DT_END_EXEC, 0);
}

/* exec failed. */
static int after_exec(void)
{
    dt_shutdown_undo();
    return -1;
}

DT_INTERPOSE(int, execve, (const char *path, char *const argv[], char *const env[]))
{
    before_exec();
    execve(path, argv, env);
    return after_exec();
}

DT_INTERPOSE(int, execv, (const char *path, char *const argv[]))
{
    before_exec();
    execv(path, argv);
    return after_exec();
}

DT_INTERPOSE(int, execvp, (const char *file, char *const argv[]))
{
    before_exec();
    execvp(file, argv);
    return after_exec();
}

DT_INTERPOSE(int, execvpe, (const char *file, char *const argv[], char *const env[]))
{
    before_exec();
    execvpe(file, argv, env);
    return after_exec();
}

DT_INTERPOSE(int, fexecve, (int fd, char *const argv[], char *const env[]))
{
    before_exec();
    fexecve(fd, argv, env);
    return after_exec();
}

DT_INTERPOSE(
    int, execveat, (int dir, const char *path, char *const argv[], char *const env[], int flags))
{
    before_exec();
    execveat(dir, path, argv, env, flags);
    return after_exec();
}

/* The list forms: the arguments are collected on the stack, as libc does. */
static size_t count_list(va_list ap)
{
    size_t n = 1;
    while (va_arg(ap, char *))
        n++;
    return n;
}

enum { EXECL, EXECLP, EXECLE };

static int exec_list(int form, const char *file, const char *first, va_list ap)
{
    va_list counting;
    va_copy(counting, ap);
    size_t n = first ? count_list(counting) : 0;
    va_end(counting);
    char **argv = __builtin_alloca((n + 1) * sizeof *argv);
    argv[0] = (char *)first;
    for (size_t i = 1; i <= n; i++)
        argv[i] = va_arg(ap, char *);
    argv[n] = NULL;
    before_exec();
    if (form == EXECLP)
        execvp(file, argv);
    else if (form == EXECLE)
        execve(file, argv, va_arg(ap, char **));
    else
        execv(file, argv);
    return after_exec();
}

DT_INTERPOSE(int, execl, (const char *path, const char *arg, ...))
{
    va_list ap;
    va_start(ap, arg);
    int result = exec_list(EXECL, path, arg, ap);
    va_end(ap);
    return result;
}

DT_INTERPOSE(int, execlp, (const char *file, const char *arg, ...))
{
    va_list ap;
    va_start(ap, arg);
    int result = exec_list(EXECLP, file, arg, ap);
    va_end(ap);
    return result;
}

DT_INTERPOSE(int, execle, (const char *path, const char *arg, ...))
{
    va_list ap;
    va_start(ap, arg);
    int result = exec_list(EXECLE, path, arg, ap);
    va_end(ap);
    return result;
}
