/* SPDX-License-Identifier: MIT
 *
 * gorc run: the program under the race library, then the reports and the status of API.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cmd.h"
#include "output.h"
#include "settings.h"
#include "target.h"
#include "util.h"

static const char help[] =
    "usage: gorc run [options] -- PROGRAM [ARGS]\n"
    "\n"
    "Runs PROGRAM under the detector, prints what was found and one summary line.\n"
    "  --json FILE            write the record of the run (FILE.PID for child processes)\n"
    "  --log FILE             the text goes to FILE (default: standard error)\n"
    "  --timeout DURATION     after 10s, 500ms, 2m ...: dump every goroutine and thread, end the\n"
    "                         run, status 124\n"
    "  --suppressions FILE    findings that a line of FILE matches are left out\n"
    "  --baseline FILE        findings that the JSON record FILE of an earlier run has do not "
    "count\n"
    "  --format gorc|tsan     the text in gorc's words (default) or the compilers' race runtime's\n"
    "  --exit-code N          status when there are findings and the program gave 0 (default 66)\n"
    "  --min-certainty LEVEL  proven, likely (default) or suspect: leaks below do not count\n"
    "  --skip-unsupported     status 77 in place of 99 for a program that cannot be checked\n"
    "  --follow=all|none      check child processes too (default: all)\n"
    "\n"
    "Status: the program's own when not 0; 66 findings; 0 none; 124 timeout; 126 and 127 as in a\n"
    "shell; 2 usage; 99 gorc failed. A program that dies of a signal: so does gorc.\n"
    "GORC_OPTIONS is passed on (GORC_OPTIONS=help=1 lists the options).\n";

struct options {
    struct outputs out;
    const char *min_certainty, *follow;
    const char *suppressions, *baseline, *format;
    int64_t timeout_ns;
    int exit_code;
    bool exit_code_given, skip_unsupported;
    char **program;
};

/* --- the command line --- */

static int parse_exit_code(const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (*end || end == text || n < 0 || n > 255)
        die(STATUS_USAGE, "run: --exit-code is not between 0 and 255: '%s'", text);
    return (int)n;
}

static const char *one_of(
    const char *option, const char *value, const char *a, const char *b, const char *c)
{
    if (strcmp(value, a) != 0 && strcmp(value, b) != 0 && (!c || strcmp(value, c) != 0))
        die(STATUS_USAGE, "run: %s is %s%s%s%s%s, not '%s'", option, a, c ? ", " : " or ", b,
            c ? " or " : "", c ? c : "", value);
    return value;
}

static bool parse_option(struct options *o, int argc, char **argv, int *i)
{
    const char *v;
    if (strcmp(argv[*i], "--skip-unsupported") == 0)
        o->skip_unsupported = true;
    else if (option_value("run", "--json", argc, argv, i, &v))
        o->out.json = v;
    else if (option_value("run", "--log", argc, argv, i, &v))
        o->out.log = v;
    else if (option_value("run", "--suppressions", argc, argv, i, &v))
        o->suppressions = v;
    else if (option_value("run", "--baseline", argc, argv, i, &v))
        o->baseline = v;
    else if (option_value("run", "--format", argc, argv, i, &v))
        o->format = v;
    else if (option_value("run", "--follow", argc, argv, i, &v))
        o->follow = one_of("--follow", v, "all", "none", NULL);
    else if (option_value("run", "--min-certainty", argc, argv, i, &v))
        o->min_certainty = one_of("--min-certainty", v, "proven", "likely", "suspect");
    else if (option_value("run", "--exit-code", argc, argv, i, &v)) {
        o->exit_code = parse_exit_code(v);
        o->exit_code_given = true;
    } else if (option_value("run", "--timeout", argc, argv, i, &v)) {
        if (!parse_duration(v, &o->timeout_ns))
            die(STATUS_USAGE, "run: not a duration: '%s' (10s, 500ms, 2m)", v);
    } else {
        return false;
    }
    return true;
}

static void parse(struct options *o, int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            exit(0);
        }
        if (!parse_option(o, argc, argv, &i))
            option_unknown("run", argv[i]);
    }
    if (i >= argc)
        die(STATUS_USAGE, "run: no program (gorc run [options] -- PROGRAM [ARGS])");
    o->program = argv + i;
}

/* --- GORC_OPTIONS, TSAN_OPTIONS --- */

/* What the command line does not say, GORC_OPTIONS does, else TSAN_OPTIONS. NULL: nobody. */
static char *setting(const char *key, const char *tsan_key)
{
    char *value = gorc_option(key);
    return value || !tsan_key ? value : tsan_option(tsan_key);
}

static void take_user_options(struct options *o)
{
    char *code = setting("exitcode", "exitcode"),
         *quiet = setting("print_suppressions", "print_suppressions");
    if (code && !o->exit_code_given)
        o->exit_code = atoi(code);
    if (quiet)
        o->out.quiet = strcmp(quiet, "0") == 0 || strcmp(quiet, "false") == 0;
    free(code);
    free(quiet);
    if (!o->out.log)
        o->out.log = gorc_option("log_path");
    if (!o->out.log)
        o->out.log = tsan_log_path();
    if (!o->out.json)
        o->out.json = gorc_option("json");
    if (o->out.json && !*o->out.json)
        o->out.json = NULL;
    if (!o->suppressions)
        o->suppressions = setting("suppressions", "suppressions");
    if (!o->format)
        o->format = gorc_option("format");
    if (o->format)
        outputs_format(&o->out, "run", o->format);
    if (o->suppressions && *o->suppressions)
        outputs_suppressions(&o->out, o->suppressions);
    if (o->baseline)
        outputs_baseline(&o->out, o->baseline);
}

