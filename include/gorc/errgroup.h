/* SPDX-License-Identifier: MIT
 *
 * Groups of goroutines that work on one task, as Go's golang.org/x/sync/errgroup: the first error
 * is the group's, and cancels its context.
 */
#ifndef GORC_ERRGROUP_H
#define GORC_ERRGROUP_H

#include <gorc/context.h>

GORC_BEGIN_DECLS

typedef struct gorc_group gorc_group;

/* A group. With ret_ctx, *ret_ctx is a child of `parent` that is cancelled by the first error, with
 * that as its cause, or when gorc_group_wait returns (E3); the caller frees it. Without, `parent`
 * is not used (E1). NULL with errno = ENOMEM when memory is out. gorc_group_wait frees the group.
 */
GORC_API gorc_group *gorc_group_new(gorc_ctx *parent, gorc_ctx **ret_ctx);

/* At most n goroutines of the group run at once; n < 0: any number, the start value; 0: none, so
 * every gorc_group_go blocks (E4). Misuse while goroutines of the group run. */
GORC_API void gorc_group_set_limit(gorc_group *g, int n);

/* Runs fn(arg) in a new goroutine; blocks while the limit is reached. fn returns 0 or the group's
 * error; the first one counts, later ones are dropped, other goroutines go on (E6). gorc_goexit in
 * fn counts as 0. Goroutines of the group may call this. What was done before happens before fn;
 * with a limit n the end of the k-th call happens before the start of the (k + n)-th. Prints one
 * line and aborts when memory is out. fn == NULL is a misuse. */
GORC_API void gorc_group_go(gorc_group *g, int (*fn)(void *arg), void *arg);
/* As gorc_group_go, but returns false when the limit is reached (E5). */
GORC_API bool gorc_group_try_go(gorc_group *g, int (*fn)(void *arg), void *arg);

/* Blocks until all goroutines of the group have ended, cancels the group's context, frees the
 * group, and returns the first error in time, 0 if there was none (E2). The end of each fn happens
 * before the return. To be called once. */
GORC_API int gorc_group_wait(gorc_group *g);

GORC_END_DECLS

#endif
