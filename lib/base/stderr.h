/* SPDX-License-Identifier: MIT
 *
 * Messages of the library, unbuffered, to stderr.
 */
#ifndef GORC_LIB_BASE_STDERR_H
#define GORC_LIB_BASE_STDERR_H

void gorc__print(const char *text);
/* At most 511 bytes. */
void gorc__printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An error that is not the program's logic (no memory, no thread): one line, then abort(). */
void gorc__fatal(const char *message) __attribute__((noreturn));

#endif
