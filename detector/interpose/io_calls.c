/* SPDX-License-Identifier: MIT
 *
 * Data through descriptors: the accesses of the buffers, the happens-before of fd_table.h, and what
 * the thread waits for. What is written is read before the call and released before it; what is
 * read is acquired, then written to the buffer. errno stays the call's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "interpose/chk.h"
#include "interpose/fd_table.h"
#include "interpose/libc_access.h"

/* --- before and after --- */

static void will_write(int fd, const void *p, size_t n, uintptr_t pc)
{
    int saved = errno;
    struct dt_task *t = dt_enter_at(pc);
    if (t && n && dt_instrumented(pc))
        dt_reads(t, p, n, pc);
    if (t)
        dt_fd_release(t, fd);
    errno = saved;
}

static void did_read(int fd, void *p, ssize_t n, uintptr_t pc)
{
    if (n < 0)
        return;
    int saved = errno;
    struct dt_task *t = dt_enter_at(pc);
    if (t)
        dt_fd_acquire(t, fd);
    if (t && n && dt_instrumented(pc))
        dt_writes(t, p, (size_t)n, pc);
    errno = saved;
}

/* The vector, and as much of its buffers as `n` bytes fill. */
static void vector(
    struct dt_task *t, const struct iovec *v, size_t count, size_t n, unsigned how, uintptr_t pc)
{
    if (!dt_instrumented(pc))
        return;
    dt_reads(t, v, count * sizeof *v, pc);
    for (size_t i = 0; i < count && n; i++) {
        size_t part = v[i].iov_len < n ? v[i].iov_len : n;
        if (part)
            dt_access(t, (uintptr_t)v[i].iov_base, part, how, pc);
        n -= part;
    }
}

static void will_write_vector(int fd, const struct iovec *v, int count, uintptr_t pc)
{
    int saved = errno;
    struct dt_task *t = dt_enter_at(pc);
    if (t && count > 0)
        vector(t, v, (size_t)count, SIZE_MAX, DT_READ, pc);
    if (t)
        dt_fd_release(t, fd);
    errno = saved;
}

static void did_read_vector(int fd, const struct iovec *v, int count, ssize_t n, uintptr_t pc)
{
    if (n < 0)
        return;
    int saved = errno;
    struct dt_task *t = dt_enter_at(pc);
    if (t)
        dt_fd_acquire(t, fd);
    if (t && count > 0)
        vector(t, v, (size_t)count, (size_t)n, DT_WRITE, pc);
    errno = saved;
}

/* --- read and write --- */

#define READ_CALL(name, params, wait, call)                                                        \
    DT_INTERPOSE(ssize_t, name, params)                                                            \
    {                                                                                              \
        DT_WAIT_BEGIN(wait, (void *)(intptr_t)fd, false);                                          \
        ssize_t got = call;                                                                        \
        DT_WAIT_END();                                                                             \
        did_read(fd, p, got, DT_CALLER);                                                           \
        return got;                                                                                \
    }
#define WRITE_CALL(name, params, wait, call)                                                       \
    DT_INTERPOSE(ssize_t, name, params)                                                            \
    {                                                                                              \
        will_write(fd, p, n, DT_CALLER);                                                           \
        DT_WAIT_BEGIN(wait, (void *)(intptr_t)fd, false);                                          \
        ssize_t done = call;                                                                       \
        DT_WAIT_END();                                                                             \
        return done;                                                                               \
    }

READ_CALL(read, (int fd, void *p, size_t n), "read", read(fd, p, n))
READ_CALL(__read_chk, (int fd, void *p, size_t n, size_t room), "read", __read_chk(fd, p, n, room))
READ_CALL(pread, (int fd, void *p, size_t n, off_t at), "read", pread(fd, p, n, at))
READ_CALL(pread64, (int fd, void *p, size_t n, off_t at), "read", pread(fd, p, n, at))
READ_CALL(__pread_chk, (int fd, void *p, size_t n, off_t at, size_t room), "read",
    __pread_chk(fd, p, n, at, room))
READ_CALL(__pread64_chk, (int fd, void *p, size_t n, off_t at, size_t room), "read",
    __pread64_chk(fd, p, n, at, room))
READ_CALL(recv, (int fd, void *p, size_t n, int flags), "receive", recv(fd, p, n, flags))
READ_CALL(__recv_chk, (int fd, void *p, size_t n, size_t room, int flags), "receive",
    __recv_chk(fd, p, n, room, flags))
WRITE_CALL(write, (int fd, const void *p, size_t n), "write", write(fd, p, n))
WRITE_CALL(pwrite, (int fd, const void *p, size_t n, off_t at), "write", pwrite(fd, p, n, at))
WRITE_CALL(pwrite64, (int fd, const void *p, size_t n, off_t at), "write", pwrite(fd, p, n, at))
WRITE_CALL(send, (int fd, const void *p, size_t n, int flags), "send", send(fd, p, n, flags))
WRITE_CALL(sendto,
    (int fd, const void *p, size_t n, int flags, const struct sockaddr *to, socklen_t to_size),
    "send", sendto(fd, p, n, flags, to, to_size))

