/* SPDX-License-Identifier: MIT
 *
 * The trace test is tested: into each fault_N (mk/test.mk) one rule of the core is built wrong, and
 * it must find out.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static int run_fault(int n)
{
    char command[4200];
    const char *dir = getenv("GORC_TEST_FAULTS");
    snprintf(command, sizeof command, "%s/fault_%d 20 >/dev/null", dir ? dir : FAULT_DIR, n);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define FAULT(n, name)                                                                             \
    Test(faults, name)                                                                             \
    {                                                                                              \
        cr_assert_eq(run_fault(n), 1, "the fault was not noticed");                                \
    }

FAULT(1, atomic_supersedes_plain)
FAULT(2, read_supersedes_write)
FAULT(3, atomics_race)
FAULT(4, order_by_task_alone)
FAULT(5, release_begins_no_epoch)
FAULT(6, wrong_common_past)
FAULT(7, stale_order_after_sweep)
FAULT(8, acquire_skipped)
FAULT(9, writer_ignores_logs)
FAULT(10, stale_logs)
FAULT(11, part_of_field_cleared)
FAULT(12, own_log_does_not_cover)
FAULT(13, old_reads_cover)

Test(faults, none)
{
    char command[4200];
    snprintf(command, sizeof command, "%s/fault_0 2 >/dev/null", FAULT_DIR);
    cr_assert_eq(system(command), 0);
}
