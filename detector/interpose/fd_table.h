/* SPDX-License-Identifier: MIT
 *
 * Happens-before through descriptors: what was done before a write happens before what follows the
 * read that gets it, and what follows the poll, select or epoll_wait that finds it.
 *
 * A descriptor has up to two keys (addresses that stand for synchronisation objects): writing
 * releases `out`, reading acquires `in`. A pipe's two ends share one key; the ends of a socket pair
 * have one for each direction; eventfd, timerfd and epoll have one. What was not seen being made
 * is asked for at its first use: pipes and FIFOs have a key by inode, connected sockets of this
 * process by their pair of ports or their path. Other files have no key unless io_sync=2.
 * Keys that two unrelated objects share by chance can hide a race, never invent one.
 */
#ifndef DT_FD_TABLE_H
#define DT_FD_TABLE_H

#include <stdbool.h>

#include "core/task.h"

void dt_fd_acquire(struct dt_task *t, int fd);
void dt_fd_release(struct dt_task *t, int fd);

/* A new descriptor of an object of its own: eventfd, epoll ... */
void dt_fd_opened(int fd);
/* A signalfd: reading it acquires what sending a signal releases. */
void dt_fd_opened_signals(int fd);
void dt_fd_signal_sent(struct dt_task *t);
/* One writes to the other. `both`: and the other way round. */
void dt_fd_paired(int reader, int writer, bool both);
/* A descriptor of which nothing is known yet (open, socket, accept). */
void dt_fd_fresh(int fd);
void dt_fd_duplicated(int from, int to);
void dt_fd_closing(int fd);

/* epoll: `set` waits for `fd` from now on; what follows its wait. */
void dt_fd_watched(int set, int fd);
void dt_fd_acquire_set(struct dt_task *t, int set);

/* The address that stands for something of the kernel that has a number. NULL: none. */
enum dt_key_kind { DT_KEY_FD = 1, DT_KEY_SEMAPHORE = 2, DT_KEY_QUEUE = 3, DT_KEY_MESSAGES = 4 };
const void *dt_key_numbered(uint64_t number, enum dt_key_kind kind);

/* connect and accept: what was done before connect happens before what follows accept. */
void dt_fd_connecting(struct dt_task *t);
void dt_fd_accepted(struct dt_task *t, int fd);

#endif
