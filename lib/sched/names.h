/* SPDX-License-Identifier: MIT
 *
 * The table behind gorc_set_name, for those who read it from outside (lib/tables.h).
 */
#ifndef GORC_LIB_SCHED_NAMES_H
#define GORC_LIB_SCHED_NAMES_H

#include <stdatomic.h>

#define GORC__NAME_BUCKETS 1024u

struct gorc__name {
    struct gorc__name *next; /* constant once published */
    _Atomic(const void *) object;
    _Atomic(char *) text;
    char *retired;
};

extern _Atomic(struct gorc__name *) gorc__names[GORC__NAME_BUCKETS];

#endif
