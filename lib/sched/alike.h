/* SPDX-License-Identifier: MIT
 */
#ifndef GORC_LIB_SCHED_ALIKE_H
#define GORC_LIB_SCHED_ALIKE_H

/* Plain build: prints all goroutines to stderr, those that are alike once, with how many they are
 * and the numbers of the first. For a process that is about to end. */
void gorc__print_goroutines(void);

#endif
