/* SPDX-License-Identifier: MIT
 *
 * What a reader outside the process (`gorc dump`, a debugger's script) needs to find every
 * goroutine: addresses and offsets of the library's own structures, exported as the data symbol
 * `gorc_tables` by both libraries. docs/tables.md tells how to walk them.
 *
 * The reader copies memory while the process runs. What makes that safe:
 *  - records of goroutines and workers are never unmapped (sched/stack.h), lists only grow;
 *  - a goroutine's `parks` counts its waits: when two looks find it blocked with the same count, it
 *    was blocked from the first to the second, and so its stack, its wait and what it holds did not
 *    change between them.
 *
 * A field is never reused for something else: a change of meaning is a new version. New fields go
 * to the end; a reader knows them by `size`.
 */
#ifndef GORC_LIB_TABLES_H
#define GORC_LIB_TABLES_H

#include <stdint.h>

#define GORC__TABLES_MAGIC "gorctab"
#define GORC__TABLES_VERSION 1u

/* Numbers in gorc__tables.kinds and in the table of reasons are those of enum gorc__object_kind;
 * states are those of enum gorc__g_state (lib/inspect.h). */
struct gorc__tables {
    char magic[8];
    uint32_t version;
    uint32_t size;     /* of this struct */
    uint32_t detector; /* 1: the race library; `created` fields are stack ids, not addresses */
    uint32_t g_size;

    /* addresses of variables */
    const void *started;     /* uint32_t: 0 until the runtime has started */
    const void *main_g;      /* pointer to main's record */
    const void *arenas;      /* pointer to the newest arena */
    const void *slot_size;   /* size_t: from one stack slot to the next */
    const void *all_large;   /* pointer to the first record of another stack size */
    const void *all_foreign; /* the same for threads that the library did not start */
    const void *all_ms;      /* pointer to the first worker */
    const void *coarse_now;  /* int64_t, ns on CLOCK_MONOTONIC: the clock of `since` */
    const void *names;       /* array of pointers to the first name of each bucket */
    const void *reasons;     /* array of {const char *text; uint32_t kind}, by `reason` */
    uint32_t n_names, n_reasons, reason_stride, reason_text, reason_kind;

    /* a stack slot's record is at slot + slot_size - (slot / slot_size % colours * colour_step) -
     * g_size */
    uint32_t colours, colour_step;
    uint32_t arena_older, arena_base, arena_used; /* used: how many slots ever held a goroutine */

    /* struct gorc__g */
    uint32_t g_sp, g_m, g_state, g_kind, g_timed, g_reason, g_parks, g_object, g_holder, g_since;
    uint32_t g_cases, g_n_cases, g_goid, g_parent, g_created, g_name, g_fn;
    uint32_t g_stack_lo, g_stack_hi, g_all_next;

    /* struct gorc__m */
    uint32_t m_g, m_tid, m_all_next;

    /* a name */
    uint32_t name_next, name_object, name_text;

    /* struct gorc_chan */
    uint32_t chan_count, chan_capacity, chan_state, chan_created, chan_closed_goid;
    uint32_t chan_last_sender, chan_last_receiver;
    /* gorc_case */
    uint32_t case_size, case_chan, case_kind;
    /* locks: uint32_t state of a gorc_rwmutex, and what one reader adds to it; uint32_t counter of
     * a gorc_waitgroup */
    uint32_t rwmutex_state, rwmutex_reader, waitgroup_counter;
    /* at g_sp of a goroutine that is not running: words words; the DWARF number of the register
     * that each holds (255: none of interest; the pc: 16 on x86_64, 30 on aarch64) */
    uint32_t switch_words;
    const uint8_t *switch_registers;
    const void *sysmon_tid; /* int32_t: the library's thread that is no worker */
    /* values of chan_state: closed; a timer's, whose time will come */
    uint32_t chan_is_closed, chan_is_timer;
};

extern __attribute__((visibility("default")))
const struct gorc__tables gorc_tables; /* lib/inspect/tables.c */

#endif
