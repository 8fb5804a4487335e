/* SPDX-License-Identifier: MIT
 *
 * Output without stdio: a bounded buffer over a file descriptor, async-signal-safe.
 */
#ifndef DT_OUT_H
#define DT_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* write(2) that raises neither SIGPIPE nor SIGXFSZ in the program: they are the errors EPIPE and
 * EFBIG only. */
ssize_t dt_write(int fd, const void *p, size_t n);

struct dt_out {
    int fd;
    int error; /* errno of the first failed write, 0: none */
    size_t used;
    char buffer[1024];
};

void dt_out_init(struct dt_out *o, int fd);
void dt_out_text(struct dt_out *o, const char *s);
void dt_out_json(struct dt_out *o, const char *s); /* quoted and escaped; NULL: null */
void dt_out_u64(struct dt_out *o, uint64_t n);
void dt_out_hex(struct dt_out *o, uint64_t n); /* 0x... */
void dt_out_flush(struct dt_out *o);

/* "gorc: " and the text, one line on stderr. Conversions: %s %d %u %lu %p %x only. */
void dt_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* dt_say, then the process ends with status 99. */
void dt_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* The same when no memory was to be had; says so if a limit of the process is the reason. */
void dt_die_no_room(const char *what) __attribute__((noreturn));

#endif
