/* SPDX-License-Identifier: MIT
 *
 * gorc_check_leaks of gorc/detect.h.
 */
#include <gorc/detect.h>

#include "runtime/leak.h"

int gorc_check_leaks(void)
{
    return dt_leak_check_descendants();
}
