/* SPDX-License-Identifier: MIT
 *
 * Text output without stdio. Nothing here allocates or takes a lock; errno is kept.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/out.h"

ssize_t dt_write(int fd, const void *p, size_t n)
{
    static const struct timespec now;
    sigset_t ours, before, pending;
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGXFSZ);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    ssize_t done = write(fd, p, n);
    int error = errno;
    int sig = done >= 0 ? 0 : error == EPIPE ? SIGPIPE : error == EFBIG ? SIGXFSZ : 0;
    if (sig && !sigismember(&pending, sig)) {
        sigemptyset(&ours);
        sigaddset(&ours, sig);
        while (sigtimedwait(&ours, NULL, &now) < 0 && errno == EINTR)
            ;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return done;
}

void dt_out_init(struct dt_out *o, int fd)
{
    o->fd = fd;
    o->error = 0;
    o->used = 0;
}

void dt_out_flush(struct dt_out *o)
{
    int saved = errno;
    size_t done = 0;
    while (done < o->used && !o->error) {
        ssize_t n = dt_write(o->fd, o->buffer + done, o->used - done);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno != EINTR)
            o->error = errno;
        else if (n == 0)
            o->error = EIO;
    }
    o->used = 0;
    errno = saved;
}

static void put(struct dt_out *o, char c)
{
    if (o->used == sizeof o->buffer)
        dt_out_flush(o);
    o->buffer[o->used++] = c;
}

void dt_out_text(struct dt_out *o, const char *s)
{
    while (*s)
        put(o, *s++);
}

static void put_digits(struct dt_out *o, uint64_t n, unsigned base)
{
    char digits[24];
    int i = 0;
    do {
        digits[i++] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n);
    while (i)
        put(o, digits[--i]);
}

void dt_out_u64(struct dt_out *o, uint64_t n)
{
    put_digits(o, n, 10);
}

void dt_out_hex(struct dt_out *o, uint64_t n)
{
    dt_out_text(o, "0x");
    put_digits(o, n, 16);
}

/* Length of the well-formed UTF-8 sequence at s, 0: none. */
static unsigned utf8_length(const unsigned char *s)
{
    unsigned n = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : 4;
    if (n == 4 && ((s[0] & 0xf8) != 0xf0 || s[0] > 0xf4))
        return 0;
    if (n == 2 && s[0] < 0xc2)
        return 0;
    for (unsigned i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if (n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)))
        return 0;
    if (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)))
        return 0;
    return n;
}

static void put_escape(struct dt_out *o, unsigned c)
{
    dt_out_text(o, "\\u00");
    put(o, "0123456789abcdef"[c >> 4]);
    put(o, "0123456789abcdef"[c & 15]);
}

void dt_out_json(struct dt_out *o, const char *text)
{
    if (!text) {
        dt_out_text(o, "null");
        return;
    }
    const unsigned char *s = (const unsigned char *)text;
    put(o, '"');
    while (*s) {
        unsigned n = utf8_length(s);
        if (*s == '"' || *s == '\\') {
            put(o, '\\');
            put(o, (char)*s++);
        } else if (n == 0 || *s < 0x20 || *s == 0x7f) {
            put_escape(o, *s++); /* a byte that is no text shows as the code point of its value */
        } else {
            while (n--)
                put(o, (char)*s++);
        }
    }
    put(o, '"');
}

static void put_signed(struct dt_out *o, long n)
{
    if (n < 0)
        put(o, '-');
    put_digits(o, n < 0 ? 0 - (unsigned long)n : (unsigned long)n, 10);
}

static void put_arg(struct dt_out *o, char conversion, bool is_long, va_list *ap)
{
    switch (conversion) {
    case 's': {
        const char *s = va_arg(*ap, const char *);
        dt_out_text(o, s ? s : "(null)");
        break;
    }
    case 'd':
        put_signed(o, is_long ? va_arg(*ap, long) : va_arg(*ap, int));
        break;
    case 'u':
        put_digits(o, is_long ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned), 10);
        break;
    case 'x':
        put_digits(o, is_long ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned), 16);
        break;
    case 'p':
        dt_out_hex(o, (uintptr_t)va_arg(*ap, void *));
        break;
    default:
        put(o, conversion);
    }
}

static void say(const char *format, va_list *ap)
{
    struct dt_out o;
    dt_out_init(&o, 2);
    dt_out_text(&o, "gorc: ");
    for (const char *s = format; *s; s++) {
        if (*s != '%' || !s[1]) {
            put(&o, *s);
            continue;
        }
        bool is_long = *++s == 'l';
        if (is_long)
            s++;
        put_arg(&o, *s, is_long, ap);
    }
    put(&o, '\n');
    dt_out_flush(&o);
}

void dt_say(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    say(format, &ap);
    va_end(ap);
}

void dt_die(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    say(format, &ap);
    va_end(ap);
    _exit(99);
}

void dt_die_no_room(const char *what)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_AS, &r) == 0 && r.rlim_cur != RLIM_INFINITY)
        dt_die("address space limit too small: %lu MB (the detector wanted room for %s)",
            (unsigned long)(r.rlim_cur >> 20), what);
    dt_die("out of memory (the detector wanted room for %s)", what);
}
