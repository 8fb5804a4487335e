/* SPDX-License-Identifier: MIT
 *
 * A misuse as the production library prints it: the stack, and the places of the earlier operation
 * and of the object's creation.
 */
#include "base/misuse.h"

#include <stdlib.h>

#include "sched/park.h"

void gorc__misuse_raise(const struct gorc__misuse *m, const void *pc)
{
    uint64_t goid = gorc__g_id(gorc__self());
    if (gorc__hook_misuse(m, pc))
        return;
    if (!gorc__hook_active()) {
        const char *name = gorc__name_of(m->object);
        gorc__printf("gorc: %s", m->message);
        if (name)
            gorc__printf(" \"%s\"", name);
        if (goid)
            gorc__printf(" (goroutine %llu)\n", (unsigned long long)goid);
        else
            gorc__print(" (a thread of the program)\n");
        gorc__print_stack();
        if (m->earlier)
            gorc__print_place(
                m->earlier_role ? m->earlier_role : "earlier", m->earlier, m->earlier_goid);
        else if (m->earlier_goid && (m->used || m->original || m->is_original))
            gorc__printf("last locked by goroutine %llu\n", (unsigned long long)m->earlier_goid);
        if (m->object_created)
            gorc__print_place("object created by", m->object_created, 0);
    }
    abort();
}

void gorc__misuse_simple(const char *rule, const char *message, enum gorc__object_kind kind,
    const void *object, const void *pc)
{
    struct gorc__misuse m = {
        .rule = rule, .message = message, .object_kind = kind, .object = object};
    gorc__misuse_raise(&m, pc);
}
