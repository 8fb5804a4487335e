/* SPDX-License-Identifier: MIT
 *
 * For programs that hang: a child process, made before any thread, sends SIGTERM once all threads
 * of the program sleep and have slept for a while. It takes part in nothing.
 */
#ifndef GORC_TESTS_TOLD_TO_END_H
#define GORC_TESTS_TOLD_TO_END_H

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Are there `threads` of them, and do all sleep? Adds what tells whether one has run since. */
static bool told_all_sleep(int pid, int threads, unsigned long *ret_switches)
{
    char path[300], line[200];
    int seen = 0, sleeping = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *d = opendir(path);
    *ret_switches = 0;
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        seen++;
        snprintf(path, sizeof path, "/proc/%d/task/%s/status", pid, e->d_name);
        FILE *f = fopen(path, "r");
        while (f && fgets(line, sizeof line, f)) {
            sleeping += strncmp(line, "State:\tS", 8) == 0;
            if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
                *ret_switches += strtoul(line + 24, NULL, 10);
        }
        if (f)
            fclose(f);
    }
    if (d)
        closedir(d);
    return seen == threads && sleeping == threads;
}

/* A lock call looks for cycles for a moment before it sleeps for good. */
static void end_when_asleep(int threads)
{
    enum { LOOKS = 40, EACH_US = 20000 };
    int pid = getpid();
    if (fork() != 0)
        return;
    unsigned long before = 0, now;
    for (int quiet = 0; quiet < LOOKS; before = now, usleep(EACH_US)) {
        bool asleep = told_all_sleep(pid, threads, &now);
        quiet = asleep && now == before ? quiet + 1 : 0;
        if (getppid() != pid)
            _exit(0);
    }
    kill(pid, SIGTERM);
    _exit(0);
}

#endif
