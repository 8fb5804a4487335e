/* SPDX-License-Identifier: MIT
 *
 * Functions that run at exit: registering one happens before it runs, whoever calls exit(). atexit
 * and the destructors of C++ objects come here as __cxa_atexit.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "base/dalloc.h"
#include "core/sync.h"
#include "interpose/exit_handlers.h"
#include "interpose/interpose.h"
#include "runtime/runtime.h"

int __cxa_atexit(void (*fn)(void *arg), void *arg, void *object);
int __cxa_at_quick_exit(void (*fn)(void *arg), void *object);

struct handler {
    union {
        void (*fn)(void *arg);
        void (*fn_status)(int status, void *arg);
    };
    void *arg;
};

static struct handler *handler_new(struct dt_task *t, void *arg)
{
    dt_begin(t);
    struct handler *h = dt_alloc(sizeof *h);
    h->arg = arg;
    dt_release(t, h);
    dt_finish(t);
    return h;
}

/* Gives what it held; the record is no more. */
static struct handler take(void *arg)
{
    struct handler *h = arg, copy = *h;
    struct dt_task *t = dt_enter();
    if (t) {
        dt_begin(t);
        dt_acquire(t, h);
        dt_sync_forget(h, sizeof *h);
        dt_free(h, sizeof *h);
        dt_finish(t);
    }
    return copy;
}

static void run(void *arg)
{
    struct handler h = take(arg);
    h.fn(h.arg);
}

static void run_with_status(int status, void *arg)
{
    struct handler h = take(arg);
    h.fn_status(status, h.arg);
}

DT_INTERPOSE(int, __cxa_atexit, (void (*fn)(void *arg), void *arg, void *object))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return __cxa_atexit(fn, arg, object);
    struct handler *h = handler_new(t, arg);
    h->fn = fn;
    return __cxa_atexit(run, h, object);
}

DT_INTERPOSE(int, on_exit, (void (*fn)(int status, void *arg), void *arg))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return on_exit(fn, arg);
    struct handler *h = handler_new(t, arg);
    h->fn_status = fn;
    return on_exit(run_with_status, h);
}

/* They get no argument: one key for all of them. */
static void (*const quick_key)(void *);

DT_INTERPOSE(int, __cxa_at_quick_exit, (void (*fn)(void *arg), void *object))
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_release(t, &quick_key);
    return __cxa_at_quick_exit(fn, object);
}

void dt_quick_exit_begins(void)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_acquire(t, &quick_key);
}
