/* SPDX-License-Identifier: MIT
 *
 * __tsan_on_report is called with a report that can be taken apart; the program's options and hooks
 * are heard.
 *
 * status: 7
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "barrier.h"

int __tsan_get_report_data(void *report, const char **description, int *count, int *stacks,
    int *mops, int *locs, int *mutexes, int *threads, int *tids, void **sleep, unsigned long size);
int __tsan_get_report_mop(void *report, unsigned long i, int *tid, void **addr, int *size,
    int *write, int *atomic, void **trace, unsigned long trace_size);
int __tsan_get_report_loc(void *report, unsigned long i, const char **type, void **addr,
    void **start, unsigned long *size, int *tid, int *fd, int *suppressable, void **trace,
    unsigned long trace_size);
int __tsan_get_report_mutex(void *report, unsigned long i, uint64_t *id, void **addr,
    int *destroyed, void **trace, unsigned long trace_size);
int __tsan_get_report_thread(void *report, unsigned long i, int *tid, uint64_t *os_id, int *running,
    const char **name, int *parent, void **trace, unsigned long trace_size);
int __tsan_get_report_unique_tid(void *report, unsigned long i, int *tid);
void *__tsan_get_current_report(void);
int __tsan_get_alloc_stack(
    unsigned long addr, unsigned long *trace, unsigned long size, int *tid, uint64_t *os_id);
const char *__tsan_locate_address(unsigned long addr, char *name, unsigned long name_size,
    unsigned long *start, unsigned long *size);
const char *__tsan_default_options(void);
void __tsan_on_initialize(void);
int __tsan_on_finalize(int failed);
void __tsan_on_report(void *report);

static int started, reports;
static int *block;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void need(int ok, const char *what)
{
    if (!ok) {
        printf("not so: %s\n", what);
        fflush(stdout);
        _exit(1);
    }
}

const char *__tsan_default_options(void)
{
    return "exitcode=7 history_size=4:halt_on_error='0'";
}

void __tsan_on_initialize(void)
{
    started = 1;
}

int __tsan_on_finalize(int failed)
{
    need(failed && reports == 1, "one report at the end");
    puts("finalized");
    fflush(stdout);
    return failed;
}

static void check_accesses(void *report)
{
    int tids[2], write[2];
    for (unsigned long i = 0; i < 2; i++) {
        void *addr, *trace[16];
        int size, atomic;
        need(
            __tsan_get_report_mop(report, i, &tids[i], &addr, &size, &write[i], &atomic, trace, 16),
            "an access");
        need(addr == block && size == 4 && !atomic && trace[0] && trace[1], "what it is");
    }
    need(tids[0] != tids[1] && write[0] + write[1] >= 1, "two threads, one writes");
    need(!__tsan_get_report_mop(report, 2, tids, NULL, NULL, NULL, NULL, NULL, 0), "no third");
}

static void check_location(void *report)
{
    const char *type;
    void *addr, *start, *trace[16];
    unsigned long size;
    int tid, fd, suppressable;
    need(__tsan_get_report_loc(
             report, 0, &type, &addr, &start, &size, &tid, &fd, &suppressable, trace, 16),
        "a location");
    need(strcmp(type, "heap") == 0 && start == block && size == 100 && tid == 0 && trace[0],
        "a heap block of main's");
}

static void check_threads(void *report, int n)
{
    for (int i = 0; i < n; i++) {
        int tid, unique, running, parent;
        uint64_t os_id;
        const char *name;
        void *trace[16];
        need(__tsan_get_report_thread(
                 report, (unsigned long)i, &tid, &os_id, &running, &name, &parent, trace, 16),
            "a thread");
        need(__tsan_get_report_unique_tid(report, (unsigned long)i, &unique) && unique == tid,
            "its number");
        need(tid == 0 || (parent == 0 && trace[0]), "made by main");
    }
}

void __tsan_on_report(void *report)
{
    const char *what;
    int count, stacks, mops, locs, mutexes, threads, tids;
    void *sleep[1];
    reports++;
    need(__tsan_get_current_report() == report, "the current report");
    need(__tsan_get_report_data(
             report, &what, &count, &stacks, &mops, &locs, &mutexes, &threads, &tids, sleep, 1),
        "its data");
    need(strcmp(what, "data-race") == 0 && mops == 2 && locs == 1 && mutexes == 1 && threads == 2,
        "its counts");
    check_accesses(report);
    check_location(report);
    check_threads(report, threads);
    uint64_t id;
    void *addr, *trace[16];
    int destroyed;
    need(__tsan_get_report_mutex(report, 0, &id, &addr, &destroyed, trace, 16) && addr == &m,
        "the mutex that is held");
}

static void *read_it(void *arg)
{
    (void)arg;
    if (*block == 2)
        abort();
    hidden_step();
    return NULL;
}

int main(void)
{
    pthread_t t;
    unsigned long trace[16], start, size;
    uint64_t os_id;
    int tid;
    need(started, "on_initialize came before main");
    need(!__tsan_get_current_report(), "no report yet");
    block = malloc(100);
    need(__tsan_get_alloc_stack((unsigned long)block + 50, trace, 16, &tid, &os_id) && trace[0],
        "where the block comes from");
    need(strcmp(__tsan_locate_address((unsigned long)block + 50, NULL, 0, &start, &size), "heap") ==
                 0 &&
             start == (unsigned long)block && size == 100,
        "whose address it is");
    if (pthread_create(&t, NULL, read_it, NULL))
        return 1;
    hidden_wait(1);
    pthread_mutex_lock(&m);
    *block = 1;
    pthread_mutex_unlock(&m);
    pthread_join(t, NULL);
    return 0;
}
