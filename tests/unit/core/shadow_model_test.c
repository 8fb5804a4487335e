/* SPDX-License-Identifier: MIT
 *
 * The shadow against full vector clocks, on random traces: a race is reported on a byte if and only
 * if the model has one, and both sides are accesses that were made. To see a failure again:
 * GORC_TEST_SEED; to run longer: GORC_TEST_SECONDS.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "trace.h"

Test(shadow, agrees_with_full_vector_clocks, .timeout = 0)
{
    struct trace_result r;
    uint64_t seed = trace_seed();
    trace_run(seed, trace_seconds(10), &r);
    cr_log_info("%lu traces, %lu steps, %lu racing bytes, %lu sweeps", (unsigned long)r.traces,
        (unsigned long)r.steps, (unsigned long)r.races, (unsigned long)r.sweeps);
    cr_assert(r.failure[0] == '\0', "%s (GORC_TEST_SEED=%lu)", r.failure,
        (unsigned long)(seed + r.traces - 1));
    cr_assert(r.races > 100);
}
