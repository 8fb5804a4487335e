/* SPDX-License-Identifier: MIT
 *
 * Which code of the process was compiled with -fsanitize=thread. What libc does for such code is
 * checked like the code's own accesses; what it does for a library of which nothing else is seen
 * is not: half the picture would give false reports.
 */
#ifndef DT_INSTRUMENTED_H
#define DT_INSTRUMENTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/runtime.h"

/* At start, when an instrumented object's constructors say that they run (__tsan_init), after
 * dlclose: looks at the loaded objects (takes the loader's lock).
 * What is remembered of a new object's own memory is void. */
void dt_instrumented_refresh(void);

/* __tsan_init was called from `pc`. */
void dt_instrumented_announce(uintptr_t pc);

/* For the summary's "accesses checked": the program itself; any object at all. */
bool dt_instrumented_program(void);
bool dt_instrumented_any(void);
/* The summary's word for it: "yes", "partly" or "no". */
const char *dt_instrumented_word(void);

struct dt_text_range {
    uintptr_t lo;
    size_t size; /* 0: none */
};
extern struct dt_text_range dt_text_program;
bool dt_instrumented_library(uintptr_t pc);

/* Was the code around pc instrumented? */
static inline bool dt_instrumented(uintptr_t pc)
{
    if (__builtin_expect(pc - dt_text_program.lo < dt_text_program.size, 1))
        return true;
    return dt_instrumented_library(pc);
}

/* dt_enter_at() for an interposer that only checks memory for the code at `pc`. */
static inline struct dt_task *dt_enter_checked(uintptr_t pc)
{
    return dt_instrumented(pc) ? dt_enter_at(pc) : NULL;
}

#endif
