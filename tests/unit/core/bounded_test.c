/* SPDX-License-Identifier: MIT
 *
 * precision=bounded: what is not remembered is counted, what is remembered is reported, and every
 * read is compared with earlier writes all the same.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "core/core.h"
#include "core/granule.h"
#include "core/reads_bounded.h"
#include "core/shadow.h"
#include "core/sync.h"

enum { READERS = 12 };
static const uintptr_t word = 0x7a0000000040;
static struct dt_task *readers[READERS], *writer;
static unsigned n_races, by_reader[READERS];
static char key;

static void note(const struct dt_race *r)
{
    const struct dt_race_side *reader = r->now.write ? &r->earlier : &r->now;
    cr_assert(!reader->write);
    cr_assert_eq(r->granule, word);
    n_races++;
    by_reader[reader->task->id - 2]++;
}

static void start(void)
{
    dt_core_init();
    dt_race_repeats = true;
    dt_on_race = note;
    dt_reads_bounded = true;
    struct dt_task *me = dt_self = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    for (unsigned i = 0; i < READERS; i++)
        readers[i] = dt_task_new(me, DT_TASK_THREAD, i + 2, 0);
    writer = dt_task_new(me, DT_TASK_THREAD, READERS + 2, 0);
}

/* As abi/access.c reads. */
static void read_word(struct dt_task *t)
{
    dt_self = t;
    if (!dt_reads_cover(t->reads, word, 4) && !(dt_reads_bounded && dt_reads_forget(t, word, 4)))
        dt_access(t, word, 4, DT_READ, 0x1000);
    dt_race_deliver(t);
}

static void write_word(void)
{
    dt_self = writer;
    dt_access(writer, word, 4, DT_WRITE, 0x2000);
    dt_race_deliver(writer);
}

Test(bounded, reads_of_some_tasks_are_remembered_the_others_counted, .init = start)
{
    for (unsigned i = 0; i < READERS; i++)
        read_word(readers[i]);
    uint64_t forgotten = dt_reads_not_remembered();
    cr_assert(forgotten > 0);
    write_word();
    cr_assert(n_races >= DT_LOGS_ENOUGH, "%u", n_races);
    cr_assert_eq(n_races + forgotten, READERS, "%u", n_races);
}

Test(bounded, who_is_not_remembered_sees_earlier_writes, .init = start)
{
    for (unsigned i = 0; i < READERS; i++)
        read_word(readers[i]);
    for (unsigned i = 0; i < READERS; i++) { /* a later epoch */
        dt_self = readers[i];
        dt_release(readers[i], &key + i + 1);
    }
    write_word();
    memset(by_reader, 0, sizeof by_reader);
    for (unsigned i = 0; i < READERS; i++)
        read_word(readers[i]);
    for (unsigned i = 0; i < READERS; i++)
        cr_assert(by_reader[i] > 0, "reader %u", i);
}

/* The writer hears of the first read only. What repeats it is forgotten, but not for ever. */
Test(bounded, a_repeated_read_is_remembered_again, .init = start)
{
    for (unsigned i = 0; i < 3; i++)
        read_word(readers[i]);
    struct dt_task *t = readers[2];
    for (unsigned i = 0; i < 3; i++) {
        dt_self = readers[i];
        dt_release(readers[i], &key);
    }
    dt_self = writer;
    dt_acquire(writer, &key);
    read_word(t);
    cr_assert_eq(dt_reads_not_remembered(), 1);
    for (unsigned i = 0; i < 2 * DT_NOW_AND_THEN; i++) {
        read_word(t);
        dt_release(t, &key + 1);
    }
    cr_assert(dt_reads_not_remembered() >= 2 * DT_NOW_AND_THEN - 8);
    write_word();
    cr_assert_eq(n_races, 1);
    cr_assert_eq(by_reader[2], 1);
}

Test(bounded, exact_is_the_default, .init = start)
{
    dt_reads_bounded = false;
    for (unsigned i = 0; i < READERS; i++)
        read_word(readers[i]);
    cr_assert_eq(dt_reads_not_remembered(), 0);
    write_word();
    cr_assert_eq(n_races, READERS);
}
