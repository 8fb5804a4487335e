/* SPDX-License-Identifier: MIT
 *
 * Where the results of a run go.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdbool.h>

#include "model.h"

struct outputs {
    const char *log;  /* file for the text, "stderr", "stdout"; NULL: stderr. "%p": the pid */
    const char *json; /* NULL: none */
    bool append;      /* to the log: several processes share it */
    bool dump;        /* print the dump too */
};

/* Can the files be written? Says which cannot, and why. To be asked before the run. */
bool outputs_check(const struct outputs *o);
/* Symbols and fingerprints, then all outputs, the summary line last. False: one could not be
 * written (said); the text then went to stderr. */
bool outputs_write(struct run *run, const struct outputs *o);

#endif
