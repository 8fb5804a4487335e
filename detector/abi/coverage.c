/* SPDX-License-Identifier: MIT
 *
 * -fsanitize-coverage beside -fsanitize=thread: nothing is counted, but the program links and runs.
 * Weak: a program or a fuzzing library has its own.
 */
#include "abi/exported.h"

static __attribute__((unused)) void nothing(void)
{
}

#define COVERAGE(name) EXPORT void __sanitizer_##name(void) __attribute__((weak, alias("nothing")));

COVERAGE(cov_8bit_counters_init)
COVERAGE(cov_bool_flag_init)
COVERAGE(cov_dump)
COVERAGE(cov_load1)
COVERAGE(cov_load2)
COVERAGE(cov_load4)
COVERAGE(cov_load8)
COVERAGE(cov_load16)
COVERAGE(cov_pcs_init)
COVERAGE(cov_reset)
COVERAGE(cov_store1)
COVERAGE(cov_store2)
COVERAGE(cov_store4)
COVERAGE(cov_store8)
COVERAGE(cov_store16)
COVERAGE(cov_trace_cmp)
COVERAGE(cov_trace_cmp1)
COVERAGE(cov_trace_cmp2)
COVERAGE(cov_trace_cmp4)
COVERAGE(cov_trace_cmp8)
COVERAGE(cov_trace_const_cmp1)
COVERAGE(cov_trace_const_cmp2)
COVERAGE(cov_trace_const_cmp4)
COVERAGE(cov_trace_const_cmp8)
COVERAGE(cov_trace_div4)
COVERAGE(cov_trace_div8)
COVERAGE(cov_trace_gep)
COVERAGE(cov_trace_pc)
COVERAGE(cov_trace_pc_guard)
COVERAGE(cov_trace_pc_guard_init)
COVERAGE(cov_trace_pc_indir)
COVERAGE(cov_trace_switch)
COVERAGE(dump_coverage)
COVERAGE(dump_trace_pc_guard_coverage)
