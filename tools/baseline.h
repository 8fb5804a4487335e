/* SPDX-License-Identifier: MIT
 *
 * Findings that were there before: the record of an earlier run, by fingerprint.
 */
#ifndef TOOLS_BASELINE_H
#define TOOLS_BASELINE_H

#include "model.h"

struct baseline {
    uint64_t *at; /* sorted */
    size_t n;
};

/* NULL, or what is wrong with the file. */
char *baseline_read(struct baseline *b, const char *path);
/* Findings that the baseline has are marked as known, and do not count. */
void baseline_apply(const struct baseline *b, struct process *p);

#endif
