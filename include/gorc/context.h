/* SPDX-License-Identifier: MIT
 *
 * Contexts: cancellation, deadlines and values for a tree of work, as Go's package context.
 *
 * A context is made from a parent and cancelled with it. Its err is 0 until it is cancelled, then
 * -ECANCELED or -ETIMEDOUT, and does not change any more. What was done before the cancellation
 * happens before whoever sees it: a receive from the done channel, a gorc_ctx_err or gorc_ctx_cause
 * that is not 0, the function of gorc_ctx_after_func.
 *
 * Ownership: whoever makes a context frees it, once, when nobody uses it any more. A child keeps
 * what it needs of its parent. Constructors return NULL with errno = ENOMEM when memory is out. A
 * NULL context or key is a misuse.
 *
 * Where Go has cancel functions, the context itself is passed: gorc_ctx_cancel(ctx) cancels what
 * the constructor made, never its parent.
 */
#ifndef GORC_CONTEXT_H
#define GORC_CONTEXT_H

#include <gorc/chan.h>
#include <gorc/go.h>

GORC_BEGIN_DECLS

typedef struct gorc_ctx gorc_ctx;
typedef struct gorc_ctx_stop gorc_ctx_stop;

/* --- making --- */

/* The root: never cancelled, no deadline, no values (X1). Needs no free. */
GORC_API gorc_ctx *gorc_ctx_background(void);

/* Cancelled by gorc_ctx_cancel or gorc_ctx_cancel_cause, by gorc_ctx_free, or with its parent; at
 * once when the parent is cancelled already (X5, X6). */
GORC_API gorc_ctx *gorc_ctx_with_cancel(gorc_ctx *parent);

/* The same, and cancelled with -ETIMEDOUT at `deadline` on gorc_now()'s clock; at once when that is
 * past. A later deadline than the parent's has no effect (X7). */
GORC_API gorc_ctx *gorc_ctx_with_deadline(gorc_ctx *parent, int64_t deadline);
/* gorc_ctx_with_deadline(parent, gorc_now() + ns). */
GORC_API gorc_ctx *gorc_ctx_with_timeout(gorc_ctx *parent, int64_t ns);
/* The same; when the time passes, gorc_ctx_cause is `cause` (0: -ETIMEDOUT) (X14). */
GORC_API gorc_ctx *gorc_ctx_with_deadline_cause(gorc_ctx *parent, int64_t deadline, int cause);
GORC_API gorc_ctx *gorc_ctx_with_timeout_cause(gorc_ctx *parent, int64_t ns, int cause);

/* The parent with a value for `key`, which is compared as a pointer: take the address of a static
 * object of your own (X10). The value is not owned by the context. It has no cancellation of its
 * own: gorc_ctx_cancel does nothing to it. */
GORC_API gorc_ctx *gorc_ctx_with_value(gorc_ctx *parent, const void *key, void *value);

/* The parent's values without its cancellation and deadline (X15). */
GORC_API gorc_ctx *gorc_ctx_without_cancel(gorc_ctx *parent);

/* As gorc_ctx_with_cancel, and cancelled when the process gets one of the n signals (Go's
 * signal.NotifyContext): err is -ECANCELED, cause the signal's number, which is positive. The
 * signals are caught, for all contexts that ask for them, until each of these has been cancelled by
 * gorc_ctx_cancel or freed; then the disposition from before the first is back, unless the program
 * has set another one. So cancel it as soon as it has fired if a second Ctrl-C is to end the
 * process. NULL with errno = EINVAL for a number that is no signal, that cannot be caught, or that
 * stands for a fault (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS); EAGAIN when no thread can
 * be made. A forked child starts with the dispositions from before. */
GORC_API gorc_ctx *gorc_ctx_with_signal(gorc_ctx *parent, const int *signals, size_t n);

/* --- cancelling --- */

/* Cancels ctx and all that descends from it, before it returns; later calls change nothing (X4,
 * X5). Does not wait for the work that stops. */
GORC_API void gorc_ctx_cancel(gorc_ctx *ctx);
/* The same; gorc_ctx_cause is `err` then (0: -ECANCELED). The first cause stays (X12). */
GORC_API void gorc_ctx_cancel_cause(gorc_ctx *ctx, int err);

/* The gorc_fn form of gorc_ctx_cancel, for gorc_defer. */
GORC_API void gorc_ctx_cancel_fn(void *ctx);
#define gorc_defer_cancel(ctx) gorc_defer(gorc_ctx_cancel_fn, (void *)(ctx))

/* Cancels ctx and drops the caller's reference. NULL and the background context are allowed. */
GORC_API void gorc_ctx_free(gorc_ctx *ctx);

/* --- asking; any goroutine, at any time. None blocks. --- */

/* Closed on cancellation; for receives and selects. The same channel on each call, owned by ctx;
 * NULL (a channel that is never ready) when ctx can never be cancelled (X1, X3). It is made by the
 * first call: NULL with errno = ENOMEM when memory is out, errno untouched otherwise. */
GORC_API gorc_chan *gorc_ctx_done(gorc_ctx *ctx);
/* 0, -ECANCELED or -ETIMEDOUT. One atomic load while it is 0. */
GORC_API int gorc_ctx_err(gorc_ctx *ctx);
/* Why: 0 while not cancelled, then what the first cancellation gave, or err (X13). */
GORC_API int gorc_ctx_cause(gorc_ctx *ctx);
/* The value of the nearest ancestor that has one for key; NULL: none. Takes no lock. */
GORC_API void *gorc_ctx_value(gorc_ctx *ctx, const void *key);
/* True when ctx has a deadline, its own or an ancestor's; *ret_deadline is the earliest. */
GORC_API bool gorc_ctx_deadline(gorc_ctx *ctx, int64_t *ret_deadline);

/* --- calling a function on cancellation (X16) --- */

/* Runs fn(arg) in a goroutine of its own once ctx is cancelled, at once if it is. The result has to
 * be given to gorc_ctx_stop_func, once, at any time. What was done before this call happens before
 * fn. Prints one line and aborts when memory is out at the cancellation. */
GORC_API gorc_ctx_stop *gorc_ctx_after_func(gorc_ctx *ctx, gorc_fn fn, void *arg);
/* True: fn will not run. False: it has been started; this does not wait for it. Frees s. */
GORC_API bool gorc_ctx_stop_func(gorc_ctx_stop *s);

GORC_END_DECLS

#endif
