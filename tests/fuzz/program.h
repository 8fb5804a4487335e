/* SPDX-License-Identifier: MIT
 *
 * A random program over channels and a context, read from bytes, and what a run of it gave.
 * Shared by the runner (fuzz_ops.c), which runs it on gorc, and the model (model.c), which says
 * whether a run may end like that.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MAX_TASKS = 4,
    MAX_OPS = 6,
    MAX_CASES = 3,
    CHANS = 3, /* channel number CHANS is the context's */
    MAX_CAP = 2,
};

enum action { SEND, RECV, CLOSE, CANCEL };

struct step {
    uint8_t action;
    uint8_t chan;
    uint8_t value; /* of a SEND: unlike all others */
};

/* An operation: one step, or a select of several. */
struct op {
    uint8_t n; /* steps; more than one or `is_select`: a select */
    bool is_select;
    bool blocking; /* else the try form, or a select with a default clause */
    struct step steps[MAX_CASES];
};

struct program {
    uint8_t tasks;
    uint8_t cap[CHANS + 1];
    uint8_t nops[MAX_TASKS];
    struct op ops[MAX_TASKS][MAX_OPS];
};

enum outcome { DONE = 1, MISUSE, CLOSED, WOULD_BLOCK, VALUE = 64 /* + the value received */ };

struct result {
    uint8_t outcome;
    uint8_t chosen; /* of a select */
};

struct run {
    uint8_t ended[MAX_TASKS]; /* operations that have ended; fewer than nops: blocked in the next */
    struct result results[MAX_TASKS][MAX_OPS];
};

void program_read(struct program *p, const uint8_t *data, unsigned size);
void program_print(const struct program *p, const struct run *r);

enum verdict { ALLOWED, FORBIDDEN, TOO_LARGE };
enum verdict model_allows(const struct program *p, const struct run *r);

#endif
