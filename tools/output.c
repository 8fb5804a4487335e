/* SPDX-License-Identifier: MIT
 *
 * See output.h. What cannot be written where it was asked for goes to stderr, so that nothing that
 * was found is lost.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "util.h"

void outputs_format(struct outputs *o, const char *command, const char *format)
{
    if (strcmp(format, "gorc") != 0 && strcmp(format, "tsan") != 0)
        die(STATUS_USAGE, "%s: the format is gorc or tsan, not '%s'", command, format);
    o->tsan = strcmp(format, "tsan") == 0;
}

void outputs_suppressions(struct outputs *o, const char *path)
{
    char *wrong = suppressions_read(&o->suppressions, path);
    if (wrong)
        die(STATUS_USAGE, "%s", wrong);
}

void outputs_baseline(struct outputs *o, const char *path)
{
    char *wrong = baseline_read(&o->baseline, path);
    if (wrong)
        die(STATUS_USAGE, "%s", wrong);
}

static bool is_stream(const char *path)
{
    return !path || strcmp(path, "stderr") == 0 || strcmp(path, "stdout") == 0 ||
           strcmp(path, "-") == 0;
}

static bool check_file(const char *what, const char *path)
{
    if (is_stream(path))
        return true;
    bool was_there = access(path, F_OK) == 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0) {
        say("cannot write %s '%s': %s", what, path, strerror(errno));
        return false;
    }
    close(fd);
    if (!was_there)
        unlink(path);
    return true;
}

bool outputs_check(const struct outputs *o)
{
    return check_file("the log", o->log) && check_file("the JSON record", o->json);
}

static char *with_pid(const char *path, const struct run *run)
{
    const char *p = path ? strstr(path, "%p") : NULL;
    if (!p || !run->n)
        return xstrdup(path);
    return xprintf("%.*s%d%s", (int)(p - path), path, run->processes[0].pid, p + 2);
}

static bool print_text(FILE *f, const struct run *run, const struct outputs *o)
{
    struct text_options text = {.colour = want_colour(f)};
    errno = 0;
    if (o->dump)
        print_dump(f, run, &text);
    if (o->tsan)
        print_findings_tsan(f, run);
    else
        print_findings(f, run, &text);
    if (!o->quiet)
        suppressions_tell(f, &o->suppressions);
    char *line = summary_line(run);
    fprintf(f, "%s\n", line);
    free(line);
    return fflush(f) == 0 && !ferror(f);
}

static bool print_log(const struct run *run, const struct outputs *o)
{
    char *path = with_pid(o->log, run);
    bool ok = true;
    if (is_stream(path)) {
        FILE *f = path && strcmp(path, "stdout") == 0 ? stdout : stderr;
        if (!print_text(f, run, o) && f == stdout) {
            say("cannot write the report to stdout: %s", strerror(errno ? errno : EIO));
            ok = false;
        }
    } else {
        FILE *f = fopen(path, o->append ? "ae" : "we");
        ok = f && print_text(f, run, o);
        int error = errno ? errno : EIO;
        if (f && fclose(f) != 0) {
            error = errno;
            ok = false;
        }
        if (!ok)
            say("cannot write the log '%s': %s", path, strerror(error));
    }
    free(path);
    if (!ok)
        print_text(stderr, run, o);
    return ok;
}

static bool print_json(const struct run *run, const struct outputs *o)
{
    if (!o->json)
        return true;
    char *path = with_pid(o->json, run);
    int error = write_json(run, path);
    if (error)
        say("cannot write the JSON record '%s': %s", path, strerror(error));
    free(path);
    return error == 0;
}

static void warn_broken(const struct run *run)
{
    for (size_t i = 0; i < run->n; i++)
        if (run->processes[i].broken_lines)
            say("process %d: %zu broken line%s in its raw record", run->processes[i].pid,
                run->processes[i].broken_lines, run->processes[i].broken_lines == 1 ? "" : "s");
}

/* Rules that the programs bring along. Those of a parent and its children are the same text. */
static void take_own_suppressions(const struct run *run, struct outputs *o)
{
    for (size_t i = 0; i < run->n; i++) {
        const char *text = run->processes[i].suppressions;
        bool again = false;
        for (size_t k = 0; k < i && text; k++)
            again |=
                run->processes[k].suppressions && strcmp(run->processes[k].suppressions, text) == 0;
        char *wrong = text && !again ? suppressions_parse(
                                           &o->suppressions, "__tsan_default_suppressions", text)
                                     : NULL;
        if (wrong)
            say("%s", wrong);
    }
}

void outputs_prepare(struct run *run, struct outputs *o)
{
    take_own_suppressions(run, o);
    for (size_t i = 0; i < run->n; i++) {
        struct process *p = &run->processes[i];
        symbolize(p);
        fingerprint(p);
        suppressions_apply(&o->suppressions, p);
        discipline(p);
        join_same(p);
        baseline_apply(&o->baseline, p);
    }
}

bool outputs_write(struct run *run, struct outputs *o)
{
    outputs_prepare(run, o);
    warn_broken(run);
    bool json = print_json(run, o); /* first: the summary is to be the last line */
    return print_log(run, o) && json;
}
