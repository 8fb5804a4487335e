/* SPDX-License-Identifier: MIT
 *
 * See procfs.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/procfs.h"

struct entry {
    uint64_t ino;
    int64_t off;
    unsigned short size;
    unsigned char type;
    char name[];
};

bool dt_proc_each(const char *directory, void (*fn)(const char *name, void *arg), void *arg)
{
    char buffer[4096];
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long n;
    if (fd < 0)
        return false;
    while ((n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < n;) {
            const struct entry *e = (const struct entry *)(buffer + at);
            at += e->size;
            if (e->name[0] != '.')
                fn(e->name, arg);
        }
    }
    close(fd);
    return true;
}

void dt_proc_read_task(int tid, const char *name, char *ret_text, size_t size)
{
    char path[48] = "/proc/self/task/", digits[12];
    size_t n = 0, at = 16;
    for (int i = tid; i; i /= 10)
        digits[n++] = (char)('0' + i % 10);
    while (n)
        path[at++] = digits[--n];
    path[at++] = '/';
    memcpy(path + at, name, strlen(name) + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, ret_text, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    ret_text[got > 0 ? got : 0] = 0;
}

struct tids {
    void (*fn)(int tid, void *arg);
    void *arg;
    int self;
};

static void tid_of(const char *name, void *arg)
{
    const struct tids *t = arg;
    int tid = 0;
    for (const char *c = name; *c >= '0' && *c <= '9'; c++)
        tid = tid * 10 + *c - '0';
    if (tid && tid != t->self)
        t->fn(tid, t->arg);
}

bool dt_tids_each(void (*fn)(int tid, void *arg), void *arg)
{
    struct tids t = {fn, arg, (int)syscall(SYS_gettid)};
    return dt_proc_each("/proc/self/task", tid_of, &t);
}

char dt_tid_state(int tid)
{
    char text[256];
    dt_proc_read_task(tid, "stat", text, sizeof text);
    const char *name_end = strrchr(text, ')');
    return name_end && name_end[1] ? name_end[2] : 0;
}
