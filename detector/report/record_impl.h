/* SPDX-License-Identifier: MIT
 *
 * What the files of report/ share of the record.
 */
#ifndef DT_RECORD_IMPL_H
#define DT_RECORD_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/line.h"

/* Appends the line to the record by one write(2), or keeps it in memory; frees it. */
void dt_record_line(struct dt_line *l);

/* key:[[module,offset],...] */
void dt_record_frames(struct dt_line *l, const char *key, const uintptr_t *pcs, size_t n);

/* The lines of the run so far as a file: a descriptor at its beginning; -1: not possible. */
int dt_record_as_file(void);
/* Calls fn for each kept line, oldest first. */
void dt_record_kept(void (*fn)(const char *text, size_t n, void *arg), void *arg);
void dt_record_set_failed(void);

/* In a bare run without the helper the kept lines are text, not JSON. */
bool dt_record_is_text(void);

/* Findings may be suppressed: only the helper can tell which count. */
bool dt_record_has_suppressions(void);
/* The option's file is made absolute; under `gorc run` that has read it, else the helper does, and
 * what is wrong with it ends the process with status 2. */
void dt_suppressions_check(void);

/* Nothing was found and the summary is known. */
bool dt_record_is_clean(void);
/* The summary line on stderr. */
void dt_record_print_summary(void);

/* The helper program, absolute; NULL: there is none. */
const char *dt_helper_path(void);
void dt_helper_find(void);

/* finding.c: repetitions, for the record's end; a new record; for the text without helper. */
void dt_findings_record_repeats(void);
void dt_findings_forget(void);
void dt_findings_summary_text(struct dt_line *l);
/* discipline.c: a race was recorded; for the record's end: under which locks what raced was
 * accessed; a new record. */
struct dt_race;
void dt_discipline_note(const struct dt_race *race);
void dt_discipline_record(void);
void dt_discipline_forget(void);

/* A finding without symbols. */
struct dt_finding;
void dt_plain_text(struct dt_line *l, const struct dt_finding *f);

#endif
