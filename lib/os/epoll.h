/* SPDX-License-Identifier: MIT
 *
 * epoll and the eventfd that interrupts a wait, without errno: results are 0, a count, or negative
 * errno values.
 */
#ifndef GORC_LIB_OS_EPOLL_H
#define GORC_LIB_OS_EPOLL_H

#include <stdint.h>
#include <sys/epoll.h>

int gorc__epoll_create(void);
int gorc__epoll_ctl(int set, int op, int fd, uint32_t events, uint64_t data);
/* At most until `deadline` on the monotonic clock; INT64_MIN: only looks, INT64_MAX: for ever. The
 * number of events; 0 also when a signal came. */
int gorc__epoll_wait(int set, struct epoll_event *events, int max, int64_t deadline);

void gorc__close_fd(int fd);
int gorc__eventfd_create(void);
/* A count of signals: readable until each has been taken. */
void gorc__eventfd_signal(int fd);
void gorc__eventfd_take(int fd);

#endif
