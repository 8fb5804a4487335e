/* SPDX-License-Identifier: MIT
 *
 * What memory still refers to: conservative marking, as leak sanitizers do it, iterated over
 * blocked tasks as Go's goroutine-leak profile does (Saioc et al., "Dynamic partial deadlock
 * detection and recovery via garbage collection", 2025). A blocked task is dead, its stack no root,
 * until something live refers to what it waits for; then it is live and its stack becomes a root.
 * What is dead at the end can never run again, if only it is woken through a reference: that is
 * level "proven".
 *
 * Pure: memory is read through a callback, heap blocks are looked up in a block map, tasks and
 * roots are plain arrays. Every word of live memory counts as a pointer, to the inside of a block
 * too, whatever its upper 17 bits hold (tags).
 *
 *  - What lies in a heap block is reached when the block is.
 *  - What lies in a task's stack is reached when the task is live, or when live memory points
 *    anywhere into that stack from sp on (it is then scanned like a block): below is nothing.
 *  - What lies anywhere else (data of a module, a pool, a foreign allocator) is always reached.
 *  - No object (a nil channel): never reached.
 *
 * Where only the holders of a lock give it up, who waits for it lives only if they all do, whoever
 * else refers to the lock (`holders`).
 */
#ifndef AN_MARKING_H
#define AN_MARKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "an_memory.h"
#include "blockmap.h"

struct an_mark_task {
    bool live; /* in: runs, may run, or somebody outside wakes it. Out: the same, or reached */
    bool is_stack_reached;
    uintptr_t stack_lo, sp, stack_hi; /* scanned from sp once live; all 0: none */
    uintptr_t slot_hi;                /* from stack_hi to here nothing is scanned */
    /* Who has the address of a task's record (in between) in its words, or in this part of its
     * stack, may be about to wake it. */
    uintptr_t record, wake_lo, wake_hi;
    const uintptr_t *words; /* registers, argument: scanned once live */
    uint32_t n_words;
    uint32_t first_object, n_objects; /* in an_marking.objects: reaching any makes it live */
    uint32_t first_holder, n_holders; /* in an_marking.holders: if these are live, too */
};

struct an_marking {
    const struct an_memory *memory;
    struct an_blockmap *blocks; /* sealed; those that are not held are no roots, nor scanned */
    /* Memory at addr, at most `size` bytes; *ret_size < size: the rest cannot be read. */
    const void *(*read)(void *arg, uintptr_t addr, size_t size, size_t *ret_size);
    void *arg;
    struct an_mark_task *tasks;
    uint32_t n_tasks;
    const uintptr_t *objects; /* addresses; 0: nothing can reach it */
    uint32_t n_objects;
    const uint32_t *holders;      /* tasks */
    uint32_t n_holders;           /* 0: an object is all it takes */
    const struct an_range *roots; /* heap blocks and stacks in them are left out */
    uint32_t n_roots;
    unsigned stride; /* pointers are looked for at multiples of this: 8, or less */

    /* While `read` is asked for memory that is neither a block nor a task's stack from sp on: it
     * may have holes. */
    bool is_root;

    /* Results. */
    bool is_incomplete;              /* something could not be read, or memory was out */
    uint64_t n_marked, bytes_marked; /* blocks */
    struct an_mark_state *state;
};

/* Marks everything that is live. False: memory is out, and nothing may be concluded. */
bool an_mark(struct an_marking *m);

/* Was the object number `i` (an_marking.objects) reached? After an_mark. */
bool an_mark_reached(const struct an_marking *m, uint32_t object);

/* Marks what a dead task refers to besides and returns how many blocks and bytes that adds: what it
 * keeps alive alone, or together with those that were asked for later. */
void an_mark_own(struct an_marking *m, uint32_t task, uint64_t *ret_blocks, uint64_t *ret_bytes);

/* Calls found(arg, object) for each object, not reached by anything live, that a dead task refers
 * to; an object may come more than once. Marks nothing. Gives up when more than *budget bytes would
 * be scanned, from which it takes what was; false: gave up, or memory is out. */
bool an_mark_refers(struct an_marking *m, uint32_t task, void (*found)(void *arg, uint32_t object),
    void *arg, uint64_t *budget);

#endif