static void put_escaped(FILE *f, const char *s)
{
    for (; *s; s++) {
        if (*s == ':' || *s == '\\')
            fputc('\\', f);
        fputc(*s, f);
    }
}

static void set_environment(const struct options *o, const char *record)
{
    const char *library = race_library(), *present = getenv("GORC_OPTIONS");
    if (!library)
        die(STATUS_FAILED, "libgorc_race.so.0 is not beside the command (%s)", command_directory());
    if (strpbrk(library, " :"))
        die(STATUS_FAILED,
            "the path of the race library holds a blank or colon, which LD_PRELOAD "
            "does not allow: '%s'",
            library);
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die(STATUS_FAILED, "out of memory");
    if (present && *present)
        fprintf(f, "%s:", present);
    fputs("record=", f);
    put_escaped(f, record);
    fprintf(f, ":exitcode=%d", o->exit_code);
    char *rules = o->suppressions && *o->suppressions ? realpath(o->suppressions, NULL) : NULL;
    if (rules) {
        fputs(":suppressions=", f);
        put_escaped(f, rules);
        free(rules);
    }
    if (o->min_certainty)
        fprintf(f, ":min_certainty=%s", o->min_certainty);
    if (o->follow)
        fprintf(f, ":follow=%s", o->follow);
    fclose(f);
    char *preload = target_preload(library, getenv("LD_PRELOAD"));
    char *path = target_library_path(getenv("LD_LIBRARY_PATH"));
    if (setenv("GORC_OPTIONS", text, 1) != 0 || setenv("LD_PRELOAD", preload, 1) != 0 ||
        (path && setenv("LD_LIBRARY_PATH", path, 1) != 0))
        die(STATUS_FAILED, "out of memory");
    free(text);
    free(path);
    free(preload);
}

/* --- the record's directory --- */

static char *make_record(void)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = xprintf("%s/gorc-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        die(STATUS_FAILED, "cannot make a directory for the record '%s': %s", dir, strerror(errno));
    char *real = realpath(dir, NULL);
    if (!real)
        die(STATUS_FAILED, "cannot find '%s': %s", dir, strerror(errno));
    free(dir);
    return real;
}

static void remove_record(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        char *path = xprintf("%s/%s", dir, e->d_name);
        if (e->d_name[0] != '.')
            unlink(path);
        free(path);
    }
    if (d)
        closedir(d);
    rmdir(dir);
}

/* --- the end --- */

static bool ended_normally(const struct child *c)
{
    return !c->timed_out && WIFEXITED(c->status);
}

/* What the record does not show must not pass for "no findings". */
static bool record_is_whole(const struct run *run, const struct child *c)
{
    if (!run->n || run->processes[0].pid != c->pid) {
        say("the detector did not start in '%s': nothing was checked", c->argv[0]);
        return false;
    }
    if (ended_normally(c) && !run->processes[0].has_summary) {
        say("the record of process %d has no end: it may lack findings", c->pid);
        return false;
    }
    return true;
}

static int status_of(const struct options *o, const struct child *c, const struct run *run, bool ok)
{
    struct totals t;
    totals_of(run, &t);
    if (c->timed_out)
        return STATUS_TIMEOUT;
    if (WIFSIGNALED(c->status))
        die_of_signal(WTERMSIG(c->status));
    if (WEXITSTATUS(c->status))
        return WEXITSTATUS(c->status);
    if (!ok)
        return STATUS_FAILED;
    return t.counting ? o->exit_code : 0;
}

static void check_target(const struct options *o, struct target *t)
{
    target_check(o->program[0], t);
    if (!t->status)
        return;
    int status = t->status == STATUS_FAILED && o->skip_unsupported ? STATUS_SKIPPED : t->status;
    const char *what = t->status == STATUS_NOT_FOUND        ? "cannot find"
                       : t->status == STATUS_CANNOT_EXECUTE ? "cannot execute"
                                                            : "cannot check";
    die(status, "%s '%s': %s", what, o->program[0], t->why);
}

int cmd_run(int argc, char **argv)
{
    struct options o = {.exit_code = STATUS_FINDINGS};
    struct target target;
    parse(&o, argc, argv);
    take_user_options(&o);
    check_target(&o, &target);
    if (!outputs_check(&o.out))
        return STATUS_FAILED;
    char *record = make_record();
    set_environment(&o, record);
    struct child c = {
        .path = target.path, .argv = o.program, .record = record, .timeout_ns = o.timeout_ns};
    child_run(&c);
    if (c.error) {
        remove_record(record);
        die(STATUS_CANNOT_EXECUTE, "cannot execute '%s': %s", c.argv[0], strerror(c.error));
    }
    struct run run = {0};
    bool ok = read_raw_directory(&run, record, c.pid);
    if (!ok)
        say("cannot read the raw records in '%s': %s", record, strerror(errno));
    ok = record_is_whole(&run, &c) && ok;
    if (c.timed_out)
        say("the time is up: what everybody was doing");
    o.out.dump = c.timed_out;
    ok = outputs_write(&run, &o.out) && ok;
    remove_record(record);
    return status_of(&o, &c, &run, ok);
}
