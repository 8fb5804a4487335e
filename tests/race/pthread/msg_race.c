/* SPDX-License-Identifier: MIT
 *
 * A message of a System V queue: what is done after is not ordered.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
struct message {
    long type;
    char text[8];
};
static int q;

static void *first(void *arg)
{
    (void)arg;
    struct message m = {1, "a"};
    if (msgsnd(q, &m, 2, 0))
        abort();
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    struct message m;
    if (msgrcv(q, &m, sizeof m.text, 0, 0) != 2)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    q = msgget(IPC_PRIVATE, 0600);
    if (q < 0)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    msgctl(q, IPC_RMID, NULL);
    return 0;
}
