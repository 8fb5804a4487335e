/* SPDX-License-Identifier: MIT
 *
 * echo_server: prints its port, then echoes on every connection, one goroutine each, until its
 * standard input ends. go/echo.go is the same in Go; echo_load.c is the client of both.
 */
#include <gorc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buf[4096];
    ssize_t n;

    while ((n = gorc_read(fd, buf, sizeof(buf))) > 0)
        if (gorc_write(fd, buf, (size_t)n) != n)
            break;
    gorc_close(fd);
}

static void serve(void *arg)
{
    int listener = (int)(intptr_t)arg, fd;

    while ((fd = gorc_accept(listener)) >= 0)
        gorc_go(echo, (void *)(intptr_t)fd);
}

int main(void)
{
    struct sockaddr_in in;
    socklen_t size = sizeof(in);
    char c;
    int listener = gorc_listen("127.0.0.1:0");

    if (listener < 0 || getsockname(listener, (struct sockaddr *)&in, &size))
        return 1;
    printf("%d\n", ntohs(in.sin_port));
    fflush(stdout);
    gorc_go(serve, (void *)(intptr_t)listener);
    gorc_read(0, &c, 1);
    return 0;
}