static void got_address(struct sockaddr *from, socklen_t *size, socklen_t room, uintptr_t pc)
{
    int saved = errno;
    struct dt_task *t = from && size ? dt_enter_checked(pc) : NULL;
    if (t) {
        dt_writes(t, from, *size < room ? *size : room, pc);
        dt_writes(t, size, sizeof *size, pc);
    }
    errno = saved;
}

/* With MSG_TRUNC the result may be more than the buffer holds. */
static ssize_t filled(ssize_t got, size_t n)
{
    return got > 0 && (size_t)got > n ? (ssize_t)n : got;
}

DT_INTERPOSE(ssize_t, recvfrom,
    (int fd, void *p, size_t n, int flags, struct sockaddr *from, socklen_t *from_size))
{
    socklen_t room = from_size ? *from_size : 0;
    DT_WAIT_BEGIN("receive", (void *)(intptr_t)fd, false);
    ssize_t got = recvfrom(fd, p, n, flags, from, from_size);
    DT_WAIT_END();
    did_read(fd, p, filled(got, n), DT_CALLER);
    if (got >= 0)
        got_address(from, from_size, room, DT_CALLER);
    return got;
}

DT_INTERPOSE(ssize_t, __recvfrom_chk,
    (int fd, void *p, size_t n, size_t size, int flags, struct sockaddr *from,
        socklen_t *from_size))
{
    socklen_t room = from_size ? *from_size : 0;
    DT_WAIT_BEGIN("receive", (void *)(intptr_t)fd, false);
    ssize_t got = __recvfrom_chk(fd, p, n, size, flags, from, from_size);
    DT_WAIT_END();
    did_read(fd, p, filled(got, n), DT_CALLER);
    if (got >= 0)
        got_address(from, from_size, room, DT_CALLER);
    return got;
}

/* --- vectors and messages --- */

#define READ_VECTOR(name, params, call)                                                            \
    DT_INTERPOSE(ssize_t, name, params)                                                            \
    {                                                                                              \
        DT_WAIT_BEGIN("read", (void *)(intptr_t)fd, false);                                        \
        ssize_t got = call;                                                                        \
        DT_WAIT_END();                                                                             \
        did_read_vector(fd, v, n, got, DT_CALLER);                                                 \
        return got;                                                                                \
    }
#define WRITE_VECTOR(name, params, call)                                                           \
    DT_INTERPOSE(ssize_t, name, params)                                                            \
    {                                                                                              \
        will_write_vector(fd, v, n, DT_CALLER);                                                    \
        DT_WAIT_BEGIN("write", (void *)(intptr_t)fd, false);                                       \
        ssize_t done = call;                                                                       \
        DT_WAIT_END();                                                                             \
        return done;                                                                               \
    }

READ_VECTOR(readv, (int fd, const struct iovec *v, int n), readv(fd, v, n))
READ_VECTOR(preadv, (int fd, const struct iovec *v, int n, off_t at), preadv(fd, v, n, at))
READ_VECTOR(preadv64, (int fd, const struct iovec *v, int n, off_t at), preadv(fd, v, n, at))
READ_VECTOR(preadv2, (int fd, const struct iovec *v, int n, off_t at, int flags),
    preadv2(fd, v, n, at, flags))
READ_VECTOR(preadv64v2, (int fd, const struct iovec *v, int n, off_t at, int flags),
    preadv2(fd, v, n, at, flags))
WRITE_VECTOR(pwritev2, (int fd, const struct iovec *v, int n, off_t at, int flags),
    pwritev2(fd, v, n, at, flags))
WRITE_VECTOR(pwritev64v2, (int fd, const struct iovec *v, int n, off_t at, int flags),
    pwritev2(fd, v, n, at, flags))
WRITE_VECTOR(writev, (int fd, const struct iovec *v, int n), writev(fd, v, n))
WRITE_VECTOR(pwritev, (int fd, const struct iovec *v, int n, off_t at), pwritev(fd, v, n, at))
WRITE_VECTOR(pwritev64, (int fd, const struct iovec *v, int n, off_t at), pwritev(fd, v, n, at))

static void will_send_message(int fd, const struct msghdr *m, uintptr_t pc)
{
    struct dt_task *t = dt_enter_checked(pc);
    if (t) {
        dt_reads(t, m, sizeof *m, pc);
        dt_reads(t, m->msg_name, m->msg_namelen, pc);
        dt_reads(t, m->msg_control, m->msg_controllen, pc);
    }
    will_write_vector(fd, m->msg_iov, (int)m->msg_iovlen, pc);
}

