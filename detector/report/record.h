/* SPDX-License-Identifier: MIT
 *
 * The raw record of a run: JSON lines, appended as things happen, readable after a crash.
 */
#ifndef DT_RECORD_H
#define DT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens the record: `record=DIR` (gorc run) gives DIR/PID.raw, else an unlinked temporary file that
 * is handed to the printing helper at the end. Called at start and in a forked child. */
void dt_record_open(void);
/* Before dt_record_open: the program's own suppressions, the text of a file; they go into each
 * record. Those of the option `suppressions` are looked at; what is wrong with them ends the
 * process with status 2. */
void dt_record_suppressions(const char *text);

/* "yes", "partly", "no" as in the summary, as soon as it is known: for the summary of a process
 * that is killed. Recorded when it is another word than before. */
void dt_record_accesses(const char *word);

/* True when something could not be written where it was asked for: the run's status is 99 then,
 * unless the program has one of its own. What could not be written is kept and printed. */
bool dt_record_failed(void);

/* The dump of `gorc run --timeout`: a line for each goroutine and thread, then the end line, for
 * which the reader waits. Async-signal-safe. */
struct dt_dump_task {
    const char *kind;   /* "goroutine", "thread" or "main" */
    uint64_t id;        /* goid; the thread's number; main is 1 */
    const char *name;   /* NULL: none */
    const char *state;  /* "running", "runnable", "blocked" ... */
    const char *reason; /* "chan send", "pthread mutex" ...; NULL: none */
    const char *wait;   /* "waits to send on chan 0x... 'jobs'"; NULL: none */
    int64_t waited_ns;  /* since when, as a duration; -1: unknown */
    int tid;            /* of the OS; 0: none */
    const uintptr_t *pcs;
    size_t npcs;
};
void dt_record_dump_task(const struct dt_dump_task *t);
void dt_record_dump_end(void);

struct dt_summary {
    uint64_t goroutines, threads;
    const char *accesses; /* "yes", "partly", "no" */
    uint64_t reads_not_remembered, dropped_in_signal, lock_orders_not_compared;
    bool by_signal; /* ended by SIGTERM, SIGINT or a fatal signal */
};
/* The last line of the record. Idempotent: the first caller wins (returns true). Async-signal-safe.
 */
bool dt_record_summary(const struct dt_summary *s);

/* Bare runs (no `gorc run` above): prints the findings and the summary line, through the helper
 * (`gorc report --raw`, symbols) or, where it is missing, without symbols. Waits for it.
 * Async-signal-safe (fork and exec only). */
void dt_record_print(void);

/* False when all that was found so far is suppressed, which only the helper can tell. */
bool dt_record_counts(void);
/* Is the finding with this number left out? Without suppressions no; else the helper tells, at the
 * price of a process. */
bool dt_record_suppresses(uint32_t number);
/* After dt_record_print: the same for what was printed. */
bool dt_record_printed_counts(void);

#endif
