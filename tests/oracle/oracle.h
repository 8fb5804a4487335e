/* SPDX-License-Identifier: MIT
 *
 * Random programs under the detector, compared with the naive model (hb.h) at every access.
 *
 * A program's tasks are goroutines on one worker, in some programs threads too. A turn says which
 * may act; passing it on orders nothing for the detector. All goes the way of a user's program: the
 * callbacks that compilers emit, interposed libc calls, the public functions of gorc. Only races
 * are taken at the core's end, before the report drops repetitions.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "hb.h"

enum op {
    OP_ACCESS,
    OP_RANGE,
    OP_ATOMIC,
    OP_FENCE,
    OP_LOCK,
    OP_UNLOCK,
    OP_SEND,
    OP_RECV,
    OP_CLOSE,
    OP_WAITGROUP,
    OP_ANNOTATE,
    OP_SPAWN,
    OP_END,
    OP_JOIN,
    OP_BLOCK,
    OP_FREED,
    OP_FRESH,
    OP_FRAMES,
    OP_SWEEP,
    OPS
};

enum { MAX_STEPS = 160, MAX_ALIVE = 8, REGION = AREA_BYTES, BLOCKS = AREAS - 1, BLOCK_MAX = 64 };

struct step {
    uint8_t task, op;
    bool off; /* taken out, to find the smallest program that fails */
    uint32_t a, b, c;
};

struct program {
    uint64_t seed;
    struct step step[MAX_STEPS];
    int n;
    bool has_threads;
    bool is_waited_for;   /* who makes the next program knows what was done in this one */
    bool is_strict;       /* plain stores that end merged release sequences are left out */
    unsigned frame_count; /* a function per step when 0 */
    unsigned hot;         /* bytes that most accesses go to */
    bool sweeps_often;    /* ids of the core are used again while tasks remember them */
    bool small_logs;      /* tables of reads that are nearly full at once */
};

struct totals {
    uint64_t programs, steps, accesses, races, told_before, late, lost, sweeps, threads;
};
extern struct totals totals;

/* How the program that runs has failed; empty: not. */
extern char failure[320];
extern bool be_verbose; /* tells every operation */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tell(int t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- run.c: tasks and turns --- */
void run_init(void);
void run_program(const struct program *p);
/* What was done in programs that nobody waited for is over. */
void run_learn_all(void);
extern const struct program *now;
extern int now_step;

/* --- accesses.c --- */
extern unsigned char *region;
void accesses_init(void);
void accesses_begin(void);
void accesses_end(void);
void task_met(int t); /* the calling task is t */
/* Around the operation that makes the access: the model looks, then says whether the races that
 * were told are those. */
void access_begin(struct access *a);
void access_end(struct access *a);
struct access access_of(int t, unsigned begin, unsigned size, bool write, bool atomic);
void do_access(int t, const struct step *s);
void do_range(int t, const struct step *s);
void do_block(int t, const struct step *s);
void do_freed(int t, const struct step *s);
void do_fresh(int t, const struct step *s);
void do_frames(int t, const struct step *s);
void do_sweep(int t, const struct step *s);
/* Something may have been allocated: freed memory is not looked at any more. */
void memory_moved(void);

/* --- atomics.c --- */
void do_atomic(int t, const struct step *s);
void do_fence(int t, const struct step *s);

/* --- objects.c: locks, channels, wait groups --- */
void objects_begin(void);
void objects_end(void);
void do_lock(int t, const struct step *s);
void do_unlock(int t, const struct step *s);
void unlock_all(int t);
void do_waitgroup(int t, const struct step *s);
void do_annotate(int t, const struct step *s);
/* May give the turn away and block: true. */
bool do_send(int t, const struct step *s);
bool do_recv(int t, const struct step *s);
void do_close(int t, const struct step *s);
/* Lets go on who waits for a channel, as t. False: nobody does. */
bool unblock_one(int t);

/* --- of run.c, for blocking operations --- */
bool may_block(int t);
void blocks(int t);  /* before the call: t is blocked, the turn goes on */
void goes_on(int t); /* t is not blocked any more */
bool is_thread(int t);

#endif
