/* SPDX-License-Identifier: MIT
 *
 * A service for tests of `gorc dump`: many goroutines that wait for requests, one that works all
 * the time, and a deadlock that mixes a lock and a channel: `transfer` holds an account's lock and
 * sends to `audit`, whose only receiver wants that lock; others want it too. Ends, and says how
 * much work was done, when standard input closes.
 */
#include <gorc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static gorc_mutex account;
static gorc_chan *audit, *audited, *quit;
static gorc_waitgroup started;
static long worked;

static void keepalive(void *requests)
{
    int request;
    gorc_case cases[] = {gorc_case_recv(requests, &request), gorc_case_recv(quit, NULL)};
    gorc_wg_done(&started);
    gorc_select(cases, 2);
}

static void audit_one(void)
{
    gorc_mutex_lock(&account); /* STUCK: auditor */
    gorc_mutex_unlock(&account);
}

static void auditor(void *arg)
{
    int record;
    (void)arg;
    while (gorc_chan_recv(audit, &record)) {
        if (record)
            gorc_wg_done(&started);
        audit_one();
        gorc_chan_send(audited, NULL);
    }
}

static void transfer(void *arg)
{
    int record = 0;
    (void)arg;
    gorc_chan_send(audit, &record);
    gorc_chan_recv(audited, NULL);
    gorc_mutex_lock(&account);
    record = 1;
    gorc_chan_send(audit, &record);
    gorc_wg_done(&started);
    gorc_chan_send(audit, &record); /* STUCK: transfer */
    gorc_mutex_unlock(&account);
}

static void customer(void *arg)
{
    (void)arg;
    gorc_wg_done(&started);
    gorc_mutex_lock(&account); /* STUCK: customer */
    gorc_mutex_unlock(&account);
}

static void work(void *arg)
{
    (void)arg;
    worked = 1;
    gorc_wg_done(&started);
    for (;;) {
        worked++;
        gorc_sleep(GORC_MILLISECOND);
    }
}

static void *wait_for_end(void *arg)
{
    char c;
    while (read(0, &c, 1) > 0)
        ;
    gorc_chan_close(quit);
    return arg;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 100;
    pthread_t reader;
    audit = gorc_chan_new(sizeof(int), 0);
    audited = gorc_chan_new(0, 0);
    quit = gorc_chan_new(0, 0);
    gorc_set_name(audit, "audit");
    gorc_set_name(&account, "account[7]");
    gorc_wg_add(&started, n + 2);
    gorc_go(auditor, NULL);
    gorc_go(transfer, NULL);
    for (int i = 0; i < n; i++)
        gorc_go(keepalive, gorc_chan_new(sizeof(int), 0));
    gorc_wg_wait(&started);
    gorc_wg_add(&started, 30);
    for (int i = 0; i < 30; i++)
        gorc_go(customer, NULL);
    gorc_wg_wait(&started);
    gorc_wg_add(&started, 1);
    gorc_go(work, NULL);
    gorc_wg_wait(&started);
    pthread_create(&reader, NULL, wait_for_end, NULL);
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    gorc_chan_recv(quit, NULL);
    printf("worked %ld\n", worked);
    pthread_join(reader, NULL);
    return 0;
}
