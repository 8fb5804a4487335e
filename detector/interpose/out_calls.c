/* SPDX-License-Identifier: MIT
 *
 * Calls that fill in a structure of the caller's, read a path, or both, and do nothing else that
 * matters here.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <glob.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "interpose/libc_access.h"

#define IN_TEXT(s)                                                                                 \
    if (t && (s))                                                                                  \
    dt_reads_string(t, s, DT_CALLER)
#define IN(p, n)                                                                                   \
    if (t && (p))                                                                                  \
    dt_reads(t, p, n, DT_CALLER)
#define OUT(p, n)                                                                                  \
    if (t && (p))                                                                                  \
    dt_writes(t, p, n, DT_CALLER)
#define NOTHING

/* before: what is read; ok: of `r`, when the results are there; after: what is written. */
#define CALL(type, name, params, args, before, ok, after)                                          \
    DT_INTERPOSE(type, name, params)                                                               \
    {                                                                                              \
        struct dt_task *t = dt_enter_checked(DT_CALLER);                                           \
        before;                                                                                    \
        type r = name args;                                                                        \
        int saved = errno;                                                                         \
        if (ok) {                                                                                  \
            after;                                                                                 \
        }                                                                                          \
        errno = saved;                                                                             \
        return r;                                                                                  \
    }

/* --- files --- */

#define STAT(name, T)                                                                              \
    CALL(int, name, (const char *restrict path, struct T *restrict out), (path, out),              \
        IN_TEXT(path), r == 0, OUT(out, sizeof *out))
#define FSTAT(name, T)                                                                             \
    CALL(int, name, (int fd, struct T *out), (fd, out), NOTHING, r == 0, OUT(out, sizeof *out))

STAT(stat, stat)
STAT(lstat, stat)
STAT(stat64, stat64)
STAT(lstat64, stat64)
STAT(statfs, statfs)
STAT(statfs64, statfs64)
STAT(statvfs, statvfs)
STAT(statvfs64, statvfs64)
FSTAT(fstat, stat)
FSTAT(fstat64, stat64)
FSTAT(fstatfs, statfs)
FSTAT(fstatfs64, statfs64)
FSTAT(fstatvfs, statvfs)
FSTAT(fstatvfs64, statvfs64)
CALL(int, fstatat, (int dir, const char *restrict path, struct stat *restrict out, int flags),
    (dir, path, out, flags), IN_TEXT(path), r == 0, OUT(out, sizeof *out))
CALL(int, fstatat64, (int dir, const char *restrict path, struct stat64 *restrict out, int flags),
    (dir, path, out, flags), IN_TEXT(path), r == 0, OUT(out, sizeof *out))

CALL(int, unlink, (const char *path), (path), IN_TEXT(path), false, NOTHING)
CALL(int, rmdir, (const char *path), (path), IN_TEXT(path), false, NOTHING)
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), IN_TEXT(path), false, NOTHING)
CALL(int, access, (const char *path, int mode), (path, mode), IN_TEXT(path), false, NOTHING)
CALL(int, chdir, (const char *path), (path), IN_TEXT(path), false, NOTHING)
CALL(int, rename, (const char *from, const char *to), (from, to), IN_TEXT(from);
     IN_TEXT(to), false, NOTHING)
CALL(ssize_t, readlink, (const char *restrict path, char *restrict out, size_t n), (path, out, n),
    IN_TEXT(path), r > 0, OUT(out, (size_t)r))
CALL(ssize_t, readlinkat, (int dir, const char *restrict path, char *restrict out, size_t n),
    (dir, path, out, n), IN_TEXT(path), r > 0, OUT(out, (size_t)r))
CALL(char *, getcwd, (char *out, size_t n), (out, n), NOTHING, r &&out, OUT(out, strlen(out) + 1))
CALL(char *, realpath, (const char *restrict path, char *restrict out), (path, out), IN_TEXT(path),
    r &&out, OUT(out, strlen(out) + 1))

/* The entry lies in the stream's own memory: two threads that read one stream share it. */
CALL(struct dirent *, readdir, (DIR * d), (d), NOTHING, r != NULL, OUT(r, r->d_reclen))
CALL(struct dirent64 *, readdir64, (DIR * d), (d), NOTHING, r != NULL, OUT(r, r->d_reclen))

/* --- time --- */

CALL(int, clock_gettime, (clockid_t clock, struct timespec *out), (clock, out), NOTHING, r == 0,
    OUT(out, sizeof *out))
CALL(int, clock_getres, (clockid_t clock, struct timespec *out), (clock, out), NOTHING, r == 0,
    OUT(out, sizeof *out))
CALL(int, clock_settime, (clockid_t clock, const struct timespec *in), (clock, in),
    IN(in, sizeof *in), false, NOTHING)
CALL(time_t, time, (time_t * out), (out), NOTHING, r >= 0, OUT(out, sizeof *out))
CALL(clock_t, times, (struct tms * out), (out), NOTHING, r >= 0, OUT(out, sizeof *out))
CALL(int, getitimer, (__itimer_which_t which, struct itimerval *out), (which, out), NOTHING, r == 0,
    OUT(out, sizeof *out))
