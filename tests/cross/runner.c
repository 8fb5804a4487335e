/* SPDX-License-Identifier: MIT
 *
 * Runs the tests of one program, and prints the counts as Criterion does.
 */
#include <criterion/criterion.h>

#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMEOUT = 20, SLOWNESS = 2 }; /* an emulated processor is slow */

static struct cross_test *tests;

void cross_failed(const char *file, int line, const char *what, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: failed: %s ", file, line, what);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

void cross_register(struct cross_test *t)
{
    t->next = tests;
    tests = t;
}

struct criterion_test_set *criterion_initialize(void)
{
    return NULL;
}

int criterion_handle_args(int argc, char **argv, bool handle_unknown)
{
    (void)argc, (void)argv, (void)handle_unknown;
    return 1;
}

/* CROSS_SKIP: names with blanks between them, of what an emulator cannot do. */
static bool skipped(const struct cross_test *t)
{
    const char *list = getenv("CROSS_SKIP"), *at = list;
    size_t n = strlen(t->name);
    while (list && (at = strstr(at, t->name)) != NULL) {
        if ((at == list || at[-1] == ' ') && (at[n] == 0 || at[n] == ' '))
            return true;
        at += n;
    }
    return false;
}

static bool run(const struct cross_test *t)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm((unsigned)((t->timeout ? t->timeout : TIMEOUT) * SLOWNESS));
        t->fn();
        fflush(NULL);
        _exit(0);
    }
    if (getenv("CROSS_VERBOSE"))
        fprintf(stderr, "[RUN ] %s::%s\n", t->suite, t->name);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    if (status == 0)
        return true;
    fprintf(stderr, "[FAIL] %s::%s: status %#x\n", t->suite, t->name, (unsigned)status);
    return false;
}

int criterion_run_all_tests(struct criterion_test_set *set)
{
    int passed = 0, failed = 0;
    (void)set;
    for (struct cross_test *t = tests; t; t = t->next) {
        if (skipped(t))
            fprintf(stderr, "[SKIP] %s::%s\n", t->suite, t->name);
        else if (run(t))
            passed++;
        else
            failed++;
    }
    fprintf(stderr, "[====] Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: 0\n",
        passed + failed, passed, failed);
    return failed == 0;
}

void criterion_finalize(struct criterion_test_set *set)
{
    (void)set;
}

__attribute__((weak)) int main(void)
{
    return criterion_run_all_tests(NULL) ? 0 : 1;
}
