/* SPDX-License-Identifier: MIT
 *
 * A finding is plain data. Whoever notices something fills one in and calls dt_finding_add, which
 * drops repetitions, writes it to the run's raw record at once (docs/raw-record.md), calls the
 * program's report hook and counts it for the exit status. Symbols, text and JSON are made later,
 * outside the target, by `gorc`.
 */
#ifndef DT_FINDING_H
#define DT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stack.h"
#include "core/task.h"

enum dt_certainty { DT_SUSPECT, DT_LIKELY, DT_PROVEN, DT_CERTAIN };

enum { DT_MAX_FRAMES = 256, DT_MAX_STACKS = 32, DT_MAX_ANCESTORS = 8 };

/* A lock that a task held when it was in a stack. */
struct dt_finding_lock {
    const void *lock;
    dt_stackid where, created; /* it was taken, and made; 0: unknown */
    bool shared;               /* for reading */
    char name[24];             /* gorc_set_name's; "": none */
};

struct dt_finding_stack {
    const char *role; /* "write", "earlier read", "blocked", "closed by", "created by" ... */
    /* Whose stack. For "created by" stacks: the creator. NULL: unknown. */
    const struct dt_task_info *task;
    /* Either an interned stack, or explicit return addresses, innermost first. */
    dt_stackid id;
    const uintptr_t *pcs;
    size_t npcs;
    const char *note; /* "atomic", wait reason ...; NULL: none */
    /* The locks held; NULL: nothing is said of locks. Those that did not fit are in nheld only. */
    const struct dt_finding_lock *locks;
    size_t nlocks, nheld;
    const struct dt_task_info *child; /* "created by" stacks: whom it created; else NULL */
};

struct dt_finding_object {
    const char *kind; /* "chan", "mutex", "heap block", "global", "stack", ...; NULL: none */
    const char *name; /* gorc_set_name's, or NULL */
    uintptr_t addr;
    size_t size;                     /* 0: unknown */
    const struct dt_task_info *task; /* whose stack or thread-local memory; NULL: nobody's */
    /* Of a stack: which call's frame the accessed address is in, a place in its function as a
     * return address, and its canonical frame address. Of thread-local memory: an address in the
     * object that it belongs to, and where in its segment it is. 0: not known. */
    uintptr_t frame_pc, cfa, tls_object, tls_offset;
};

struct dt_finding_access {
    uintptr_t addr;
    size_t size;
};

/* A synchronisation of a side of a race, around its access. */
struct dt_finding_sync {
    const char *when; /* "before" the access: the last one; "after" it: the first release;
                       * "none": since its start the task has not synchronised before it */
    unsigned access;  /* which of the stacks */
    const char *how;  /* "acquire" or "release" */
    uintptr_t pcs[2]; /* return addresses of the call and of its function's; 0: not known */
    uintptr_t object; /* what was acquired or released; 0: a task */
    char name[24];    /* gorc_set_name's */
};

enum { DT_MAX_SYNCS = 4 };

struct dt_finding {
    const char *kind;  /* API.md's "kinds and words": "data-race", "goroutine-leak", "misuse" ... */
    const char *rule;  /* "data-race", "heap-use-after-free", "double-close" ... */
    const char *words; /* first line's words: "data race", "close of closed channel" */
    enum dt_certainty certainty;
    const char *message; /* one sentence, or NULL */
    struct dt_finding_object object;
    struct dt_finding_stack stacks[DT_MAX_STACKS];
    size_t nstacks;
    /* Races: what the first and the second stack accessed; size 0: not an access. */
    struct dt_finding_access access[2];
    /* Races: of what the second stack's task published the first one's has heard nothing, or what
     * was `behind` epochs before. */
    bool has_knowledge, heard;
    uint32_t behind;
    struct dt_finding_sync syncs[DT_MAX_SYNCS];
    size_t nsyncs;
    size_t left_out; /* stacks that did not fit; recorded */
    bool counts;     /* for the exit status, at the level and end of this run (API.md) */
};

/* Appends a stack; more than DT_MAX_STACKS are only counted (left_out). */
void dt_finding_stack(struct dt_finding *f, const char *role, const struct dt_task_info *task,
    dt_stackid id, const char *note);
void dt_finding_pcs(struct dt_finding *f, const char *role, const struct dt_task_info *task,
    const uintptr_t *pcs, size_t npcs, const char *note);
/* Appends where `task` and its nearest ancestors were created, as "created by" stacks. Those that
 * the finding has already (a common ancestor) are not repeated. NULL and main: nothing. */
void dt_finding_creation(struct dt_finding *f, const struct dt_task_info *task);

/* Returns false when there are max_findings, or when the same finding (kind, rule, module offsets
 * of its stacks, creations apart, whatever their order) was there before; it is then only counted.
 * Calls the program's report hook: no lock may be held. With halt_on_error it does not return.
 * Async-signal-safe but for the hook.
 */
bool dt_finding_add(const struct dt_finding *f);
/* False: the calling thread may have been interrupted while it added one. For signal handlers that
 * are about to. */
bool dt_finding_possible(void);
/* So far; for the summary and the exit status. */
unsigned dt_findings_counting(void);
unsigned dt_findings_total(void);
/* Beyond max_findings. */
unsigned dt_findings_not_recorded(void);

/* Ends the run at the first finding that counts (halt_on_error); set by runtime/, does not return.
 * NULL: the record is printed and the process ends with the exit status for findings. */
extern void (*dt_on_halt)(void);
/* What runtime/ knows of an address that is neither a heap block nor in a module: the stack of a
 * thread or goroutine. Fills kind, addr and size in; false: unknown. May be NULL. */
extern bool (*dt_describe_address)(uintptr_t addr, struct dt_finding_object *ret_object);
/* What a library has said of the object at `addr` (its kind's name), or NULL; lives on. May be
 * NULL.
 */
extern const char *(*dt_describe_external)(uintptr_t addr);
/* The system's number of a task's thread, 0: none or unknown. False: it has ended. May be NULL. */
extern bool (*dt_describe_task)(const struct dt_task_info *task, int *ret_tid);

/* Called for each new finding when it has been recorded, with no lock held; set by abi/. */
extern void (*dt_finding_hook)(const struct dt_finding *f, uint32_t number);
/* Return addresses of a stack, innermost first, without the library's frames below a goroutine's
 * function. `ret_pcs` has room for DT_MAX_FRAMES. */
size_t dt_finding_stack_pcs(const struct dt_finding_stack *s, uintptr_t *ret_pcs);
const char *dt_certainty_word(enum dt_certainty c);

/* Sets dt_on_race. */
void dt_race_init(void);

/* "main", "g7", "t3"; at most 24 bytes. */
void dt_task_label(const struct dt_task_info *task, char ret_label[24]);

#endif
