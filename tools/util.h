/* SPDX-License-Identifier: MIT
 *
 * Small things of the command: memory that never fails softly, text, messages.
 */
#ifndef TOOLS_UTIL_H
#define TOOLS_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Statuses of the command (API.md). */
enum {
    STATUS_NOTHING_COUNTS = 98, /* gorc report --raw */
    STATUS_FINDINGS = 66,
    STATUS_USAGE = 2,
    STATUS_SKIPPED = 77,
    STATUS_FAILED = 99,
    STATUS_TIMEOUT = 124,
    STATUS_CANNOT_EXECUTE = 126,
    STATUS_NOT_FOUND = 127,
};

void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s); /* NULL: NULL */
/* The one copy of this text: not to be changed or freed. NULL: NULL. */
char *shared_string(const char *s);
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for one more element: items = grow(items, n, &cap, sizeof *items). */
void *grow(void *items, size_t n, size_t *cap, size_t size);

/* "gorc: " and the text, one line on stderr. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

/* A vector of strings that ends with NULL. */
struct strings {
    char **at;
    size_t n, cap;
};
void strings_add(struct strings *s, const char *text);   /* a copy */
void strings_split(struct strings *s, const char *text); /* at blanks */

/* "10s", "500ms", "2m", "1h", "10" (seconds). False: not a duration. */
bool parse_duration(const char *text, int64_t *ret_ns);
int64_t now_ns(void);

/* Directory of the running command, without the last '/'. */
const char *command_directory(void);
/* libgorc_race.so.0 and the headers, in the build tree or installed; NULL: not there. */
const char *race_library(void);
/* Where it lies under the names of the compilers' shared race runtimes; NULL: nowhere, or not under
 * `name` (which may be NULL). */
const char *runtime_directory(const char *name);
const char *include_directory(void);

#endif