CALL(int, timer_gettime, (timer_t timer, struct itimerspec *out), (timer, out), NOTHING, r == 0,
    OUT(out, sizeof *out))
CALL(int, timerfd_gettime, (int fd, struct itimerspec *out), (fd, out), NOTHING, r == 0,
    OUT(out, sizeof *out))
DT_INTERPOSE(int, gettimeofday, (struct timeval *restrict out, void *restrict zone))
{
    struct dt_task *t = dt_enter_checked(DT_CALLER);
    int r = gettimeofday(out, zone);
    if (!r)
        OUT(out, sizeof *out);
    return r;
}

/* --- the process and the system --- */

CALL(int, getrusage, (__rusage_who_t who, struct rusage *out), (who, out), NOTHING, r == 0,
    OUT(out, sizeof *out))
CALL(int, uname, (struct utsname * out), (out), NOTHING, r == 0, OUT(out, sizeof *out))
CALL(int, sysinfo, (struct sysinfo * out), (out), NOTHING, r == 0, OUT(out, sizeof *out))
CALL(int, gethostname, (char *out, size_t n), (out, n), NOTHING, r == 0, OUT(out, strnlen(out, n)))
CALL(int, getloadavg, (double *out, int n), (out, n), NOTHING, r > 0, OUT(out, (size_t)r * 8))
CALL(ssize_t, getrandom, (void *out, size_t n, unsigned flags), (out, n, flags), NOTHING, r > 0,
    OUT(out, (size_t)r))
CALL(int, getentropy, (void *out, size_t n), (out, n), NOTHING, r == 0, OUT(out, n))
CALL(int, tcgetattr, (int fd, struct termios *out), (fd, out), NOTHING, r == 0,
    OUT(out, sizeof *out))
CALL(int, rand_r, (unsigned *state), (state), NOTHING, true, OUT(state, sizeof *state))
CALL(int, random_r, (struct random_data *restrict state, int32_t *restrict out), (state, out),
     NOTHING, r == 0, OUT(state, sizeof *state);
     OUT(out, sizeof *out))

/* --- signal sets --- */

CALL(int, sigemptyset, (sigset_t * out), (out), NOTHING, r == 0, OUT(out, sizeof *out))
CALL(int, sigfillset, (sigset_t * out), (out), NOTHING, r == 0, OUT(out, sizeof *out))
CALL(int, sigpending, (sigset_t * out), (out), NOTHING, r == 0, OUT(out, sizeof *out))
CALL(int, sigprocmask, (int how, const sigset_t *restrict in, sigset_t *restrict out),
    (how, in, out), IN(in, sizeof *in), r == 0, OUT(out, sizeof *out))
CALL(int, pthread_sigmask, (int how, const sigset_t *restrict in, sigset_t *restrict out),
    (how, in, out), IN(in, sizeof *in), r == 0, OUT(out, sizeof *out))

/* --- the network --- */

CALL(int, bind, (int fd, const struct sockaddr *at, socklen_t n), (fd, at, n), IN(at, n), false,
    NOTHING)
CALL(int, getsockname, (int fd, struct sockaddr *restrict out, socklen_t *restrict n), (fd, out, n),
     socklen_t room = *n, r == 0, OUT(out, *n < room ? *n : room);
     OUT(n, sizeof *n))
CALL(int, getpeername, (int fd, struct sockaddr *restrict out, socklen_t *restrict n), (fd, out, n),
     socklen_t room = *n, r == 0, OUT(out, *n < room ? *n : room);
     OUT(n, sizeof *n))
CALL(int, getsockopt, (int fd, int level, int name, void *restrict out, socklen_t *restrict n),
     (fd, level, name, out, n), NOTHING, r == 0, OUT(out, *n);
     OUT(n, sizeof *n))
CALL(int, setsockopt, (int fd, int level, int name, const void *in, socklen_t n),
    (fd, level, name, in, n), IN(in, n), false, NOTHING)
CALL(int, inet_pton, (int family, const char *restrict text, void *restrict out),
    (family, text, out), IN_TEXT(text), r == 1, OUT(out, family == AF_INET ? 4 : 16))
CALL(const char *, inet_ntop,
    (int family, const void *restrict in, char *restrict out, socklen_t n), (family, in, out, n),
    IN(in, family == AF_INET ? 4 : 16), r != NULL, OUT(out, strlen(out) + 1))
CALL(int, inet_aton, (const char *text, struct in_addr *out), (text, out), IN_TEXT(text), r != 0,
    OUT(out, sizeof *out))
CALL(int, getaddrinfo,
     (const char *restrict node, const char *restrict service,
         const struct addrinfo *restrict hints, struct addrinfo **restrict out),
     (node, service, hints, out), IN_TEXT(node);
     IN_TEXT(service); IN(hints, sizeof *hints), r == 0, OUT(out, sizeof *out))
