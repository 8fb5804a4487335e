/* SPDX-License-Identifier: MIT
 *
 * gorc_check_leaks of gorc/detect.h.
 */
#include <gorc/detect.h>

#include "runtime/leak.h"
#include "runtime/reach.h"

int gorc_check_leaks(void)
{
    DT_REACH_HERE(here);
    return dt_leak_check_descendants(here);
}
