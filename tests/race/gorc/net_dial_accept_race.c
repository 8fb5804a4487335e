/* SPDX-License-Identifier: MIT
 *
 * A write after gorc_dial is not ordered before the gorc_accept that gets the connection.
 */
#include <gorc.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static char address[64];
static int l, ends[2];

static int listener(char address[64])
{
    struct sockaddr_in in;
    socklen_t size = sizeof in;
    int fd = gorc_listen("127.0.0.1:0");
    if (getsockname(fd, (struct sockaddr *)&in, &size))
        abort();
    snprintf(address, 64, "127.0.0.1:%d", ntohs(in.sin_port));
    return fd;
}

static void first(void *arg)
{
    (void)arg;
    ends[0] = gorc_dial(address);
    x = 1;
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    ends[1] = gorc_accept(l);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    l = listener(address);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_close(ends[0]);
    gorc_close(ends[1]);
    gorc_close(l);
    return 0;
}
