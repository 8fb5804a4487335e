/* SPDX-License-Identifier: MIT
 *
 * gorc dump: what everybody in a live process does, without the process's help.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "dump.h"
#include "util.h"

/* Between the two looks at each thread. */
#define LOOK_NS (50 * 1000000L)

static void usage(FILE *f)
{
    fputs(
        "usage: gorc dump PID [--json FILE]\n"
        "\n"
        "Prints every goroutine and thread of a live process: its state, what it waits for, who\n"
        "holds that, for how long, where; and the deadlocks among them. The process need not\n"
        "use gorc. It is not changed, and each of its threads is stopped for well under a\n"
        "millisecond at most.\n"
        "  --json FILE   writes a JSON record too ('-': standard output, and nothing else there)\n"
        "\n"
        "Needs the right to trace the process: the same user, or root.\n",
        f);
}

static int parse_pid(const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (*end || end == text || n <= 0 || n > 1 << 30)
        die(STATUS_USAGE, "dump: not a process id: '%s' (gorc dump --help)", text);
    return (int)n;
}

static void pause_between(int64_t since)
{
    int64_t rest = LOOK_NS - (now_ns() - since);
    struct timespec t = {.tv_nsec = rest};
    if (rest > 0)
        nanosleep(&t, NULL);
}

/* Everything that touches the process. */
static const char *look(struct dump *d)
{
    const char *warning = NULL, *why = NULL;
    bool tables = goroutines_find(&d->live, &d->goroutines, &why);
    threads_look(&d->live, &d->threads);
    if (d->goroutines.at_table)
        goroutines_read(&d->live, &d->goroutines);
    pause_between(d->threads.first_look);
    threads_look_again(&d->live, &d->threads);
    if (d->goroutines.at_table)
        goroutines_read_again(&d->live, &d->goroutines);
    warning = threads_copy(&d->live, &d->threads);
    return tables ? warning : why;
}

static void count(const struct dump *d, size_t *ret_goroutines, size_t *ret_threads)
{
    *ret_goroutines = *ret_threads = 0;
    for (size_t i = 0; i < d->goroutines.n; i++)
        *ret_goroutines += d->goroutines.at[i].kind != KIND_FOREIGN;
    for (size_t i = 0; i < d->threads.n; i++)
        *ret_threads += d->threads.at[i].state != 'Z';
}

static char *summary(const struct dump *d)
{
    size_t goroutines, threads, n = d->process->nfindings;
    count(d, &goroutines, &threads);
    char *who = goroutines ? xprintf("%zu goroutine%s, ", goroutines, goroutines == 1 ? "" : "s")
                           : xstrdup("");
    char *what = n ? xprintf("%zu deadlock%s", n, n == 1 ? "" : "s") : xstrdup("no deadlock");
    char *line =
        xprintf("gorc: process %d: %s (%s%zu thread%s; stopped for %.1f ms in all, %.1f ms "
                "at most at once)",
            d->process->pid, what, who, threads, threads == 1 ? "" : "s",
            (double)d->threads.stopped_ns / 1e6, (double)d->threads.longest_stop_ns / 1e6);
    free(who);
    free(what);
    return line;
}

static void print(struct dump *d, const struct run *run)
{
    struct text_options text = {.colour = want_colour(stdout)};
    print_findings(stdout, run, &text);
    print_dump(stdout, run, &text);
    char *line = summary(d);
    puts(line);
    free(line);
    if (fflush(stdout) != 0)
        die(STATUS_FAILED, "cannot write to standard output: %s", strerror(errno));
}

int cmd_dump(int argc, char **argv)
{
    const char *json = NULL, *pid = NULL, *why = NULL;
    for (int i = 1; i < argc; i++) {
        if (option_value("dump", "--json", argc, argv, &i, &json))
            continue;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            usage(stdout);
            return 0;
        }
        if (strcmp(argv[i], "--core") == 0)
            die(STATUS_USAGE, "dump: --core is not available yet");
        if (*argv[i] == '-')
            option_unknown("dump", argv[i]);
        if (pid)
            die(STATUS_USAGE, "dump: one process at a time");
        pid = argv[i];
    }
    if (!pid)
        die(STATUS_USAGE, "dump: which process? (gorc dump PID)");
    struct process p;
    struct run run = {&p, 1};
    struct dump d = {.process = &p};
    int n = parse_pid(pid);
    if (!live_open(&d.live, n, &p, &why))
        die(STATUS_FAILED, "cannot dump process %d: %s", n, why);
    why = look(&d);
    if (why)
        say("process %d: %s", n, why);
    dump_tasks(&d);
    dump_deadlocks(&d);
    fingerprint(&p);
    size_t goroutines, threads;
    count(&d, &goroutines, &threads);
    if (!threads)
        die(STATUS_FAILED, "cannot dump process %d: it has ended", n);
    p.goroutines = goroutines;
    p.threads = threads;
    p.has_summary = true;
    if (!(json && strcmp(json, "-") == 0))
        print(&d, &run);
    int error = json ? write_json(&run, json) : 0;
    if (error)
        die(STATUS_FAILED, "cannot write the JSON record '%s': %s", json, strerror(error));
    return 0;
}
