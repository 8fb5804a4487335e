/* SPDX-License-Identifier: MIT
 *
 * Message queues of POSIX and of System V: what was done before a message was sent happens before
 * what follows its receipt. A POSIX queue is told by its inode, since several descriptors may name
 * it; a System V one by its number.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <mqueue.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <time.h>

#include "core/sync.h"
#include "interpose/fd_table.h"
#include "interpose/libc_access.h"

/* --- POSIX --- */

static const void *queue_key(mqd_t q)
{
    struct stat st;
    if (fstat(q, &st))
        return NULL;
    return dt_key_numbered((uint64_t)st.st_ino << 20 ^ st.st_dev, DT_KEY_QUEUE);
}

DT_PART void release(const void *key)
{
    struct dt_task *t = key ? dt_enter() : NULL;
    if (t)
        dt_release(t, key);
}

DT_PART void acquire(const void *key)
{
    struct dt_task *t = key ? dt_enter() : NULL;
    if (t)
        dt_acquire(t, key);
}

static void will_send(const void *key, const void *p, size_t n, uintptr_t pc)
{
    int saved = errno;
    struct dt_task *t = dt_enter_checked(pc);
    if (t)
        dt_reads(t, p, n, pc);
    release(key);
    errno = saved;
}

static void did_receive(const void *key, void *p, ssize_t n, unsigned *priority, uintptr_t pc)
{
    if (n < 0)
        return;
    int saved = errno;
    acquire(key);
    struct dt_task *t = dt_enter_checked(pc);
    if (t) {
        dt_writes(t, p, (size_t)n, pc);
        dt_writes(t, priority, priority ? sizeof *priority : 0, pc);
    }
    errno = saved;
}

static const void *key_of(mqd_t q)
{
    int saved = errno;
    const void *k = dt_enter() ? queue_key(q) : NULL;
    errno = saved;
    return k;
}

DT_INTERPOSE(int, mq_send, (mqd_t q, const char *p, size_t n, unsigned priority))
{
    will_send(key_of(q), p, n, DT_CALLER);
    DT_WAIT_BEGIN("message queue", (void *)(intptr_t)q, false);
    int err = mq_send(q, p, n, priority);
    DT_WAIT_END();
    return err;
}

DT_INTERPOSE(int, mq_timedsend,
    (mqd_t q, const char *p, size_t n, unsigned priority, const struct timespec *until))
{
    will_send(key_of(q), p, n, DT_CALLER);
    DT_WAIT_BEGIN("message queue", (void *)(intptr_t)q, true);
    int err = mq_timedsend(q, p, n, priority, until);
    DT_WAIT_END();
    return err;
}

DT_INTERPOSE(ssize_t, mq_receive, (mqd_t q, char *p, size_t size, unsigned *priority))
{
    DT_WAIT_BEGIN("message queue", (void *)(intptr_t)q, false);
    ssize_t n = mq_receive(q, p, size, priority);
    DT_WAIT_END();
    did_receive(key_of(q), p, n, priority, DT_CALLER);
    return n;
}

DT_INTERPOSE(ssize_t, mq_timedreceive,
    (mqd_t q, char *restrict p, size_t size, unsigned *restrict priority,
        const struct timespec *restrict until))
{
    DT_WAIT_BEGIN("message queue", (void *)(intptr_t)q, true);
    ssize_t n = mq_timedreceive(q, p, size, priority, until);
    DT_WAIT_END();
    did_receive(key_of(q), p, n, priority, DT_CALLER);
    return n;
}

/* --- System V --- */

static const void *messages_key(int queue)
{
    return dt_enter() ? dt_key_numbered((uint64_t)queue, DT_KEY_MESSAGES) : NULL;
}

DT_INTERPOSE(int, msgsnd, (int queue, const void *message, size_t n, int flags))
{
    will_send(messages_key(queue), message, n + sizeof(long), DT_CALLER);
    DT_WAIT_BEGIN("message queue", (void *)(intptr_t)queue, false);
    int err = msgsnd(queue, message, n, flags);
    DT_WAIT_END();
    return err;
}

DT_INTERPOSE(ssize_t, msgrcv, (int queue, void *message, size_t size, long type, int flags))
{
    DT_WAIT_BEGIN("message queue", (void *)(intptr_t)queue, false);
    ssize_t n = msgrcv(queue, message, size, type, flags);
    DT_WAIT_END();
    did_receive(
        messages_key(queue), message, n < 0 ? n : n + (ssize_t)sizeof(long), NULL, DT_CALLER);
    return n;
}
