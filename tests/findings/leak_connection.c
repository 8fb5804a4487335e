/* SPDX-License-Identifier: MIT
 *
 * A goroutine for a connection reads until the peer closes, which nobody makes it do: it waits for
 * the descriptor at the end, and its reply channel's reader waits for it.
 */
#include <gorc.h>
#include <sys/socket.h>

struct connection {
    int fd;
    gorc_chan *lines;
};

static void reads(void *arg)
{
    struct connection *c = arg;
    char byte;
    while (gorc_read(c->fd, &byte, 1) == 1) /* HERE: read */
        gorc_chan_send(c->lines, &byte);
    gorc_chan_close(c->lines);
}

static void prints(void *arg)
{
    struct connection *c = arg;
    char byte;
    while (gorc_chan_recv(c->lines, &byte)) /* HERE: recv */
        ;
}

int main(void)
{
    static struct connection c;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 1;
    c = (struct connection){pair[0], gorc_chan_new(1, 0)}; /* HERE: new */
    gorc_go(reads, &c);                                    /* HERE: reads */
    gorc_go(prints, &c);                                   /* HERE: prints */
    gorc_write(pair[1], "x", 1);
    gorc_yield();
    return 0;
}
