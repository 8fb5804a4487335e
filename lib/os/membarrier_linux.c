/* SPDX-License-Identifier: MIT
 *
 * membarrier(2), private expedited.
 */
#include "os/membarrier.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool available;

bool gorc__membarrier_init(void)
{
    int saved = errno;
    available = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    errno = saved;
    return available;
}

void gorc__membarrier(void)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (!available)
        return;
    int saved = errno;
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    errno = saved;
}
