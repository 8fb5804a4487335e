/* SPDX-License-Identifier: MIT
 *
 * Objects that a library announces by external tags: races on them are found, one byte standing for
 * the object, and reports call them by their tag.
 *
 * status: 66
 * finds: 1 data race
 * says: heap block 'Shelf'
 */
#include <pthread.h>
#include <stdlib.h>
#include <sanitizer/tsan_interface.h>

#include "barrier.h"

/* Of clang's header; gcc's has no declarations of them. */
void *__tsan_external_register_tag(const char *type);
void __tsan_external_register_header(void *tag, const char *header);
void __tsan_external_assign_tag(void *addr, void *tag);
void __tsan_external_read(void *addr, void *pc, void *tag);
void __tsan_external_write(void *addr, void *pc, void *tag);

static void *tag, *other_tag;
static char *shelf, *ordered;

static void *put(void *arg)
{
    __tsan_external_write(ordered, NULL, tag);
    __tsan_external_write(shelf, NULL, tag);
    hidden_step();
    return arg;
}

int main(void)
{
    pthread_t t;
    tag = __tsan_external_register_tag("Shelf");
    other_tag = __tsan_external_register_tag("Other");
    __tsan_external_register_header(tag, "race on a Shelf");
    shelf = malloc(16);
    ordered = malloc(16);
    __tsan_external_assign_tag(ordered, other_tag);
    __tsan_external_assign_tag(shelf, tag);
    pthread_create(&t, NULL, put, NULL);
    hidden_wait(1);
    __tsan_external_read(shelf, NULL, tag);
    pthread_join(t, NULL);
    __tsan_external_read(ordered, NULL, tag);
    free(ordered);
    return 0;
}
