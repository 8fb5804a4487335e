/* SPDX-License-Identifier: MIT
 *
 * See cancel.h. The only frame of the race library that libc's cancellation knows of.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "interpose/cancel.h"

int dt_cancellable(int (*fn)(void *arg), void (*cleanup)(void *arg), void *arg)
{
    int result;
    pthread_cleanup_push(cleanup, arg);
    result = fn(arg);
    pthread_cleanup_pop(0);
    return result;
}
