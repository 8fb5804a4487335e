/* SPDX-License-Identifier: MIT
 *
 * Runs traces without Criterion and says how they went: 0 no failure, 1 failure. Linked with a core
 * into which a fault was built (faults.sh), it must fail; `fault_run SECONDS`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "trace.h"

int main(int argc, char **argv)
{
    struct trace_result r;
    uint64_t seed = trace_seed();
    trace_run(seed, argc > 1 ? strtod(argv[1], NULL) : 10, &r);
    printf("%lu traces, %lu steps, %lu racing bytes, %lu sweeps: %s (seed %lu)\n",
        (unsigned long)r.traces, (unsigned long)r.steps, (unsigned long)r.races,
        (unsigned long)r.sweeps, r.failure[0] ? r.failure : "no failure",
        (unsigned long)(seed + r.traces - 1));
    return r.failure[0] != 0;
}
