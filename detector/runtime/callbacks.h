/* SPDX-License-Identifier: MIT
 *
 * Functions that the program may define for the detector to call (sanitizer/tsan_interface.h and
 * its like). abi/callbacks.c has weak ones that do nothing; the program's come first.
 */
#ifndef DT_CALLBACKS_H
#define DT_CALLBACKS_H

/* Options in the syntax of the compilers' runtime, and the text of a suppression file. */
const char *__tsan_default_options(void);
const char *__tsan_default_suppressions(void);
void __tsan_on_initialize(void);
/* Gives whether the run is to fail. */
int __tsan_on_finalize(int failed);

#endif
