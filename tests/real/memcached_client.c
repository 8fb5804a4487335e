/* SPDX-License-Identifier: MIT
 *
 *     memcached_client SOCKET THREADS REQUESTS
 *
 * A bounded load for a memcached that listens on a unix socket. Prints what must be the same in
 * every run: the replies to a fixed list of commands, then, for each of THREADS connections, a
 * checksum of the replies to REQUESTS commands on keys of its own, then the value of a counter
 * that all have incremented. Ends the server with the "shutdown" command (memcached -A).
 *
 * Every command is followed by the protocol's no-operation, whose reply "MN" tells where the
 * replies end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { BIG = 40000, REPLY = 1 << 20 };

struct connection {
    int fd;
    char *reply;
    size_t length;
};

struct client {
    pthread_t thread;
    int number, requests;
    uint64_t sum;
    int wrong;
};

static const char *socket_path;

static void fail(const char *what)
{
    fprintf(stderr, "memcached_client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct connection open_connection(void)
{
    struct connection c = {.fd = socket(AF_UNIX, SOCK_STREAM, 0), .reply = malloc(REPLY)};
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 60};
    if (c.fd < 0 || !c.reply || strlen(socket_path) >= sizeof a.sun_path)
        fail("socket");
    memcpy(a.sun_path, socket_path, strlen(socket_path));
    setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(c.fd, (struct sockaddr *)&a, sizeof a))
        fail("connect");
    return c;
}

static void close_connection(struct connection *c)
{
    close(c->fd);
    free(c->reply);
}

static void send_all(struct connection *c, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(c->fd, data, n, MSG_NOSIGNAL);
        if (sent <= 0)
            fail("send");
        data += sent;
        n -= (size_t)sent;
    }
}

/* Sends `request` and reads its replies, without the closing "MN", into c->reply. */
static void ask(struct connection *c, const char *request, size_t n)
{
    static const char end[] = "MN\r\n";
    send_all(c, request, n);
    send_all(c, "mn\r\n", 4);
    for (c->length = 0;;) {
        ssize_t got = recv(c->fd, c->reply + c->length, REPLY - 1 - c->length, 0);
        if (got <= 0)
            fail("recv");
        c->length += (size_t)got;
        if (c->length >= 4 && !memcmp(c->reply + c->length - 4, end, 4) &&
            (c->length == 4 || c->reply[c->length - 5] == '\n'))
            break;
    }
    c->length -= 4;
    c->reply[c->length] = 0;
}

__attribute__((format(printf, 2, 3))) static void askf(
    struct connection *c, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ask(c, text, (size_t)n);
}

static const char *const fixed[] = {
    "set a 1 0 5\r\nhello\r\n",
    "get a\r\n",
    "gets a\r\n",
    "add a 0 0 1\r\nx\r\n",
    "add b 7 0 3\r\nabc\r\n",
    "replace b 8 0 2\r\nyz\r\n",
    "replace c 0 0 1\r\nx\r\n",
    "append a 0 0 6\r\n world\r\n",
    "prepend a 0 0 1\r\n>\r\n",
    "get a b c\r\n",
    "cas a 0 0 1 1\r\nx\r\n",
    "cas none 0 0 1 1\r\nx\r\n",
    "set n 0 0 2\r\n41\r\n",
    "incr n 1\r\n",
    "decr n 50\r\n",
    "incr a 1\r\n",
    "incr none 1\r\n",
    "touch a 100\r\n",
    "touch none 100\r\n",
    "gat 100 a b\r\n",
    "delete b\r\n",
    "delete b\r\n",
    "set gone 0 -1 4\r\nlost\r\n",
    "get gone\r\n",
    "ms m 4\r\nmeta\r\n",
    "mg m s v t f\r\n",
    "mg none v\r\n",
    "ma n N0 J5 v\r\n",
    "md m\r\n",
    "set quiet 0 0 1 noreply\r\nq\r\n",
    "get quiet\r\n",
    "bogus\r\n",
    "set too-long 0 0 1\r\nxyz\r\n",
    "verbosity 0\r\n",
    "version_of_nothing\r\n",
    "cache_memlimit 64\r\n",
    "flush_all\r\n",
};

static void run_fixed(void)
{
    struct connection c = open_connection();
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        ask(&c, fixed[i], strlen(fixed[i]));
        printf("%.*s -> ", (int)strcspn(fixed[i], "\r"), fixed[i]);
        for (const char *p = c.reply; *p; p++)
            if (*p != '\r')
                putchar(*p == '\n' ? '|' : *p);
        putchar('\n');
    }
    close_connection(&c);
}

