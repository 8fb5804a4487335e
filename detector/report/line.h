/* SPDX-License-Identifier: MIT
 *
 * One line of JSON in memory of its own, so that it can be written by a single write(2). No lock
 * and no shared buffer: a signal handler may build one while another is half done.
 */
#ifndef DT_LINE_H
#define DT_LINE_H

#include <stddef.h>
#include <stdint.h>

struct dt_line {
    char *text; /* not terminated; NULL after a failed allocation: the line is lost, see `lost` */
    size_t used, size;
    int lost;
};

void dt_line_start(struct dt_line *l);
void dt_line_free(struct dt_line *l);
void dt_line_raw(struct dt_line *l, const char *s, size_t n);
void dt_line_text(struct dt_line *l, const char *s);
void dt_line_u64(struct dt_line *l, uint64_t n);
void dt_line_hex(struct dt_line *l, const unsigned char *bytes, size_t n); /* "0a1b", quoted */
void dt_line_json(struct dt_line *l, const char *s); /* quoted and escaped; NULL: null */
/* "key":, after a comma unless it is the first of its object. */
void dt_line_key(struct dt_line *l, const char *key);
void dt_line_field(struct dt_line *l, const char *key, const char *s); /* nothing for NULL */
void dt_line_number(struct dt_line *l, const char *key, uint64_t n);

#endif
