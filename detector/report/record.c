/* SPDX-License-Identifier: MIT
 *
 * The raw record. Under `gorc run` it is a file, DIR/PID.raw, whose lines are complete one by one,
 * so that a crash or SIGKILL loses nothing. In a bare run, and when the file cannot be written, the
 * lines are kept in memory and handed to the printing helper at the end.
 *
 * The descriptor is the program's neighbour: it sits high, and before each write it is checked to
 * be still our file, since programs close all descriptors they do not know.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "base/out.h"
#include "core/task.h"
#include "report/finding.h"
#include "report/modules.h"
#include "report/record.h"
#include "report/record_impl.h"

enum { PATH_SIZE = 4096, CMDLINE_SIZE = 128 << 10, HIGH_FD = 900 };

struct kept {
    struct kept *older;
    size_t size;
    char text[];
};

static struct {
    int fd; /* -1: none */
    dev_t dev;
    ino_t ino;
    char path[PATH_SIZE];
    struct kept *kept;                  /* newest first; atomic */
    bool failed, in_memory, summarised; /* atomic */
    bool opened_before;
    struct dt_summary summary; /* valid when summarised */
} rec = {.fd = -1, .in_memory = true};

/* --- writing --- */

static void keep(const struct dt_line *l)
{
    struct kept *k = dt_alloc(sizeof *k + l->used);
    k->size = l->used;
    memcpy(k->text, l->text, l->used);
    struct kept *head = __atomic_load_n(&rec.kept, __ATOMIC_RELAXED);
    do
        k->older = head;
    while (!__atomic_compare_exchange_n(
        &rec.kept, &head, k, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

static bool is_our_file(int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == rec.dev && st.st_ino == rec.ino;
}

/* Out of the way of programs that count on low numbers. */
static int move_high(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (high < 0)
        high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD / 8);
    if (high < 0)
        return fd;
    close(fd);
    return high;
}

static bool reopen(void)
{
    int fd = open(rec.path, O_RDWR | O_APPEND | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (!is_our_file(fd)) {
        close(fd);
        errno = ENOENT;
        return false;
    }
    rec.fd = move_high(fd);
    return true;
}

static void give_up(int error)
{
    rec.in_memory = true;
    if (!__atomic_exchange_n(&rec.failed, true, __ATOMIC_ACQ_REL))
        dt_say("cannot write the record '%s': %s; what is found is printed at the end", rec.path,
            strerrordesc_np(error));
}

/* False: not written, or only a part of it (the reader skips broken lines). */
static bool write_line(const struct dt_line *l)
{
    if (!is_our_file(rec.fd) && !reopen()) {
        give_up(errno);
        return false;
    }
    ssize_t n;
    do
        n = dt_write(rec.fd, l->text, l->used);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)l->used)
        return true;
    int error = n < 0 ? errno : ENOSPC;
    if (n > 0 && dt_write(rec.fd, "\n", 1) != 1)
        error = errno;
    give_up(error);
    return false;
}

void dt_record_line(struct dt_line *l)
{
    int saved = errno;
    if (l->lost) {
        dt_say("out of memory: a line of the record is lost");
        dt_record_set_failed();
    } else if (rec.in_memory || !write_line(l)) {
        keep(l);
    }
    dt_line_free(l);
    errno = saved;
}

bool dt_record_failed(void)
{
    return __atomic_load_n(&rec.failed, __ATOMIC_ACQUIRE);
}

void dt_record_set_failed(void)
{
    __atomic_store_n(&rec.failed, true, __ATOMIC_RELEASE);
}

bool dt_record_is_text(void)
{
    return rec.in_memory && !rec.path[0] && !dt_helper_path();
}

/* --- start --- */

static void add_arguments(struct dt_line *l)
{
    char *buffer = dt_map(CMDLINE_SIZE);
    int fd = buffer ? open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC) : -1;
    size_t used = 0;
    ssize_t n = 0;
    while (fd >= 0 && used < CMDLINE_SIZE - 1 &&
           (n = read(fd, buffer + used, CMDLINE_SIZE - 1 - used)) > 0)
        used += (size_t)n;
    if (fd >= 0)
        close(fd);
    dt_line_key(l, "argv");
    dt_line_text(l, "[");
    for (size_t i = 0; i < used; i += strlen(buffer + i) + 1) {
        if (i)
            dt_line_text(l, ",");
        dt_line_json(l, buffer + i);
    }
    dt_line_text(l, "]");
    if (buffer)
        dt_unmap(buffer, CMDLINE_SIZE);
}

