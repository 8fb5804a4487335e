/* SPDX-License-Identifier: MIT
 *
 * System V semaphores: an operation happens before those that it lets go on. One that takes may
 * let go on who waits for zero, so each releases; who waits or takes acquires.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <sys/sem.h>
#include <time.h>

#include "core/sync.h"
#include "interpose/fd_table.h"
#include "interpose/libc_access.h"

static const void *key(int set, unsigned number)
{
    return dt_key_numbered((uint64_t)(uint32_t)set << 16 | number, DT_KEY_SEMAPHORE);
}

static void will_operate(int set, const struct sembuf *ops, size_t n, uintptr_t pc)
{
    int saved = errno;
    struct dt_task *t = dt_enter_at(pc);
    if (t && dt_instrumented(pc))
        dt_reads(t, ops, n * sizeof *ops, pc);
    for (size_t i = 0; t && i < n; i++) {
        const void *k = ops[i].sem_op ? key(set, ops[i].sem_num) : NULL;
        if (k)
            dt_release(t, k);
    }
    errno = saved;
}

DT_PART int did_operate(int set, const struct sembuf *ops, size_t n, int err)
{
    int saved = errno;
    struct dt_task *t = err ? NULL : dt_enter();
    for (size_t i = 0; t && i < n; i++) {
        const void *k = ops[i].sem_op <= 0 ? key(set, ops[i].sem_num) : NULL;
        if (k)
            dt_acquire(t, k);
    }
    errno = saved;
    return err;
}

DT_INTERPOSE(int, semop, (int set, struct sembuf *ops, size_t n))
{
    will_operate(set, ops, n, DT_CALLER);
    DT_WAIT_BEGIN("System V semaphore", (void *)(intptr_t)set, false);
    int err = semop(set, ops, n);
    DT_WAIT_END();
    return did_operate(set, ops, n, err);
}

DT_INTERPOSE(
    int, semtimedop, (int set, struct sembuf *ops, size_t n, const struct timespec *timeout))
{
    will_operate(set, ops, n, DT_CALLER);
    DT_WAIT_BEGIN("System V semaphore", (void *)(intptr_t)set, timeout != NULL);
    int err = semtimedop(set, ops, n, timeout);
    DT_WAIT_END();
    return did_operate(set, ops, n, err);
}

/* Setting a value lets others go on; who asks for it may go by it. */
DT_INTERPOSE(int, semctl, (int set, int number, int command, ...))
{
    va_list args;
    va_start(args, command);
    void *arg = va_arg(args, void *); /* the union, where the command takes one */
    va_end(args);
    struct dt_task *t = dt_enter();
    const void *k = t ? key(set, (unsigned)number) : NULL;
    if (k && command == SETVAL)
        dt_release(t, k);
    int result = semctl(set, number, command, arg);
    if (k && command == GETVAL && result >= 0)
        dt_acquire(t, k);
    return result;
}
