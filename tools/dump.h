/* SPDX-License-Identifier: MIT
 *
 * A dump in the making: what was read of a live process, and the deadlocks in it.
 */
#ifndef TOOLS_DUMP_H
#define TOOLS_DUMP_H

#include "goroutines.h"
#include "live.h"
#include "model.h"
#include "thread_wait.h"

enum { NOBODY = -1 };

/* A goroutine, or a thread that runs none: somebody who may wait for somebody else. */
struct task {
    const struct goroutine *g; /* NULL: a thread */
    const struct thread *t;    /* the thread that runs it; NULL: none */
    struct thread_wait wait;   /* of the thread, when there is one */
    size_t shown;              /* index in process.dump */
    bool idle_worker;          /* a thread of the library's own: not shown */
};

struct dump {
    struct live live;
    struct process *process;
    struct goroutines goroutines;
    struct threads threads;
    struct task *tasks;
    size_t ntasks;
    size_t library; /* the module that libgorc is in */
};

/* dump_tasks.c: joins goroutines and threads, unwinds, and describes each for the reader. */
void dump_tasks(struct dump *d);
/* "g15", "main", "t3112" */
char *task_label(const struct dump *d, const struct task *t);
/* The waited-for object's address; 0: none. */
uint64_t task_object(const struct task *t);

/* dump_stuck.c: adds a finding for each deadlock. */
void dump_deadlocks(struct dump *d);

#endif
