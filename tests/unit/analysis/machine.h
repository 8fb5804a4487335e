/* SPDX-License-Identifier: MIT
 *
 * A small machine that runs random programs of goroutines, channels, locks and wait groups over a
 * memory of its own, so that the truth is known: what refers to what, and who runs again later. A
 * goroutine can only act on what its variables refer to. Everything lies in one array of words at
 * made-up addresses, as the marking sees a process: globals, heap blocks (some of them freed, with
 * old pointers in them), stacks (with old pointers below sp).
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    M_TASKS = 16,
    M_VARS = 6, /* words of a stack in use */
    M_STACK = 16,
    M_BLOCKS = 96,
    M_FIELDS = 4,
    M_BUFFER = 2,
    M_BLOCK_WORDS = 10, /* room of each block in memory */
    M_GLOBALS = 3,
    M_WORDS = 4 + M_GLOBALS + M_BLOCKS * M_BLOCK_WORDS + M_TASKS * M_STACK,
};

#define M_BASE ((uintptr_t)0x7f3000000000)

enum m_kind { M_FREE, M_STRUCT, M_CHAN, M_MUTEX, M_WAITGROUP };

struct m_block {
    enum m_kind kind;
    int count; /* chan: values in the buffer; wait group: counter; mutex: 1 when locked */
    int cap;
    bool closed;
    int holder; /* of a mutex; -1 */
};

enum m_state { M_NONE, M_RUNS, M_BLOCKED };
enum m_op { M_SEND, M_RECV, M_LOCK, M_WAIT, M_SELECT };

struct m_task {
    enum m_state state;
    enum m_op op;
    int object[2]; /* blocks it waits for; select: two to receive from. -1: a nil channel */
    int n_objects;
    uintptr_t value; /* being sent: a variable */
    bool has_run;    /* since the caller cleared it */
};

struct machine {
    uint64_t seed;
    bool holder_unlocks; /* only who locked a mutex unlocks it */
    struct m_block blocks[M_BLOCKS];
    int n_blocks;
    struct m_task tasks[M_TASKS];
    uintptr_t words[M_WORDS];
};

uint64_t m_random(struct machine *m);
void m_start(struct machine *m, uint64_t seed);
/* One step of a task that can run; false: none can. */
bool m_step(struct machine *m);

uintptr_t m_address(size_t word);
uintptr_t m_block_address(int block);
size_t m_block_size(const struct machine *m, int block);
size_t m_stack_word(int task);
int m_block_of(uintptr_t address); /* -1: none */

#endif