static void record_start(void)
{
    char path[PATH_SIZE];
    struct dt_line l;
    dt_line_start(&l);
    dt_line_text(&l, "{");
    dt_line_number(&l, "gorc-raw", 1);
    dt_line_number(&l, "pid", (uint64_t)getpid());
    dt_line_number(&l, "ppid", (uint64_t)getppid());
    dt_module_program_path(path, sizeof path);
    dt_line_field(&l, "program", path);
    add_arguments(&l);
    if (getcwd(path, sizeof path))
        dt_line_field(&l, "cwd", path);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    dt_line_number(&l, "started", (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
    dt_line_field(&l, "min_certainty", dt_flags.min_certainty);
    dt_line_text(&l, "}\n");
    dt_record_line(&l);
}

static const char *own_suppressions = "";

void dt_record_suppressions(const char *text)
{
    own_suppressions = text ? text : "";
    if (dt_flags.suppressions[0])
        dt_suppressions_check();
}

static void record_own_suppressions(void)
{
    struct dt_line l;
    if (!own_suppressions[0])
        return;
    dt_line_start(&l);
    dt_line_text(&l, "{");
    dt_line_field(&l, "suppressions", own_suppressions);
    dt_line_text(&l, "}\n");
    dt_record_line(&l);
}

bool dt_record_has_suppressions(void)
{
    return own_suppressions[0] || dt_flags.suppressions[0];
}

static const char *accesses_word = "";

void dt_record_accesses(const char *word)
{
    struct dt_line l;
    if (dt_record_is_text() ||
        strcmp(word, __atomic_exchange_n(&accesses_word, word, __ATOMIC_RELAXED)) == 0)
        return;
    dt_line_start(&l);
    dt_line_text(&l, "{");
    dt_line_field(&l, "accesses", word);
    dt_line_text(&l, "}\n");
    dt_record_line(&l);
}

/* DIR/PID.raw, or DIR/PID.N.raw when this pid has one already (exec). */
static void name_file(unsigned attempt)
{
    char digits[48], *p = digits + sizeof digits;
    *--p = 0;
    p -= 4;
    memcpy(p, ".raw", 4);
    for (unsigned n = attempt; n; n /= 10)
        *--p = (char)('0' + n % 10);
    if (attempt)
        *--p = '.';
    for (unsigned n = (unsigned)getpid(); n; n /= 10)
        *--p = (char)('0' + n % 10);
    *--p = '/';
    size_t dir = strlen(dt_flags.record), rest = strlen(p) + 1;
    if (dir + rest > sizeof rec.path)
        dt_die("the directory of the record is too long: '%s'", dt_flags.record);
    memcpy(rec.path, dt_flags.record, dir);
    memcpy(rec.path + dir, p, rest);
}

static void open_file(void)
{
    int fd = -1;
    for (unsigned attempt = 0; fd < 0 && (attempt == 0 || errno == EEXIST); attempt++) {
        name_file(attempt);
        fd = open(rec.path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    struct stat st;
    if (fd < 0 && errno == ENOENT && rec.opened_before)
        return; /* a child of a daemon: `gorc run` has ended and asks for nothing more */
    if (fd < 0 || fstat(fd, &st) != 0) {
        give_up(errno);
        return;
    }
    rec.dev = st.st_dev;
    rec.ino = st.st_ino;
    rec.fd = move_high(fd);
    rec.in_memory = false;
}

void dt_record_open(void)
{
    int saved = errno;
    if (is_our_file(rec.fd))
        close(rec.fd);
    rec.fd = -1;
    rec.kept = NULL;
    rec.in_memory = true;
    rec.failed = rec.summarised = false;
    rec.path[0] = 0;
    accesses_word = "";
    dt_findings_forget();
    dt_discipline_forget();
    dt_modules_forget();
    dt_race_init();
    dt_helper_find();
    if (dt_flags.record[0])
        open_file();
    rec.opened_before = true;
    if (!dt_record_is_text()) {
        record_start();
        record_own_suppressions();
    }
    dt_modules_meet_all();
    errno = saved;
}

/* --- the end --- */

static void add_number(struct dt_line *l, uint64_t n, const char *noun)
{
    dt_line_u64(l, n);
    dt_line_text(l, noun);
    if (n != 1)
        dt_line_text(l, "s");
}

/* The same words as tools/summary.c. */
static void summary_text(struct dt_line *l, const struct dt_summary *s)
{
    dt_line_text(l, "gorc: ");
    dt_findings_summary_text(l);
    if (!dt_findings_total()) {
        add_number(l, s->goroutines, " goroutine");
        dt_line_text(l, ", ");
        add_number(l, s->threads, " thread");
    }
    dt_line_text(l, "; accesses checked: ");
    dt_line_text(l, s->accesses);
    if (dt_findings_not_recorded()) {
        dt_line_text(l, "; findings not recorded: ");
        dt_line_u64(l, dt_findings_not_recorded());
    }
    if (s->reads_not_remembered) {
        dt_line_text(l, "; reads not remembered: ");
        dt_line_u64(l, s->reads_not_remembered);
    }
    if (s->lock_orders_not_compared) {
        dt_line_text(l, "; lock orders not compared: ");
        dt_line_u64(l, s->lock_orders_not_compared);
    }
    if (s->dropped_in_signal) {
        dt_line_text(l, "; events dropped in signal handlers: ");
        dt_line_u64(l, s->dropped_in_signal);
    }
    dt_line_text(l, ")\n");
}

static void summary_line(const struct dt_summary *s)
{
    struct dt_line l;
    dt_line_start(&l);
    dt_line_text(&l, "{\"summary\":{");
    dt_line_number(&l, "goroutines", s->goroutines);
    dt_line_number(&l, "threads", s->threads);
    dt_line_field(&l, "accesses", s->accesses);
    dt_line_number(&l, "findings_not_recorded", dt_findings_not_recorded());
    dt_line_number(&l, "reads_not_remembered", s->reads_not_remembered);
    dt_line_number(&l, "dropped_in_signal", s->dropped_in_signal);
    dt_line_number(&l, "lock_orders_not_compared", s->lock_orders_not_compared);
    dt_line_key(&l, "by_signal");
    dt_line_text(&l, s->by_signal ? "true" : "false");
    dt_line_number(&l, "findings", dt_findings_total());
    dt_line_number(&l, "counting", dt_findings_counting());
    dt_line_text(&l, "}}\n");
    dt_record_line(&l);
}

bool dt_record_summary(const struct dt_summary *s)
{
    if (__atomic_exchange_n(&rec.summarised, true, __ATOMIC_ACQ_REL))
        return false;
    rec.summary = *s;
    if (dt_record_is_text()) {
        struct dt_line l;
        dt_line_start(&l);
        summary_text(&l, s);
        dt_record_line(&l);
    } else {
        dt_findings_record_repeats();
        dt_discipline_record();
        summary_line(s);
    }
    if (rec.in_memory && rec.path[0] && dt_record_failed())
        dt_record_print(); /* `gorc run` cannot: its file is not complete */
    return true;
}

bool dt_record_is_clean(void)
{
    return !dt_findings_total() && rec.summarised && !dt_record_failed();
}

void dt_record_print_summary(void)
{
    if (!rec.summarised)
        return;
    struct dt_line l;
    dt_line_start(&l);
    summary_text(&l, &rec.summary);
    ssize_t n = l.lost ? 0 : dt_write(2, l.text, l.used);
    (void)n; /* a closed stderr */
    dt_line_free(&l);
}

/* --- reading back --- */

void dt_record_kept(void (*fn)(const char *text, size_t n, void *arg), void *arg)
{
    struct kept *list = __atomic_load_n(&rec.kept, __ATOMIC_ACQUIRE), *oldest = NULL;
    while (list) {
        struct kept *next = list->older;
        list->older = oldest;
        oldest = list;
        list = next;
    }
    for (struct kept *k = oldest; k; k = k->older)
        fn(k->text, k->size, arg);
    /* Reversed back, in case more is kept and printed later. */
    while (oldest) {
        struct kept *next = oldest->older;
        oldest->older = list;
        list = oldest;
        oldest = next;
    }
    rec.kept = list;
}

struct sink {
    int fd;
    bool failed; /* no space: a limit on the size of files holds for memory files, too */
};

static void to_sink(const char *text, size_t n, void *arg)
{
    struct sink *s = arg;
    while (n && !s->failed) {
        ssize_t done = dt_write(s->fd, text, n);
        s->failed = done < 0 && errno != EINTR;
        if (done > 0) {
            text += done;
            n -= (size_t)done;
        }
    }
}

int dt_record_as_file(void)
{
    struct sink s = {memfd_create("gorc-record", MFD_CLOEXEC), false};
    if (s.fd < 0)
        return -1;
    char buffer[4096];
    off_t from = 0;
    ssize_t n;
    if (is_our_file(rec.fd))
        while ((n = pread(rec.fd, buffer, sizeof buffer, from)) > 0) {
            to_sink(buffer, (size_t)n, &s);
            from += n;
        }
    dt_record_kept(to_sink, &s);
    lseek(s.fd, 0, SEEK_SET);
    if (!s.failed)
        return s.fd;
    close(s.fd);
    return -1;
}

/* --- the dump --- */

void dt_record_frames(struct dt_line *l, const char *key, const uintptr_t *pcs, size_t n)
{
    dt_line_key(l, key);
    dt_line_text(l, "[");
    for (size_t i = 0; i < n; i++) {
        struct dt_place p = dt_module_place(pcs[i]);
        dt_line_text(l, i ? ",[" : "[");
        if (p.module < 0)
            dt_line_text(l, "-1");
        else
            dt_line_u64(l, (uint64_t)p.module);
        dt_line_text(l, ",");
        dt_line_u64(l, p.offset);
        dt_line_text(l, "]");
    }
    dt_line_text(l, "]");
}

void dt_record_dump_task(const struct dt_dump_task *t)
{
    struct dt_line l;
    dt_line_start(&l);
    dt_line_text(&l, "{\"dump\":{");
    dt_line_field(&l, "kind", t->kind);
    dt_line_number(&l, "id", t->id);
    dt_line_field(&l, "name", t->name);
    dt_line_field(&l, "state", t->state);
    dt_line_field(&l, "reason", t->reason);
    dt_line_field(&l, "wait", t->wait);
    if (t->waited_ns >= 0)
        dt_line_number(&l, "waited_ns", (uint64_t)t->waited_ns);
    if (t->tid)
        dt_line_number(&l, "tid", (uint64_t)t->tid);
    dt_record_frames(&l, "frames", t->pcs, t->npcs);
    dt_line_text(&l, "}}\n");
    dt_record_line(&l);
}

void dt_record_dump_end(void)
{
    struct dt_line l;
    dt_line_start(&l);
    dt_line_text(&l, "{\"dump_end\":1}\n");
    dt_record_line(&l);
}
