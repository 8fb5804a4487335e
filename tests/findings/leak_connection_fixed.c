/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of leak_connection.c: main closes its end and awaits both.
 */
#include <gorc.h>
#include <sys/socket.h>

static gorc_waitgroup ended;

struct connection {
    int fd;
    gorc_chan *lines;
};

static void reads(void *arg)
{
    struct connection *c = arg;
    char byte;
    while (gorc_read(c->fd, &byte, 1) == 1)
        gorc_chan_send(c->lines, &byte);
    gorc_chan_close(c->lines);
}

static void prints(void *arg)
{
    struct connection *c = arg;
    char byte;
    while (gorc_chan_recv(c->lines, &byte))
        ;
}

int main(void)
{
    static struct connection c;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 1;
    c = (struct connection){pair[0], gorc_chan_new(1, 0)};
    gorc_wg_go(&ended, reads, &c);
    gorc_wg_go(&ended, prints, &c);
    gorc_write(pair[1], "x", 1);
    gorc_close(pair[1]);
    gorc_wg_wait(&ended);
    gorc_close(pair[0]);
    gorc_chan_unref(c.lines);
    return 0;
}
