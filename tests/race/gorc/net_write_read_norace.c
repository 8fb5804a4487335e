/* SPDX-License-Identifier: MIT
 *
 * gorc_write on a connection happens before the gorc_read that gets it.
 */
#include <gorc.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int ends[2];

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
    x = 1;
    if (gorc_write(ends[0], "x", 1) != 1)
        abort();
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    char c;
    if (gorc_read(ends[1], &c, 1) != 1)
        abort();
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    char address[64];
    int l = listener(address);
    ends[0] = gorc_dial(address);
    ends[1] = gorc_accept(l);
    gorc_close(l);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_close(ends[0]);
    gorc_close(ends[1]);
    return 0;
}
