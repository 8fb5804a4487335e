/* SPDX-License-Identifier: MIT
 *
 * The command line of a compiler, as far as a wrapper must understand it.
 */
#ifndef TOOLS_ARGS_H
#define TOOLS_ARGS_H

#include <stdbool.h>

#include "util.h"

/* Replaces each @FILE by the arguments in FILE, as compilers do; one that cannot be read stays. */
void args_expand(struct strings *to, int argc, char **argv);
/* "-o" of "-o FILE": the next argument belongs to it. */
bool args_takes_value(const char *option);
/* A source by its name (.c, .cc, .s ...). */
bool args_is_source(const char *path);
/* Means something for linking only: -lm, -Wl,... */
bool args_is_link_only(const char *option);

#endif
