/* SPDX-License-Identifier: MIT
 *
 * Where the results of a run go.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdbool.h>

#include "baseline.h"
#include "model.h"
#include "suppress.h"

struct outputs {
    const char *log;  /* file for the text, "stderr", "stdout"; NULL: stderr. "%p": the pid */
    const char *json; /* NULL: none */
    bool append;      /* to the log: several processes share it */
    bool dump;        /* print the dump too */
    bool tsan;        /* as the compilers' race runtime words it (print_tsan.c) */
    bool quiet;       /* nothing is said of suppressions */
    struct suppressions suppressions;
    struct baseline baseline;
};

/* Settings by their name, from the command line, GORC_OPTIONS or TSAN_OPTIONS. Wrong usage, or a
 * file that cannot be read: says so and ends with status 2. */
void outputs_format(struct outputs *o, const char *command, const char *format);
void outputs_suppressions(struct outputs *o, const char *path);
void outputs_baseline(struct outputs *o, const char *path);

/* Can the files be written? Says which cannot, and why. To be asked before the run. */
bool outputs_check(const struct outputs *o);
/* Symbols, fingerprints, suppressions and baseline. */
void outputs_prepare(struct run *run, struct outputs *o);
/* The same, then all outputs, the summary line last. False: one could not be
 * written (said); the text then went to stderr. */
bool outputs_write(struct run *run, struct outputs *o);

#endif
