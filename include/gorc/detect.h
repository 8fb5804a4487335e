/* SPDX-License-Identifier: MIT
 *
 * Talking to the detector. Callable in every build; without the detector nothing happens.
 */
#ifndef GORC_DETECT_H
#define GORC_DETECT_H

#include <gorc/base.h>

GORC_BEGIN_DECLS

/* One of a finding's stacks. */
struct gorc_finding_stack {
    const char *role;        /* "write", "earlier read", "blocked", "closed by", "created by" ... */
    const char *task;        /* "main", "g7" (goroutine), "t3" (thread), "?" */
    const uintptr_t *frames; /* return addresses, innermost first */
    size_t nframes;
};

/* A finding, as the report hook sees it. Everything in it lives as long as the call. */
struct gorc_finding {
    const char *kind;      /* "data-race", "goroutine-leak", "misuse" ... */
    const char *rule;      /* "double-close" ...; NULL: none */
    const char *certainty; /* "certain", "proven", "likely", "suspect" */
    const char *message;
    const void *object; /* the address concerned; NULL: none */
    uint64_t goid;      /* the goroutine concerned; 0: none */
    const struct gorc_finding_stack *stacks;
    size_t nstacks;
};

/* An access that the compiler did not instrument: GORC_READ(&x), GORC_WRITE(p). */
#define GORC_READ(ptr) gorc_access_read((ptr), sizeof(*(ptr)))
#define GORC_WRITE(ptr) gorc_access_write((ptr), sizeof(*(ptr)))
GORC_API void gorc_access_read(const volatile void *p, size_t size);
GORC_API void gorc_access_write(const volatile void *p, size_t size);

/* What the caller did before gorc_happens_before(addr) happens before what any later caller of
 * gorc_happens_after(addr) does next. Any address serves as the name. */
GORC_API void gorc_happens_before(const void *addr);
GORC_API void gorc_happens_after(const void *addr);

/* True when the detector is loaded and checks. */
GORC_API bool gorc_detect_active(void);

/* Leaked descendants of the caller, blocked or running, now; each is reported. For the end of a
 * test. -ENOTSUP without the detector. */
GORC_API int gorc_check_leaks(void);

/* fn(finding, arg) is called for each finding when it has been recorded, by the task that found it,
 * wherever that is: fn must not block and must not call gorc. NULL: none. */
GORC_API void gorc_set_report_hook(
    void (*fn)(const struct gorc_finding *finding, void *arg), void *arg);

/* Accesses of the calling task between the two are not checked. They nest. */
GORC_API void gorc_ignore_begin(void);
GORC_API void gorc_ignore_end(void);

GORC_END_DECLS

#endif
