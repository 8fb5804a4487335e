/* SPDX-License-Identifier: MIT
 *
 * Who used an object before, for reports of misuse: where it was taken last and given up last, or
 * first used. An interned stack and a task's uid each, in the object's record (core/sync.h).
 */
#ifndef DT_EARLIER_H
#define DT_EARLIER_H

#include "core/sync.h"
#include "core/task.h"

struct dt_finding;

/* Where the running task's call of the program's is. Inside the core, with no object locked. */
static inline dt_stackid dt_earlier_here(struct dt_task *me)
{
    return me->caller ? dt_task_place(me, me->caller) : 0;
}

struct dt_uses {
    dt_stackid locked, left, created; /* 0: unknown, or never */
    uint32_t locked_uid, left_uid, created_uid;
    bool is_free;  /* a pthread lock: nobody has it */
    char name[24]; /* "": none */
};
/* With s locked. */
void dt_uses_read(const struct dt_sync *s, struct dt_uses *ret);
/* False: nothing is known of it. */
bool dt_uses_of(const void *object, struct dt_uses *ret);

/* The earlier operations of one finding, with copies of whose they are: to be kept until the
 * finding was added. */
enum { DT_MAX_EARLIER = 5 };
struct dt_earlier {
    struct dt_task_info tasks[DT_MAX_EARLIER];
    unsigned n;
};
/* Appends a stack of the task `uid` to f; nothing when it is 0. */
void dt_earlier_add(struct dt_earlier *e, struct dt_finding *f, const char *role, dt_stackid stack,
    uint32_t uid, const char *note);
/* And, at the end, where those tasks were created. */
void dt_earlier_creations(const struct dt_earlier *e, struct dt_finding *f);

#endif
