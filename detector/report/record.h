/* SPDX-License-Identifier: MIT
 *
 * The raw record of a run: JSON lines, appended as things happen, readable after a crash.
 */
#ifndef DT_RECORD_H
#define DT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

/* Opens the record: `record=DIR` (gorc run) gives DIR/PID.raw, else an unlinked temporary file that
 * is handed to the printing helper at the end. Called at start and in a forked child. */
void dt_record_open(void);

struct dt_summary {
    uint64_t goroutines, threads;
    const char *accesses; /* "yes", "partly", "no" */
    uint64_t reads_not_remembered, dropped_in_signal;
    bool by_signal; /* ended by SIGTERM, SIGINT or a fatal signal */
};
/* The last line of the record. Idempotent: the first caller wins (returns true). Async-signal-safe. */
bool dt_record_summary(const struct dt_summary *s);

/* Bare runs (no `gorc run` above): prints the findings and the summary line, through the helper
 * (`gorc report --raw`, symbols) or, where it is missing, without symbols. Waits for it.
 * Async-signal-safe (fork and exec only). */
void dt_record_print(void);

#endif
