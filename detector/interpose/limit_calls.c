/* SPDX-License-Identifier: MIT
 *
 * A limit of the address space that the program sets for itself is meant for its own memory: the
 * detector's, and the shadow of what the program may still get, are added to it. The program sees
 * what it set.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/own.h"
#include "interpose/libc_access.h"

/* Shadow takes twice the memory that it is for, and comes in pieces of 160 MB for 64 MB of
 * addresses (core/map.h): small mappings far apart need one each. Too generous a limit lets the
 * program have more than it asked for; too small a one would end it. */
static const rlim_t shadow_part = 48, reserve = (rlim_t)4 << 30;

static dt_lock lock;
static bool is_set;
static struct rlimit asked;  /* by the program */
static struct rlimit actual; /* the kernel's: while it is this, `asked` holds */

/* What is mapped now, and nearly all of it is ours: the first number of statm, in pages. */
static rlim_t mapped_now(void)
{
    char text[32];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);
    rlim_t pages = 0;
    for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9'; i++)
        pages = pages * 10 + (rlim_t)(text[i] - '0');
    if (fd >= 0)
        close(fd);
    return pages ? pages * (rlim_t)sysconf(_SC_PAGESIZE) : dt_own_size();
}

static rlim_t with_ours(rlim_t limit)
{
    rlim_t more = mapped_now() + shadow_part * limit + reserve;
    return limit == RLIM_INFINITY || limit > RLIM_INFINITY / 8 ? RLIM_INFINITY : limit + more;
}

static bool is_ours(const struct rlimit *now)
{
    return is_set && now->rlim_cur == actual.rlim_cur && now->rlim_max == actual.rlim_max;
}

/* The kernel's answer, as the program is to see it. */
static void shown(struct rlimit *now)
{
    dt_lock_take(&lock);
    if (is_ours(now))
        *now = asked;
    dt_lock_drop(&lock);
}

/* A limit above what an unprivileged process may set is cut at that. */
static int set(const struct rlimit *wanted)
{
    struct rlimit r = {with_ours(wanted->rlim_cur), with_ours(wanted->rlim_max)}, now;
    if (wanted->rlim_cur > wanted->rlim_max || getrlimit(RLIMIT_AS, &now))
        return setrlimit(RLIMIT_AS, wanted); /* libc's error */
    int err = setrlimit(RLIMIT_AS, &r);
    if (err && now.rlim_max != RLIM_INFINITY) {
        rlim_t most = now.rlim_max;
        r.rlim_max = r.rlim_max < most ? r.rlim_max : most;
        r.rlim_cur = r.rlim_cur < r.rlim_max ? r.rlim_cur : r.rlim_max;
        err = setrlimit(RLIMIT_AS, &r);
    }
    if (err)
        return err;
    dt_lock_take(&lock);
    asked = *wanted;
    actual = r;
    is_set = true;
    dt_lock_drop(&lock);
    return 0;
}

#define SETRLIMIT(name, T)                                                                         \
    DT_INTERPOSE(int, name, (__rlimit_resource_t what, const struct T *r))                         \
    {                                                                                              \
        struct dt_task *t = dt_enter_checked(DT_CALLER);                                           \
        if (t && r)                                                                                \
            dt_reads(t, r, sizeof *r, DT_CALLER);                                                  \
        if (what == RLIMIT_AS && r && dt_enter())                                                  \
            return set((const struct rlimit *)r);                                                  \
        return name(what, r);                                                                      \
    }
#define GETRLIMIT(name, T)                                                                         \
    DT_INTERPOSE(int, name, (__rlimit_resource_t what, struct T * r))                              \
    {                                                                                              \
        int err = name(what, r);                                                                   \
        if (err)                                                                                   \
            return err;                                                                            \
        if (what == RLIMIT_AS)                                                                     \
            shown((struct rlimit *)r);                                                             \
        struct dt_task *t = dt_enter_checked(DT_CALLER);                                           \
        if (t)                                                                                     \
            dt_writes(t, r, sizeof *r, DT_CALLER);                                                 \
        return 0;                                                                                  \
    }

SETRLIMIT(setrlimit, rlimit)
SETRLIMIT(setrlimit64, rlimit64)
GETRLIMIT(getrlimit, rlimit)
GETRLIMIT(getrlimit64, rlimit64)

#define PRLIMIT(name, T)                                                                           \
    DT_INTERPOSE(                                                                                  \
        int, name, (pid_t pid, __rlimit_resource_t what, const struct T *r, struct T *old))        \
    {                                                                                              \
        bool is_mine = what == RLIMIT_AS && (!pid || pid == getpid()) && dt_enter();               \
        if (!is_mine)                                                                              \
            return name(pid, what, r, old);                                                        \
        int err = old ? name(pid, what, NULL, old) : 0;                                            \
        if (!err && old)                                                                           \
            shown((struct rlimit *)old);                                                           \
        return err || !r ? err : set((const struct rlimit *)r);                                    \
    }

PRLIMIT(prlimit, rlimit)
PRLIMIT(prlimit64, rlimit64)
