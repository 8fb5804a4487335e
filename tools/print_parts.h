/* SPDX-License-Identifier: MIT
 *
 * Pieces that the texts share.
 */
#ifndef TOOLS_PRINT_PARTS_H
#define TOOLS_PRINT_PARTS_H

#include <stdio.h>

#include "model.h"

/* Relative to the working directory where that is shorter. Valid until the next call but seven. */
const char *short_path(const char *path);
/* How many frames there are before libc's way into main or into a thread. */
size_t frames_shown(const struct stack *s);
/* One line a frame, indented: function, file:line and the text of the line. At most `most`; 0: all.
 */
void print_frames(FILE *f, const struct stack *s, int indent, size_t most);
/* "1.2 s" */
void print_duration(FILE *f, int64_t ns);

#endif
