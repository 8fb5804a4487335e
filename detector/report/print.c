/* SPDX-License-Identifier: MIT
 *
 * Bare runs: the reports are printed by `gorc report`, a process of its own with a clean
 * environment, started without the program's atfork handlers, allocator or signal handlers. It is
 * no child that the program's wait() could see.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "base/out.h"
#include "report/finding.h"
#include "report/modules.h"
#include "report/record.h"
#include "report/record_impl.h"

enum {
    PATH_SIZE = 4096,
    STACK_SIZE = 64 << 10,
    MAX_ENV = 4096,
    STATUS_FAILED = 99,
    STATUS_USAGE = 2,
    STATUS_NOTHING_COUNTS = 98
};

static char helper[PATH_SIZE];

/* --- where the command is --- */

static bool try_helper(const char *dir, size_t n, const char *rest)
{
    size_t m = strlen(rest) + 1;
    if (n + m > sizeof helper)
        return false;
    memmove(helper, dir, n);
    memcpy(helper + n, rest, m);
    return access(helper, X_OK) == 0;
}

/* DIR of DIR/libgorc_race.so.0, absolute. */
static size_t our_directory(char ret_dir[PATH_SIZE])
{
    const char *path = dt_module_our_path(), *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0, used = 0;
    if (path[0] != '/') {
        if (!getcwd(ret_dir, PATH_SIZE))
            return 0;
        used = strlen(ret_dir);
        ret_dir[used++] = '/';
    }
    if (!slash || used + n >= PATH_SIZE)
        return 0;
    memcpy(ret_dir + used, path, n);
    return used + n;
}

void dt_helper_find(void)
{
    char dir[PATH_SIZE];
    size_t n;
    if (dt_flags.helper[0]) {
        if (try_helper("", 0, dt_flags.helper))
            return;
        dt_say("cannot run the helper '%s': %s", dt_flags.helper, strerrordesc_np(errno));
    }
    n = our_directory(dir);
    if (n && (try_helper(dir, n, "/../bin/gorc") || try_helper(dir, n, "/../../bin/gorc")))
        return;
    helper[0] = 0;
}

const char *dt_helper_path(void)
{
    return helper[0] ? helper : NULL;
}

/* --- running it --- */

struct start {
    char *argv[20];
    char *env[MAX_ENV];
    char fd_text[12], finding_text[12];
    int fd;
    int error; /* of execve; shared with the new process until it has become the helper */
};

