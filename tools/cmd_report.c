/* SPDX-License-Identifier: MIT
 *
 * gorc report: prints a JSON record again; with --raw or --raw-fd, makes the reports from a raw
 * record (what the race library calls at the end of a run that `gorc run` does not watch).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "output.h"
#include "util.h"

static void usage(FILE *f)
{
    fputs("usage: gorc report FILE [--json OUT]\n"
          "       gorc report --raw FILE | --raw-fd N [--log FILE] [--json OUT]\n"
          "\n"
          "Prints the JSON record FILE ('-': standard input) as text on standard output.\n"
          "  --json OUT    writes the JSON record instead ('-': standard output)\n"
          "  --raw FILE    FILE is a raw record\n"
          "  --raw-fd N    the raw record is the open descriptor N\n"
          "  --log FILE    where the text of a raw record goes (default: standard error)\n"
          "  --suppressions FILE, --format gorc|tsan   as of gorc run\n",
        f);
}

/* STATUS_NOTHING_COUNTS: nothing in the record counts, whatever the race library thought. `check`:
 * that is all that is asked for, or, with the number of a finding, whether that one is suppressed.
 */
static int report_raw(int fd, struct outputs *o, bool check, uint64_t finding)
{
    struct run run = {0};
    struct totals t;
    if (!read_raw_fd(&run, fd))
        die(STATUS_FAILED, "cannot read the raw record: %s",
            errno ? strerror(errno) : "it has no start line");
    bool ok = true;
    run.processes[0].asked = finding;
    if (check)
        outputs_prepare(&run, o);
    else
        ok = outputs_write(&run, o);
    if (finding)
        return run.processes[0].asked_is_hidden ? STATUS_NOTHING_COUNTS : 0;
    totals_of(&run, &t);
    return !ok ? STATUS_FAILED : t.counting ? 0 : STATUS_NOTHING_COUNTS;
}

static int report_json(const char *path, const struct outputs *o)
{
    struct run run = {0};
    const char *wrong = read_json_record(&run, path);
    if (wrong)
        die(STATUS_USAGE, "cannot read '%s': %s", path, wrong);
    if (o->json) {
        int error = write_json(&run, o->json);
        if (error)
            die(STATUS_FAILED, "cannot write the JSON record '%s': %s", o->json, strerror(error));
        return 0;
    }
    struct text_options text = {.colour = want_colour(stdout)};
    print_dump(stdout, &run, &text);
    if (o->tsan)
        print_findings_tsan(stdout, &run);
    else
        print_findings(stdout, &run, &text);
    char *line = summary_line(&run);
    puts(line);
    free(line);
    if (fflush(stdout) != 0)
        die(STATUS_FAILED, "cannot write to standard output: %s", strerror(errno));
    return 0;
}

static int descriptor(const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (*end || end == text || n < 0 || n > 1 << 20)
        die(STATUS_USAGE, "report: not a descriptor: '%s'", text);
    return (int)n;
}

int cmd_report(int argc, char **argv)
{
    struct outputs o = {.append = true};
    const char *raw = NULL, *raw_fd = NULL, *file = NULL, *format = NULL, *rules = NULL;
    const char *finding = NULL;
    bool check = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            return 0;
        }
        if (option_value("report", "--json", argc, argv, &i, &o.json) ||
            option_value("report", "--log", argc, argv, &i, &o.log) ||
            option_value("report", "--format", argc, argv, &i, &format) ||
            option_value("report", "--suppressions", argc, argv, &i, &rules) ||
            option_value(
                "report", "--finding", argc, argv, &i, &finding) || /* the race library's */
            option_value("report", "--raw", argc, argv, &i, &raw) ||
            option_value("report", "--raw-fd", argc, argv, &i, &raw_fd))
            continue;
        /* Of the race library's: */
        if (strcmp(argv[i], "--check") == 0 || strcmp(argv[i], "--quiet") == 0) {
            *(argv[i][2] == 'c' ? &check : &o.quiet) = true;
            continue;
        }
        if (argv[i][0] == '-' && argv[i][1])
            option_unknown("report", argv[i]);
        if (file)
            die(STATUS_USAGE, "report: one record at a time");
        file = argv[i];
    }
    if (format)
        outputs_format(&o, "report", format);
    if (rules)
        outputs_suppressions(&o, rules);
    if (check && !file && !raw && !raw_fd)
        return 0; /* the suppressions are well-formed */
    if (!file == !(raw || raw_fd) || (raw && raw_fd))
        die(STATUS_USAGE, "report: give one record (gorc report --help)");
    if (file)
        return report_json(file, &o);
    int fd = raw_fd ? descriptor(raw_fd) : open(raw, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die(STATUS_USAGE, "cannot read '%s': %s", raw, strerror(errno));
    return report_raw(fd, &o, check, finding ? strtoull(finding, NULL, 10) : 0);
}
