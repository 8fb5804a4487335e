/* SPDX-License-Identifier: MIT
 *
 * Random traces through the real core and the model at once.
 */
#ifndef DT_TEST_TRACE_H
#define DT_TEST_TRACE_H

#include <stdint.h>

struct trace_result {
    uint64_t traces, steps, races; /* races: bytes of accesses that raced, in both */
    uint64_t late;                 /* races that were told later */
    uint64_t sweeps, purges;
    char failure[256]; /* empty: none */
};

/* Runs traces from `seed` on for about `seconds`, or until one fails. */
void trace_run(uint64_t seed, double seconds, struct trace_result *r);
/* Seed and duration from GORC_TEST_SEED and GORC_TEST_SECONDS. */
uint64_t trace_seed(void);
double trace_seconds(double standard);

#endif
