/* SPDX-License-Identifier: MIT
 *
 * Waiting for descriptors: one record per descriptor number, and one epoll set that idle workers
 * wait on in place of their futex.
 *
 * A record has one of three modes. EDGE: the descriptor was made by gorc (net/); it is registered
 * once, edge-triggered, and `ready` remembers what the edges said and no call has used up. SHOT: it
 * comes from elsewhere and may be closed behind our back, so each wait arms it anew. FILE: epoll
 * refuses it (regular files); it is always ready.
 *
 * Who uses a descriptor does so between gorc__fd_enter and gorc__fd_leave. gorc__fd_close wakes all
 * who wait and lets the number go only when the last user has left: no call can hit a descriptor
 * that was opened under the same number meanwhile. Events carry the record's generation, so that
 * those of an earlier descriptor of that number are dropped.
 */
#ifndef GORC_LIB_SCHED_POLLER_H
#define GORC_LIB_SCHED_POLLER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "sched/park.h"

enum gorc__fd_mode { GORC__FD_UNKNOWN, GORC__FD_EDGE, GORC__FD_SHOT, GORC__FD_FILE };

/* `ready`, and what is waited for. */
#define GORC__FD_READ 1u
#define GORC__FD_WRITE 2u
#define GORC__FD_ENDED 4u /* hang-up or error: stays, every call is tried */

/* `kind` */
#define GORC__FD_SOCKET 1u
#define GORC__FD_STREAM 2u    /* a short read has emptied it */
#define GORC__FD_BLOCKS 4u    /* not O_NONBLOCK */
#define GORC__FD_NO_NOWAIT 8u /* RWF_NOWAIT is refused */

struct gorc__fd {
    struct gorc__lock lock;
    _Atomic uint32_t users; /* count, and the bits of poller.c: it is being closed */
    _Atomic uint32_t ready;
    uint32_t generation; /* guarded by lock; so are those below */
    uint8_t mode;
    bool registered;
    _Atomic uint8_t kind;
    struct gorc__waitq waiters;
    struct gorc__g *closer;
} __attribute__((aligned(64)));

/* The record; NULL: not a possible number, or memory is out (*ret_error: -EBADF, -ENOMEM). */
struct gorc__fd *gorc__fd_get(int fd, int *ret_error);

/* 0, or -EBADF when it is being closed. */
int gorc__fd_enter(struct gorc__fd *f);
void gorc__fd_leave(struct gorc__fd *f);

/* A descriptor that gorc has just made, O_NONBLOCK: mode EDGE. */
void gorc__fd_made(struct gorc__fd *f, uint8_t kind);
/* One from elsewhere, before each use: it may be another than last time. */
void gorc__fd_met(struct gorc__fd *f, uint8_t kind, bool is_file);

/* Parks until one of `events` may be possible (GORC__FD_READ, _WRITE). Entered. 0: try again;
 * -EBADF: closed; -ETIMEDOUT; or epoll's error. For mode EDGE the caller has cleared the bits of
 * `ready` before the call that found nothing. */
int gorc__fd_wait(
    struct gorc__fd *f, int fd, uint32_t events, enum gorc__wait_reason reason, int64_t deadline);

/* A call has taken part of what there was: others may try. */
void gorc__fd_more(struct gorc__fd *f, uint32_t event);

/* Closes: `real` is close(2) without errno. Returns its result; -EBADF: it is being closed. */
int gorc__fd_close(struct gorc__fd *f, int fd, int (*real)(int fd));

/* --- for the scheduler --- */

/* Somebody waits for a descriptor. */
bool gorc__poller_wanted(void);
/* Waits for events (deadline as gorc__epoll_wait) and takes out those who can go on, linked through
 * ->next; NULL: none. */
struct gorc__g *gorc__poller_wait(int64_t deadline);
/* Ends all waits, and those that begin, until the one for which it is has called _broken. So nobody
 * else's wait can use it up, and no wake-up is lost. */
void gorc__poller_break(void);
void gorc__poller_broken(void);
void gorc__poller_fork_child(void);

#endif
