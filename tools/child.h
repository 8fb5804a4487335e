/* SPDX-License-Identifier: MIT
 *
 * The program under `gorc run`, from its start to its end.
 */
#ifndef TOOLS_CHILD_H
#define TOOLS_CHILD_H

#include <stdbool.h>
#include <stdint.h>

struct child {
    const char *path;
    char **argv;
    const char *record; /* directory of the raw records */
    int64_t timeout_ns; /* 0: none */
    /* Results. */
    int pid;
    int status; /* as waitpid gives it */
    bool timed_out;
    int error; /* of the exec; 0: it started */
};

/* Starts the program and waits for its end. The environment is the present one. Signals that other
 * processes send us go on to it; those of the terminal it gets itself. */
void child_run(struct child *c);

/* Dies of the signal that the program died of, without a core of our own. */
void die_of_signal(int sig) __attribute__((noreturn));

#endif