static void add_reply(struct client *me, const struct connection *c)
{
    for (size_t i = 0; i < c->length; i++)
        me->sum = (me->sum ^ (unsigned char)c->reply[i]) * 0x100000001b3u;
}

/* A value that does not fit the buffers of a connection at once: goes the chunked way. */
static void big_value(struct client *me, struct connection *c, int i)
{
    static const char tail[] = "\r\n";
    char *request = malloc(BIG + 128);
    if (!request)
        fail("malloc");
    int head = snprintf(request, 128, "set big-%d-%d 0 0 %d\r\n", me->number, i % 3, BIG);
    memset(request + head, 'a' + i % 26, BIG);
    memcpy(request + head + BIG, tail, 2);
    ask(c, request, (size_t)head + BIG + 2);
    add_reply(me, c);
    askf(c, "get big-%d-%d\r\n", me->number, i % 3);
    add_reply(me, c);
    free(request);
}

static void *run_client(void *arg)
{
    struct client *me = arg;
    struct connection c = open_connection();
    char want[64];
    me->sum = 0xcbf29ce484222325u;
    for (int i = 0; i < me->requests; i++) {
        int n = snprintf(want, sizeof want, "value-%d-%d", me->number, i);
        askf(&c, "set key-%d-%d %d 0 %d\r\n%s\r\n", me->number, i, i, n, want);
        add_reply(me, &c);
        askf(&c, "get key-%d-%d\r\n", me->number, i);
        add_reply(me, &c);
        if (!strstr(c.reply, want))
            me->wrong++;
        ask(&c, "incr shared 1\r\n", 15);
        if (i % 4 == 0)
            askf(&c, "delete key-%d-%d\r\n", me->number, i / 2);
        if (i % 7 == 0)
            askf(&c, "mg key-%d-%d s v\r\n", me->number, i / 3);
        if (i % 50 == 0)
            big_value(me, &c, i);
        /* Other clients' keys: the answer depends on time, only the server's code is wanted. */
        askf(&c, "get key-%d-%d key-0-%d\r\n", me->number + 1, i, i);
    }
    close_connection(&c);
    return NULL;
}

static void run_clients(int n, int requests)
{
    struct connection c = open_connection();
    ask(&c, "set shared 0 0 1\r\n0\r\n", 21);
    struct client *clients = calloc((size_t)n, sizeof *clients);
    if (!clients)
        fail("calloc");
    for (int i = 0; i < n; i++) {
        clients[i].number = i;
        clients[i].requests = requests;
        if (pthread_create(&clients[i].thread, NULL, run_client, &clients[i]))
            fail("pthread_create");
    }
    for (int i = 0; i < n; i++) {
        pthread_join(clients[i].thread, NULL);
        printf("client %d: %016llx, %d wrong\n", i, (unsigned long long)clients[i].sum,
            clients[i].wrong);
    }
    ask(&c, "get shared\r\n", 12);
    printf("shared: %s", c.reply);
    close_connection(&c);
    free(clients);
}

/* Replies that differ from run to run: that they come and how they end is what counts. */
static void run_queries(void)
{
    static const char *const queries[] = {"stats\r\n", "stats items\r\n", "stats slabs\r\n",
        "stats settings\r\n", "stats conns\r\n", "stats sizes\r\n"};
    struct connection c = open_connection();
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        ask(&c, queries[i], strlen(queries[i]));
        bool ended = c.length >= 5 && !memcmp(c.reply + c.length - 5, "END\r\n", 5);
        printf("%.*s: %s\n", (int)strcspn(queries[i], "\r"), queries[i], ended ? "END" : "bad");
    }
    close_connection(&c);
}

/* The crawler's thread takes the connection over while it dumps; nothing may be sent meanwhile. */
static void run_crawler(void)
{
    struct connection c = open_connection();
    send_all(&c, "lru_crawler metadump all\r\n", 26);
    for (c.length = 0; c.length < 5 || memcmp(c.reply + c.length - 5, "END\r\n", 5);) {
        if (c.length > REPLY / 2) {
            memmove(c.reply, c.reply + c.length - 16, 16);
            c.length = 16;
        }
        ssize_t got = recv(c.fd, c.reply + c.length, REPLY / 4, 0);
        if (got <= 0)
            fail("recv of the dump");
        c.length += (size_t)got;
    }
    printf("metadump: END\n");
    close_connection(&c);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: memcached_client SOCKET THREADS REQUESTS\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    socket_path = argv[1];
    run_fixed();
    run_clients(atoi(argv[2]), atoi(argv[3]));
    run_queries();
    run_crawler();
    struct connection c = open_connection();
    send_all(&c, "shutdown\r\n", 10);
    while (recv(c.fd, c.reply, REPLY, 0) > 0)
        continue;
    close_connection(&c);
    return 0;
}