static bool is_dropped(const char *variable)
{
    static const char *const names[] = {"LD_", "GORC_", "DEBUGINFOD_", "MALLOC_", "GLIBC_TUNABLES"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static void fill_environment(struct start *s)
{
    size_t n = 0;
    for (char **e = environ; e && *e && n < MAX_ENV - 1; e++)
        if (!is_dropped(*e))
            s->env[n++] = *e;
    s->env[n] = NULL;
}

/* NULL and options that are not set: nothing. */
static size_t add_option(struct start *s, size_t n, const char *name, const char *value)
{
    if (!value || !value[0])
        return n;
    s->argv[n++] = (char *)(uintptr_t)name;
    s->argv[n++] = (char *)(uintptr_t)value;
    return n;
}

/* `check`: what does the record, one finding of it (not 0), or without a record the options, amount
 * to? Prints no report. */
static char *digits(uint32_t v, char text[12])
{
    char *p = text + 11;
    *p = 0;
    for (; v > 0 || !*p; v /= 10)
        *--p = (char)('0' + v % 10);
    return p;
}

static void fill_arguments(struct start *s, bool check, uint32_t finding)
{
    size_t n = 0;
    char *p = digits(s->fd >= 0 ? (uint32_t)s->fd : 0, s->fd_text);
    s->argv[n++] = helper;
    s->argv[n++] = (char *)"report";
    n = add_option(s, n, "--raw-fd", s->fd >= 0 ? p : NULL);
    n = add_option(s, n, "--suppressions", dt_flags.suppressions);
    if (finding)
        n = add_option(s, n, "--finding", digits(finding, s->finding_text));
    if (check) {
        s->argv[n++] = (char *)"--check";
    } else {
        n = add_option(s, n, "--log", dt_flags.log_path);
        n = add_option(s, n, "--json", dt_flags.json);
        n = add_option(s, n, "--format", dt_flags.format);
        if (!dt_flags.print_suppressions)
            s->argv[n++] = (char *)"--quiet";
    }
    s->argv[n] = NULL;
}

static int become_helper(void *arg)
{
    struct start *s = arg;
    sigset_t none;
    sigemptyset(&none);
    if (s->fd >= 0)
        fcntl(s->fd, F_SETFD, 0);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(helper, s->argv, s->env);
    s->error = errno;
    _exit(127);
}

/* The helper's wait status; -1: it did not start. The parent stands still until the exec
 * (CLONE_VFORK), with all signals blocked: a handler would run in the shared memory. */
static int run(struct start *s, char *stack)
{
    sigset_t all, saved;
    int status = -1;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &saved);
    /* No exit signal: neither SIGCHLD nor wait() of the program tells of it. */
    int pid = clone(become_helper, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK, s);
    if (pid < 0)
        s->error = errno;
    sigprocmask(SIG_SETMASK, &saved, NULL);
    if (pid > 0)
        while (waitpid(pid, &status, __WALL) < 0)
            if (errno != EINTR) {
                status =
                    0; /* taken for done: somebody else has waited for it: __WALL in the program */
                break;
            }
    return s->error ? -1 : status;
}

/* --- without it --- */

static void to_text(const char *text, size_t n, void *arg)
{
    (void)arg;
    while (n) {
        ssize_t done = dt_write(2, text, n);
        if (done <= 0 && errno != EINTR)
            return;
        if (done > 0) {
            text += done;
            n -= (size_t)done;
        }
    }
}

static void print_kept(void)
{
    if (!dt_record_is_text())
        dt_say("the raw record follows; `gorc report --raw FILE` reads it");
    else if (dt_findings_total())
        dt_say("the gorc command is not beside the library: addresses only (helper=PATH)");
    dt_record_kept(to_text, NULL);
    if (!dt_record_is_text())
        dt_record_print_summary();
}

/* The helper has done its work, well or badly; not: it crashed, or the loader failed. */
static bool has_worked(int status)
{
    return status >= 0 && WIFEXITED(status) &&
           (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == STATUS_USAGE ||
               WEXITSTATUS(status) == STATUS_NOTHING_COUNTS ||
               WEXITSTATUS(status) == STATUS_FAILED);
}

/* The helper with the record so far, or without one; its wait status, -1: it did not run. */
static int run_helper(bool with_record, bool check, uint32_t finding)
{
    int status = -1;
    struct start *s = dt_helper_path() ? dt_map(sizeof *s) : NULL;
    char *stack = s ? dt_map(STACK_SIZE) : NULL;
    if (stack) {
        s->fd = with_record ? dt_record_as_file() : -1;
        if (s->fd >= 0 || !with_record) {
            fill_arguments(s, check, finding);
            fill_environment(s);
            status = run(s, stack);
            if (status < 0)
                dt_say("cannot run '%s': %s", helper, strerrordesc_np(s->error));
        }
        if (s->fd >= 0)
            close(s->fd);
        dt_unmap(stack, STACK_SIZE);
    }
    if (s)
        dt_unmap(s, sizeof *s);
    return status;
}

/* --- suppressions --- */

static char suppressions_path[PATH_SIZE];
static bool printed_nothing; /* that counts */

void dt_suppressions_check(void)
{
    const char *path = dt_flags.suppressions;
    size_t n = strlen(path) + 1, used = 0;
    if (path[0] != '/' && getcwd(suppressions_path, PATH_SIZE)) {
        used = strlen(suppressions_path);
        suppressions_path[used++] = '/';
    }
    if (used + n > PATH_SIZE)
        dt_die("the name of the suppressions is too long: '%s'", path);
    memcpy(suppressions_path + used, path, n);
    dt_flags.suppressions = suppressions_path;
    if (dt_flags.record[0])
        return;
    dt_helper_find();
    int status = run_helper(false, true, 0);
    if (!has_worked(status))
        dt_say("without the gorc command nothing can be suppressed (helper=PATH)");
    else if (WEXITSTATUS(status))
        _exit(STATUS_USAGE); /* it has said why */
}

bool dt_record_counts(void)
{
    int status = dt_record_has_suppressions() ? run_helper(true, true, 0) : -1;
    return !has_worked(status) || WEXITSTATUS(status) != STATUS_NOTHING_COUNTS;
}

bool dt_record_suppresses(uint32_t number)
{
    int status = dt_record_has_suppressions() ? run_helper(true, true, number) : -1;
    return has_worked(status) && WEXITSTATUS(status) == STATUS_NOTHING_COUNTS;
}

bool dt_record_printed_counts(void)
{
    return !printed_nothing;
}

void dt_record_print(void)
{
    if (!dt_flags.json[0] && strcmp(dt_flags.log_path, "stderr") == 0 && dt_record_is_clean() &&
        !dt_record_has_suppressions()) {
        dt_record_print_summary(); /* no need for a process */
        return;
    }
    int saved = errno, status = run_helper(true, false, 0);
    if (!has_worked(status))
        print_kept();
    else if (WEXITSTATUS(status) == STATUS_FAILED)
        dt_record_set_failed(); /* it has said why */
    else
        printed_nothing = WEXITSTATUS(status) == STATUS_NOTHING_COUNTS;
    errno = saved;
}
