/* SPDX-License-Identifier: MIT
 *
 * Findings that somebody has decided not to hear of (docs/suppressions.md).
 */
#ifndef TOOLS_SUPPRESS_H
#define TOOLS_SUPPRESS_H

#include <stdio.h>

#include "model.h"

struct suppression {
    const char *origin; /* file, or what else it comes from */
    int line;
    const char *text;  /* "race:foo", as written */
    size_t kind;       /* of a table in suppress.c */
    const char *where; /* "function" ...; NULL: wherever the kind looks */
    char *glob;        /* the pattern, '*' is anything */
    uint64_t used;
};

struct suppressions {
    struct suppression *at;
    size_t n, cap;
};

/* Adds the rules of a file, or of a text. NULL, or what is wrong, with origin and line. */
char *suppressions_read(struct suppressions *s, const char *path);
char *suppressions_parse(struct suppressions *s, const char *origin, const char *text);

/* Takes the findings that a rule matches out of the process, which must have its symbols. */
void suppressions_apply(struct suppressions *s, struct process *p);

/* "gorc: ..." lines: which rules did something, which did nothing. */
void suppressions_tell(FILE *f, const struct suppressions *s);

#endif
