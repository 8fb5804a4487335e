/* SPDX-License-Identifier: MIT
 *
 * As much of Criterion's interface as the library's tests use, for targets that Debian has no
 * Criterion for on this machine: each test runs in a forked process of its own.
 */
#ifndef CROSS_CRITERION_H
#define CROSS_CRITERION_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct cross_test {
    const char *suite, *name;
    void (*fn)(void);
    int timeout; /* seconds; 0: the default */
    struct cross_test *next;
};

struct criterion_test_set;

void cross_register(struct cross_test *t);
struct criterion_test_set *criterion_initialize(void);
int criterion_handle_args(int argc, char **argv, bool handle_unknown);
int criterion_run_all_tests(struct criterion_test_set *set);
void criterion_finalize(struct criterion_test_set *set);

#define Test(s, n, ...)                                                                            \
    static void test_##s##_##n(void);                                                              \
    __attribute__((constructor)) static void register_##s##_##n(void)                              \
    {                                                                                              \
        static struct cross_test t = {.suite = #s, .name = #n, .fn = test_##s##_##n, __VA_ARGS__}; \
        cross_register(&t);                                                                        \
    }                                                                                              \
    static void test_##s##_##n(void)

__attribute__((format(printf, 4, 5))) void cross_failed(
    const char *file, int line, const char *what, const char *format, ...);

#define cr_assert(cond, ...) cr_check((cond), #cond, "" __VA_ARGS__)
#define cr_check(cond, what, ...)                                                                  \
    ((cond) ? (void)0 : cross_failed(__FILE__, __LINE__, what, __VA_ARGS__))
#define cr_assert_not(cond, ...) cr_assert(!(cond), __VA_ARGS__)
#define cr_assert_eq(a, b, ...) cr_assert((a) == (b), __VA_ARGS__)
#define cr_assert_gt(a, b, ...) cr_assert((a) > (b), __VA_ARGS__)
#define cr_assert_not_null(p, ...) cr_assert((p) != NULL, __VA_ARGS__)
#define cr_assert_null(p, ...) cr_assert((p) == NULL, __VA_ARGS__)

#endif