/* Descriptors that came with it (SCM_RIGHTS): of what, is asked at their first use. */
static void meet_descriptors(struct msghdr *m)
{
    struct cmsghdr *c = m->msg_control && m->msg_controllen ? CMSG_FIRSTHDR(m) : NULL;
    int saved = errno;
    for (; c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        const unsigned char *data = CMSG_DATA(c);
        for (size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
            int fd;
            memcpy(&fd, data + at, sizeof fd);
            dt_fd_fresh(fd);
        }
    }
    errno = saved;
}

static void did_receive_message(int fd, struct msghdr *m, ssize_t n, uintptr_t pc)
{
    if (n < 0)
        return;
    did_read_vector(fd, m->msg_iov, (int)m->msg_iovlen, n, pc);
    meet_descriptors(m);
    struct dt_task *t = dt_enter_checked(pc);
    if (!t)
        return;
    dt_writes(t, m->msg_name, m->msg_name ? m->msg_namelen : 0, pc);
    dt_writes(t, m->msg_control, m->msg_control ? m->msg_controllen : 0, pc);
}

DT_INTERPOSE(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags))
{
    will_send_message(fd, m, DT_CALLER);
    DT_WAIT_BEGIN("send", (void *)(intptr_t)fd, false);
    ssize_t n = sendmsg(fd, m, flags);
    DT_WAIT_END();
    return n;
}

DT_INTERPOSE(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags))
{
    DT_WAIT_BEGIN("receive", (void *)(intptr_t)fd, false);
    ssize_t n = recvmsg(fd, m, flags);
    DT_WAIT_END();
    did_receive_message(fd, m, n, DT_CALLER);
    return n;
}

DT_INTERPOSE(int, sendmmsg, (int fd, struct mmsghdr *m, unsigned count, int flags))
{
    for (unsigned i = 0; i < count; i++)
        will_send_message(fd, &m[i].msg_hdr, DT_CALLER);
    DT_WAIT_BEGIN("send", (void *)(intptr_t)fd, false);
    int n = sendmmsg(fd, m, count, flags);
    DT_WAIT_END();
    return n;
}

DT_INTERPOSE(
    int, recvmmsg, (int fd, struct mmsghdr *m, unsigned count, int flags, struct timespec *timeout))
{
    DT_WAIT_BEGIN("receive", (void *)(intptr_t)fd, timeout != NULL);
    int n = recvmmsg(fd, m, count, flags, timeout);
    DT_WAIT_END();
    for (int i = 0; i < n; i++)
        did_receive_message(fd, &m[i].msg_hdr, (ssize_t)m[i].msg_len, DT_CALLER);
    return n;
}

/* --- from descriptor to descriptor --- */

#define PASS_ON(name, params, from, to, call)                                                      \
    DT_INTERPOSE(ssize_t, name, params)                                                            \
    {                                                                                              \
        will_write(to, NULL, 0, DT_CALLER);                                                        \
        DT_WAIT_BEGIN("write", (void *)(intptr_t)(to), false);                                     \
        ssize_t done = call;                                                                       \
        DT_WAIT_END();                                                                             \
        did_read(from, NULL, done < 0 ? done : 0, DT_CALLER);                                      \
        return done;                                                                               \
    }

PASS_ON(sendfile, (int out, int in, off_t *at, size_t n), in, out, sendfile(out, in, at, n))
PASS_ON(sendfile64, (int out, int in, off_t *at, size_t n), in, out, sendfile(out, in, at, n))
PASS_ON(splice, (int in, off_t *in_at, int out, off_t *out_at, size_t n, unsigned flags), in, out,
    splice(in, in_at, out, out_at, n, flags))
PASS_ON(tee, (int in, int out, size_t n, unsigned flags), in, out, tee(in, out, n, flags))
PASS_ON(copy_file_range, (int in, off_t *in_at, int out, off_t *out_at, size_t n, unsigned flags),
    in, out, copy_file_range(in, in_at, out, out_at, n, flags))
DT_INTERPOSE(ssize_t, vmsplice, (int fd, const struct iovec *v, size_t n, unsigned flags))
{
    will_write_vector(fd, v, (int)n, DT_CALLER);
    DT_WAIT_BEGIN("write", (void *)(intptr_t)fd, false);
    ssize_t done = vmsplice(fd, v, n, flags);
    DT_WAIT_END();
    return done;
}

/* --- eventfd's own calls --- */

DT_INTERPOSE(int, eventfd_read, (int fd, eventfd_t *value))
{
    DT_WAIT_BEGIN("read", (void *)(intptr_t)fd, false);
    int err = eventfd_read(fd, value);
    DT_WAIT_END();
    did_read(fd, value, err ? -1 : (ssize_t)sizeof *value, DT_CALLER);
    return err;
}

DT_INTERPOSE(int, eventfd_write, (int fd, eventfd_t value))
{
    will_write(fd, NULL, 0, DT_CALLER);
    return eventfd_write(fd, value);
}
