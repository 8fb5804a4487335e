/* SPDX-License-Identifier: MIT
 *
 * Happens-before through stdio's streams: what was done before something was written to one happens
 * before what follows the read that gets it at the other end of a pipe or socket. The release comes
 * with the call that fills the buffer, whoever empties it later.
 */
#ifndef DT_STREAM_H
#define DT_STREAM_H

#include <stdio.h>

#include "interpose/fd_table.h"
#include "interpose/libc_access.h"

__attribute__((always_inline)) static inline void dt_stream_will_write(FILE *f)
{
    int saved = errno, fd = f ? fileno(f) : -1;
    struct dt_task *t = fd >= 0 ? dt_enter() : NULL;
    if (t)
        dt_fd_release(t, fd);
    errno = saved;
}

__attribute__((always_inline)) static inline void dt_stream_did_read(FILE *f)
{
    int saved = errno, fd = f ? fileno(f) : -1;
    struct dt_task *t = fd >= 0 ? dt_enter() : NULL;
    if (t)
        dt_fd_acquire(t, fd);
    errno = saved;
}

#endif
