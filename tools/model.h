/* SPDX-License-Identifier: MIT
 *
 * A run as data: what the raw records say, with symbols. Read from raw records (record_read.c) or
 * from a JSON record (json_read.c), printed as text, JSON and a summary line from nothing else.
 * Everything lives until the command ends.
 */
#ifndef TOOLS_MODEL_H
#define TOOLS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module {
    char *path, *build_id; /* build_id may be NULL */
    uint64_t base, lo, hi; /* load bias and bounds */
};

struct raw_frame {
    int module; /* -1: offset is an address */
    uint64_t offset;
};

/* One function call; inlined calls have frames of their own, with the same module and offset. */
struct frame {
    char *function, *file; /* NULL: unknown */
    int line;              /* 0: unknown */
    char *module;
    uint64_t offset;
    bool inlined;
    char *calls;    /* innermost frames: the other object's function that is called; may be NULL */
    char *comp_dir; /* for the fingerprint; NULL: unknown */
    int decl_line;  /* of the function; 0: unknown */
};

/* A lock that the task held. */
struct lock {
    char *name; /* NULL: none */
    uint64_t addr;
    bool shared;                   /* for reading */
    struct stack *where, *created; /* created: NULL: unknown */
};

struct stack {
    char *role, *task, *name, *of, *note;
    /* Of `of`: its name, its thread's number in the system (0: unknown), whether it had ended. */
    char *name_of;
    int tid;
    bool ended;
    uint64_t addr, size; /* the access; size 0: none */
    struct raw_frame *raw;
    size_t nraw;
    struct frame *frames;
    size_t nframes;
    bool knows_locks;
    struct lock *locks; /* held, in the order taken */
    size_t nlocks;
    uint64_t held; /* with those that are not in locks */
};

struct object {
    char *kind, *name; /* kind NULL: no object */
    uint64_t addr, size;
    int module; /* -1: none */
    uint64_t offset;
    /* Of a stack: a place in the function whose frame it is in, and its frame address; of
     * thread-local memory: where in which object's segment. Module -1: not known. */
    struct raw_frame frame, tls;
    uint64_t cfa;
    char *file; /* where a variable is declared */
    int line;
    char *type;             /* of what `name` names, or that a block probably has; NULL: unknown */
    char *member;           /* of a block with a type: which part; NULL: unknown */
    char *task;             /* whose stack or thread-local memory it is */
    char *variable;         /* the whole variable that holds the address, its size, and where */
    uint64_t variable_size; /* in it the address is */
    uint64_t variable_at;
};

/* What a side of a race synchronised around its access. */
struct sync {
    char *when;       /* "before": the last one; "after": the first release; "none": none since the
                       * task was started */
    size_t access;    /* which of the finding's stacks */
    char *how, *name; /* "acquire", "release"; the object's name. NULL: not known */
    uint64_t addr;    /* of the object; 0: a task */
    struct stack where;
};

struct lock_count {
    uint64_t lock, held;
};

struct finding {
    uint64_t number;
    char *kind, *rule, *words, *certainty, *message;
    char fingerprint[17];
    bool counts;
    bool known; /* in the baseline */
    /* Races: how many epochs before the earlier access ended what the first task had heard of the
     * second; 0: it had heard nothing; -1: not known. */
    int64_t behind;
    struct sync *syncs;
    size_t nsyncs;
    /* Races: of the `places` that this run's reports show for the object, `held_at` hold this lock,
     * and of `accesses` that were seen (0: not known) `held`. NULL: no lock is usual. */
    char *usual_lock;
    uint64_t held_at, places, held, accesses;
    bool sampled;                   /* these two are estimates */
    bool exception[2];              /* the first two stacks do not hold it */
    struct lock_count *lock_counts; /* what the record tells of this race's memory */
    size_t nlock_counts;
    uint64_t count;    /* times it was seen */
    uint64_t variants; /* different stacks with this fingerprint; the first one is shown */
    uint64_t left_out;
    struct object object;
    struct stack *stacks;
    size_t nstacks;
};

struct dump_task {
    char *kind, *name, *state, *reason, *wait;
    uint64_t id;
    int64_t waited_ns; /* -1: unknown */
    bool at_least;     /* it has waited for longer */
    char *created;     /* "main at server.c:95"; NULL: unknown */
    int tid;
    struct stack stack;
};

struct process {
    int pid, ppid;
    char *program, *cwd;
    char **argv;
    size_t argc;
    int64_t started; /* ns since 1970 */
    struct module *modules;
    size_t nmodules;
    struct finding *findings;
    size_t nfindings;
    struct dump_task *dump;
    size_t ndump;
    bool has_dump, has_summary, by_signal;
    uint64_t findings_not_recorded; /* beyond what the program records */
    uint64_t goroutines, threads, reads_not_remembered, dropped_in_signal, lock_orders_not_compared;
    char *accesses; /* "yes", "partly", "no" */
    size_t broken_lines;
    uint64_t asked;             /* the number of a finding; 0: none */
    bool asked_is_hidden;       /* it was suppressed */
    uint64_t suppressed, known; /* findings taken out; findings of the baseline */
    char *suppressions;         /* rules that the program brings along; NULL: none */
};

struct run {
    struct process *processes; /* the first is the program itself */
    size_t n;
};

/* What a run's processes amount to. */
struct kind_count {
    const char *words;
    uint64_t n;
};
struct totals {
    uint64_t suppressed, known;
    uint64_t findings, counting, goroutines, threads;
    uint64_t findings_not_recorded, reads_not_remembered, dropped_in_signal,
        lock_orders_not_compared;
    const char *accesses;
    struct kind_count *kinds;
    size_t nkinds;
    bool incomplete; /* a process without its summary */
};

/* record_read.c. A process's successive programs (exec) are one. Broken lines are skipped and
 * counted. Returns false when nothing can be read; errno tells. */
bool read_raw_fd(struct run *run, int fd);
bool read_raw_directory(struct run *run, const char *dir, int main_pid);

/* json_read.c: NULL, or what is wrong with it. */
const char *read_json_record(struct run *run, const char *path);

/* symbolize.c: fills the frames of all stacks and the objects in. */
void symbolize(struct process *p);
/* One stack of its. */
void symbolize_stack(const struct process *p, struct stack *s);

/* fingerprint.c: sets them; makes one of findings that have the same. */
void fingerprint(struct process *p);
void join_same(struct process *p);

/* discipline.c: sets usual_lock. With symbols, before findings are joined. */
void discipline(struct process *p);

/* summary.c */
void totals_of(const struct run *run, struct totals *ret_totals);
char *summary_line(const struct run *run);

/* The word for the level is at least `least`. */
bool certainty_at_least(const char *certainty, const char *least);

/* print_text.c, to a stream; colour is escape sequences. */
struct text_options {
    bool colour;
};
#include <stdio.h>
void print_findings(FILE *f, const struct run *run, const struct text_options *o);
void print_dump(FILE *f, const struct run *run, const struct text_options *o);
/* print_tsan.c: in the words of the compilers' race runtime, for scripts that look for them. */
void print_findings_tsan(FILE *f, const struct run *run);
bool want_colour(FILE *f);

/* print_json.c: 0 or an errno value. The first process's record is PATH, those of the others
 * PATH.PID. */
int write_json(const struct run *run, const char *path);

/* source.c: the text of a line without blanks at its ends; NULL: not readable. Belongs to the
 * cache. */
const char *source_line(const char *file, int line);

#endif
