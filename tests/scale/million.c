/* SPDX-License-Identifier: MIT
 *
 * million N: N goroutines parked at once on one wait group. Prints the memory of one (resident
 * memory and page tables, beyond what the process had before), fails above 4.5 KB; then lets them
 * end and waits until the system has got nine tenths of it back.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 4608.0

static gorc_waitgroup gate, done;
static atomic_long arrived;

static void wait_at_gate(void *arg)
{
    (void)arg;
    atomic_fetch_add(&arrived, 1);
    gorc_wg_wait(&gate);
    gorc_wg_done(&done);
}

/* VmRSS and VmPTE, in bytes. */
static double memory(void)
{
    char line[256];
    double sum = 0;
    FILE *f = fopen("/proc/self/status", "r");
    if (!f)
        exit(2);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0 || strncmp(line, "VmPTE:", 6) == 0)
            sum += strtod(line + 6, NULL) * 1024;
    fclose(f);
    return sum;
}

int main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 1000000;
    gorc_wg_add(&gate, 1);
    gorc_wg_add(&done, (int)n);
    gorc_yield();
    double before = memory();
    for (long i = 0; i < n; i++)
        gorc_go(wait_at_gate, NULL);
    while (atomic_load(&arrived) < n)
        gorc_yield();
    double peak = memory(), each = (peak - before) / (double)n;
    gorc_wg_done(&gate);
    gorc_wg_wait(&done);

    int64_t deadline = gorc_now() + 60 * GORC_SECOND;
    double rest = memory();
    while (rest - before > (peak - before) / 10 && gorc_now() < deadline) {
        gorc_sleep(20 * GORC_MILLISECOND);
        rest = memory();
    }
    printf("%ld goroutines parked at once, %.0f bytes each; %.0f MB at the peak, %.0f MB after\n",
        n, each, peak / 1e6, rest / 1e6);
    if (each > LIMIT)
        printf("more than %.0f bytes each\n", LIMIT);
    if (gorc_now() >= deadline)
        printf("the memory did not go back\n");
    return each > LIMIT || gorc_now() >= deadline;
}
