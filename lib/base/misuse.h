/* SPDX-License-Identifier: MIT
 *
 * Raising a misuse: an error of the program that Go would panic on (API.md, "Misuse").
 * Implemented in lib/sched/misuse.c: a report names the goroutine.
 */
#ifndef GORC_LIB_BASE_MISUSE_H
#define GORC_LIB_BASE_MISUSE_H

#include "base/stderr.h"
#include "hooks.h"

/* Reports `m`, called from the public function that returns to `pc`. Aborts, or returns when the
 * detector runs with on_misuse=continue: then the operation must have no effect and return. Call it
 * without any lock held. */
void gorc__misuse_raise(const struct gorc__misuse *m, const void *pc);

/* The common case: no earlier operation is known. */
void gorc__misuse_simple(const char *rule, const char *message, enum gorc__object_kind kind,
    const void *object, const void *pc);

/* Plain build: prints the calling stack, and a place, to stderr. Race build: nothing. */
void gorc__print_stack(void);
/* The stack that a signal interrupted, its nearest frames; `context` is the handler's third
 * argument. */
void gorc__print_context(const void *context);
struct gorc__inspect_g;
/* A goroutine that is not running, with its stack; `note`, or NULL, ends the first line. */
void gorc__print_goroutine(const struct gorc__inspect_g *g, const char *note);
/* Equal for equal stacks, but for the innermost frame, which is the scheduler's; the same for all
 * where stacks cannot be read. */
uint64_t gorc__stack_hash(const struct gorc__inspect_g *g);
void gorc__print_place(const char *role, gorc__place place, uint64_t goid);

static inline const void *gorc__called_from(const void *pc)
{
    gorc__hook_caller(pc);
    return pc;
}

/* In a public function: where it was called. */
#define GORC__PC() gorc__called_from(__builtin_extract_return_addr(__builtin_return_address(0)))

#endif
