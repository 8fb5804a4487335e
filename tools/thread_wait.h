/* SPDX-License-Identifier: MIT
 *
 * What a thread of a live process waits for in libc: told by its system call, by the functions of
 * libc on its stack, and by the layout of glibc's objects (owner of a mutex, writer of a rwlock).
 */
#ifndef TOOLS_THREAD_WAIT_H
#define TOOLS_THREAD_WAIT_H

#include "live.h"

struct thread_wait {
    const char
        *kind; /* "pthread mutex", "pthread rwlock", "pthread cond" ...; NULL: none of these */
    const char *reason; /* "read", "epoll_wait", "pthread mutex lock" ...; NULL: it runs */
    uint64_t object;
    int fd;      /* of a system call on one; -1: none */
    int holder;  /* thread id, as the process numbers it, that holds or is joined; 0: unknown */
    bool timed;  /* it will go on by itself */
    bool shared; /* other processes may wake it */
};

/* `s`: its stack with symbols. */
void thread_wait(
    const struct live *l, const struct thread *t, const struct stack *s, struct thread_wait *ret);

#endif
