/* SPDX-License-Identifier: MIT
 *
 * A blocking call of libc that may be cancelled, with something to put right when it is.
 */
#ifndef DT_CANCEL_H
#define DT_CANCEL_H

/* fn(arg); if the thread is cancelled in it, cleanup(arg) runs during the unwinding. */
int dt_cancellable(int (*fn)(void *arg), void (*cleanup)(void *arg), void *arg);

#endif
