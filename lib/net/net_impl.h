/* SPDX-License-Identifier: MIT
 *
 * Shared by the files of net/.
 */
#ifndef GORC_LIB_NET_NET_IMPL_H
#define GORC_LIB_NET_NET_IMPL_H

#include <sys/socket.h>

#include "sched/g.h"
#include "sched/park.h"
#include "sched/poller.h"

/* The record, entered; the caller leaves it. 0 or a negative errno value. */
int gorc__fd_use(int fd, struct gorc__fd **ret);

struct gorc__address {
    struct sockaddr_storage addr;
    socklen_t size;
};

#define GORC__ADDRESSES 8u

/* The addresses that `text` stands for, at most GORC__ADDRESSES; a name is looked up by a goroutine
 * with a larger stack, waited for until `deadline`. The number, or a negative errno value. */
int gorc__resolve(const char *text, bool to_listen, struct gorc__address *ret, int64_t deadline);

#endif
