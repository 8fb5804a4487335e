/* SPDX-License-Identifier: MIT
 *
 * A process looked at from outside: its modules, its memory, its threads. Nothing is written into
 * it and it runs no code for us. Memory is read while it runs; a thread is stopped only for as long
 * as its registers and its stack are copied.
 */
#ifndef TOOLS_LIVE_H
#define TOOLS_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cfi.h"
#include "model.h"

struct mapping {
    uint64_t lo, hi;
    bool readable;
};

struct live {
    int pid;
    struct process *process; /* modules, program, argv: filled in */
    struct mapping *maps;
    size_t nmaps;
};

/* False: not there, or not ours to look at; *ret_why is one line. */
bool live_open(struct live *l, int pid, struct process *p, const char **ret_why);

/* Copies memory; all of it or nothing. */
bool live_read(const struct live *l, uint64_t addr, void *to, size_t n);
/* A string of at most 255 bytes; NULL: not readable. */
char *live_string(const struct live *l, uint64_t addr);
/* The end of the readable mapping that holds addr; 0: none. */
uint64_t live_mapping_end(const struct live *l, uint64_t addr);

/* Many pieces with few calls; each tells whether it could be read. */
struct piece {
    uint64_t addr;
    void *to;
    size_t n;
    bool ok;
};
void live_read_many(const struct live *l, struct piece *pieces, size_t n);

/* --- threads (live_threads.c) --- */

enum { THREAD_ARGS = 6 };

struct thread {
    int tid, ns_tid; /* ns_tid: as the process itself numbers it */
    char *name;
    char state;        /* of /proc: R S D T ... */
    uint64_t switches; /* how often it has given up its processor */
    bool in_syscall;   /* then number, args, sp and pc are valid */
    int64_t syscall;
    uint64_t args[THREAD_ARGS], sp, pc;
    bool still;            /* both looks saw it in the same system call, and nothing in between */
    int64_t still_ns;      /* for how long at least */
    struct registers regs; /* known == 0: none */
    struct memory stack;
};

struct threads {
    struct thread *at;
    size_t n;
    int64_t first_look; /* now_ns() */
    int64_t stopped_ns; /* all stops together */
    int64_t longest_stop_ns;
};

/* The first look: who is there and in which system call. */
void threads_look(const struct live *l, struct threads *ts);
/* The second: what has not moved since. */
void threads_look_again(const struct live *l, struct threads *ts);
/* Registers and stacks. A thread in a system call that a stop would interrupt with EINTR is not
 * stopped: what the kernel tells of it is enough to unwind it. NULL, or why no thread could be
 * stopped. */
const char *threads_copy(const struct live *l, struct threads *ts);

#endif
