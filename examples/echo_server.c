/* SPDX-License-Identifier: MIT
 *
 * A goroutine per connection: an echo server. With an address ("127.0.0.1:0", "unix:/path") it
 * prints where it listens, serves until its standard input ends, waits for the connections to end,
 * and prints what is left. Without one it serves a few clients of its own.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <gorc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

struct server {
    int listener;
    gorc_waitgroup connections;
};

struct connection {
    struct server *server;
    int fd;
};

static void handle(void *arg)
{
    struct connection c = *(struct connection *)arg;
    char buf[1024];
    ssize_t n;
    free(arg);
    gorc_defer_done(&c.server->connections);
    while ((n = gorc_read(c.fd, buf, sizeof buf)) > 0)
        if (gorc_write(c.fd, buf, (size_t)n) != n)
            break;
    gorc_close(c.fd);
}

/* Ends when the listener is closed. */
static void serve(void *arg)
{
    struct server *s = arg;
    int fd;
    while ((fd = gorc_accept(s->listener)) != -EBADF) {
        struct connection *c = fd < 0 ? NULL : malloc(sizeof *c);
        if (!c) {
            fprintf(stderr, "accept: %s\n", strerror(fd < 0 ? -fd : ENOMEM));
            if (fd >= 0)
                gorc_close(fd);
            gorc_sleep(10 * GORC_MILLISECOND); /* out of descriptors: some will be free again */
            continue;
        }
        *c = (struct connection){s, fd};
        gorc_wg_add(&s->connections, 1);
        gorc_go(handle, c);
    }
}

static int port_of(int fd)
{
    struct sockaddr_in in = {0};
    socklen_t size = sizeof in;
    getsockname(fd, (struct sockaddr *)&in, &size);
    return ntohs(in.sin_port);
}

static int count_descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        n++;
    closedir(d);
    return n - 3; /* ., .., its own */
}

/* --- clients --- */

struct clients {
    char address[64];
    gorc_waitgroup wg;
    gorc_mutex m;
    int answers;
};

static void client(void *arg)
{
    struct clients *c = arg;
    char in[16];
    int fd = gorc_dial(c->address);
    for (int i = 0; i < 10 && fd >= 0; i++) {
        gorc_write(fd, "hello", 5);
        size_t got = 0;
        ssize_t n;
        while (got < 5 && (n = gorc_read(fd, in + got, 5 - got)) > 0)
            got += (size_t)n;
        gorc_mutex_lock(&c->m);
        c->answers += got == 5 && memcmp(in, "hello", 5) == 0;
        gorc_mutex_unlock(&c->m);
    }
    gorc_close(fd);
}

static void serve_own_clients(struct server *s)
{
    struct clients c = {.answers = 0};
    snprintf(c.address, sizeof c.address, "127.0.0.1:%d", port_of(s->listener));
    for (int i = 0; i < 8; i++)
        gorc_wg_go(&c.wg, client, &c);
    gorc_wg_wait(&c.wg);
    printf("8 clients, %d answers\n", c.answers);
}

int main(int argc, char **argv)
{
    struct server s = {.listener = gorc_listen(argc > 1 ? argv[1] : "127.0.0.1:0")};
    struct rlimit limit;
    gorc_waitgroup accepting = {0};
    char c;
    if (s.listener < 0) {
        fprintf(stderr, "listen: %s\n", strerror(-s.listener));
        return 1;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    int before = count_descriptors();
    gorc_wg_go(&accepting, serve, &s);
    if (argc > 1) {
        printf("%d\n", port_of(s.listener));
        fflush(stdout);
        while (gorc_read(0, &c, 1) > 0)
            ;
    } else {
        serve_own_clients(&s);
    }
    gorc_close(s.listener);
    gorc_wg_wait(&accepting);
    gorc_wg_wait(&s.connections);
    int64_t patience = gorc_now() + 60 * GORC_SECOND; /* the last of them are about to return */
    while (gorc_num_goroutines() > 1 && gorc_now() < patience)
        gorc_yield();
    if (argc > 1) /* the library keeps two descriptors from the first wait on */
        printf("left: %d goroutines, %d descriptors\n", (int)gorc_num_goroutines(),
            count_descriptors() - before + 1 - 2);
    return 0;
}
