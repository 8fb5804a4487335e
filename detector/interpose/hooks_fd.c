/* SPDX-License-Identifier: MIT
 *
 * The hooks of lib/hooks.h that concern descriptors, on the table that the interposed calls use:
 * one end may be gorc's, the other the program's own read(2).
 */
#include "interpose/fd_table.h"
#include "lib/hooks.h"
#include "runtime/runtime.h"

void gorc__hook_fd_sent(int fd)
{
    struct dt_task *t = dt_enter_quietly();
    if (t)
        dt_fd_release(t, fd);
}

void gorc__hook_fd_got(int fd)
{
    struct dt_task *t = dt_enter_quietly();
    if (t)
        dt_fd_acquire(t, fd);
}

void gorc__hook_fd_made(int fd)
{
    dt_fd_fresh(fd);
}

void gorc__hook_fd_accepted(int fd)
{
    struct dt_task *t = dt_enter_quietly();
    if (t)
        dt_fd_accepted(t, fd);
}

void gorc__hook_fd_dial(void)
{
    struct dt_task *t = dt_enter_quietly();
    if (t)
        dt_fd_connecting(t);
}

void gorc__hook_fd_closing(int fd)
{
    dt_fd_closing(fd);
}
