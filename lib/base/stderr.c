/* SPDX-License-Identifier: MIT
 *
 * What the library prints goes through here: write(2) on stderr, no stdio, since the program may be
 * in any state.
 */
#include "base/stderr.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void gorc__print(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = write(STDERR_FILENO, text, left);
        if (n <= 0)
            return;
        text += n;
        left -= (size_t)n;
    }
}

void gorc__printf(const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    gorc__print(line);
}

void gorc__fatal(const char *message)
{
    gorc__printf("gorc: fatal: %s\n", message);
    abort();
}
