/* SPDX-License-Identifier: MIT
 *
 * Descriptors, for a goroutine per connection: calls that look as if they blocked, and only park
 * the goroutine.
 *
 * Results are a count, a descriptor or 0, or a negative errno value; errno is not used. None of
 * these calls raises SIGPIPE; -EPIPE tells. EINTR is never returned. Any thread may call them; one
 * that is not a goroutine blocks.
 *
 * The forms with a deadline, absolute on gorc_now()'s clock, try first and give -ETIMEDOUT when
 * nothing was possible until then; one in the past only tries.
 *
 * Descriptors of gorc_listen, gorc_accept and gorc_dial are non-blocking and close-on-exec, and are
 * closed by gorc_close, not by close(2). Those from elsewhere (pipes, terminals, sockets,
 * eventfd ...) work too, blocking or not; what cannot be waited for, such as a regular file, is
 * read and written in gorc_blocking. Several goroutines may wait for one descriptor.
 *
 * What was done before a write happens before what follows the read that gets it; a gorc_dial
 * before what follows its gorc_accept; a gorc_close before the return of those it wakes.
 */
#ifndef GORC_NET_H
#define GORC_NET_H

#include <gorc/base.h>
#include <sys/types.h>

GORC_BEGIN_DECLS

/* Addresses: "127.0.0.1:8080", "[::1]:8080", "localhost:8080", "host.example:http", ":8080" (to
 * listen: all addresses; to dial: this host), "unix:/path", "unix:@abstract". Names are looked up
 * without holding a worker. -EINVAL: not an address; -ENOENT: no such host or service. Each call of
 * this header may return -ENOMEM; what it had opened is closed then. */

/* A socket that listens. Port 0 takes a free one (getsockname tells). The path of a unix socket is
 * the caller's to remove. */
GORC_API int gorc_listen(const char *address);

/* The next connection. -EMFILE and its like are the caller's to handle: the connection waits.
 * TCP_NODELAY is set, as in Go. */
GORC_API int gorc_accept(int fd);
GORC_API int gorc_accept_until(int fd, int64_t deadline);

/* Connects; the addresses of a name are tried in turn. */
GORC_API int gorc_dial(const char *address);
GORC_API int gorc_dial_until(const char *address, int64_t deadline);

/* At least one byte, unless n is 0; 0: the end. */
GORC_API ssize_t gorc_read(int fd, void *buf, size_t n);
GORC_API ssize_t gorc_read_until(int fd, void *buf, size_t n, int64_t deadline);

/* All n bytes. Fewer when an error, or the deadline, came after some were written: the next call
 * tells which. */
GORC_API ssize_t gorc_write(int fd, const void *buf, size_t n);
GORC_API ssize_t gorc_write_until(int fd, const void *buf, size_t n, int64_t deadline);

/* Parks until one of `events` (POLLIN, POLLOUT) is possible; returns which, and POLLERR, POLLHUP
 * as poll(2) does. INT64_MAX: no deadline. For calls of one's own on non-blocking descriptors. */
GORC_API int gorc_wait_fd(int fd, int events, int64_t deadline);

/* Closes. Whoever waits on fd, or calls meanwhile, gets -EBADF; when this returns, none of them
 * uses it any more. -EBADF: it is not open, or another call closes it. */
GORC_API int gorc_close(int fd);

/* Runs fn(arg), which may block its OS thread, without keeping other goroutines from running;
 * returns its result. At most 512 such calls run at once; more wait for their turn. */
GORC_API int gorc_blocking(int (*fn)(void *), void *arg);

GORC_END_DECLS

#endif
