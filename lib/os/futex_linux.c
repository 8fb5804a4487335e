/* SPDX-License-Identifier: MIT
 *
 * Private futexes with absolute deadlines (FUTEX_WAIT_BITSET counts on the monotonic clock).
 */
#include "os/futex.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int gorc__futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t deadline)
{
    struct timespec ts, *limit = NULL;
    int saved = errno;
    int result = 0;
    if (deadline != INT64_MAX) {
        if (deadline < 0)
            deadline = 0;
        ts.tv_sec = deadline / 1000000000;
        ts.tv_nsec = deadline % 1000000000;
        limit = &ts;
    }
    if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, limit, NULL,
            FUTEX_BITSET_MATCH_ANY) < 0)
        result = -errno;
    errno = saved;
    return result;
}

void gorc__futex_wake(_Atomic uint32_t *word, int n)
{
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, n, NULL, NULL, 0);
    errno = saved;
}
