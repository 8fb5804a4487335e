/* SPDX-License-Identifier: MIT
 *
 * Misuse and fatal errors. In the production library this is the only code that prints. It uses
 * write(2) on stderr, no stdio: the program may be in any state.
 */
#include "base/misuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched/park.h"

void gorc__print(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = write(STDERR_FILENO, text, left);
        if (n <= 0)
            return;
        text += n;
        left -= (size_t)n;
    }
}

void gorc__printf(const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    gorc__print(line);
}

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

void gorc__fatal(const char *message)
{
    gorc__printf("gorc: fatal: %s\n", message);
    abort();
}
