/* SPDX-License-Identifier: MIT
 *
 * Addresses as text. Numeric ones are converted here; names go to getaddrinfo, which may block for
 * long, ask a server and need much stack: a goroutine of its own does it in a blocking call. Who
 * asked waits for it, or leaves at its deadline; the last of the two frees the question.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "net/net_impl.h"

#undef errno
#define errno (*__errno_location())

#define RESOLVER_STACK ((size_t)512 << 10)
#define HOST_MAX 256u
#define PORT_MAX 32u

struct question {
    struct gorc__lock lock;
    _Atomic uint32_t refs;
    bool answered;
    bool claimed; /* the one who asks waits until a deadline */
    struct gorc__g *waiter;
    char host[HOST_MAX], port[PORT_MAX];
    bool to_listen;
    int n; /* addresses, or an error */
    struct gorc__address found[GORC__ADDRESSES];
};

static void question_unref(struct question *q)
{
    if (atomic_fetch_sub(&q->refs, 1) == 1)
        gorc__free(q);
}

/* --- unix --- */

static int unix_address(const char *path, struct gorc__address *ret)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&ret->addr;
    size_t n = strlen(path);
    if (n == 0)
        return -EINVAL;
    if (n >= sizeof un->sun_path)
        return -ENAMETOOLONG;
    memset(un, 0, sizeof *un);
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, n + 1);
    if (path[0] == '@') { /* abstract: the name has no end of its own */
        un->sun_path[0] = 0;
        ret->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    } else {
        ret->size = sizeof *un;
    }
    return 1;
}

/* --- numeric --- */

static int v4_address(struct in_addr host, uint16_t port, struct gorc__address *ret)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&ret->addr;
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = host};
    ret->size = sizeof *in;
    return 1;
}

static int v6_address(struct in6_addr host, uint16_t port, struct gorc__address *ret)
{
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)&ret->addr;
    *in =
        (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = host};
    ret->size = sizeof *in;
    return 1;
}

/* ":port" */
static int any_address(uint16_t port, bool to_listen, struct gorc__address *ret)
{
    struct in_addr v4 = {htonl(to_listen ? INADDR_ANY : INADDR_LOOPBACK)};
    struct in6_addr any = IN6ADDR_ANY_INIT, loop = IN6ADDR_LOOPBACK_INIT;
    v6_address(to_listen ? any : loop, port, &ret[0]);
    v4_address(v4, port, &ret[1]);
    return 2;
}

/* -1: a service's name; above UINT16_MAX: no port. */
static long port_number(const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    long n = strtol(text, &end, 10);
    return *end ? -1 : n;
}

/* "host:port", "[host]:port"; false: neither. */
static bool split(const char *text, char *host, char *port)
{
    const char *colon = strrchr(text, ':'), *end = colon;
    if (!colon || strlen(colon + 1) >= PORT_MAX || !colon[1])
        return false;
    if (*text == '[') {
        text++;
        end = colon - 1;
        if (end < text || *end != ']')
            return false;
    } else if (memchr(text, ':', (size_t)(colon - text))) {
        return false; /* a v6 address without brackets */
    }
    size_t n = (size_t)(end - text);
    if (n >= HOST_MAX)
        return false;
    memcpy(host, text, n);
    host[n] = 0;
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

/* --- names --- */

static int error_of(int gai)
{
    switch (gai) {
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_SYSTEM:
        return errno ? -errno : -EIO;
    case EAI_AGAIN:
        return -EAGAIN;
    default:
        return -ENOENT;
    }
}

static int look_up(void *arg)
{
    struct question *q = arg;
    struct addrinfo *list,
        hints = {.ai_socktype = SOCK_STREAM, .ai_flags = q->to_listen ? AI_PASSIVE : AI_ADDRCONFIG};
    int err = getaddrinfo(q->host[0] ? q->host : NULL, q->port, &hints, &list), n = 0;
    if (err == EAI_NONAME && !q->to_listen) { /* a host with nothing but its loopback address */
        hints.ai_flags = 0;
        err = getaddrinfo(q->host[0] ? q->host : NULL, q->port, &hints, &list);
    }
    if (err)
        return error_of(err);
    for (struct addrinfo *a = list; a && n < (int)GORC__ADDRESSES; a = a->ai_next) {
        if (a->ai_addrlen > sizeof q->found[n].addr)
            continue;
        memcpy(&q->found[n].addr, a->ai_addr, a->ai_addrlen);
        q->found[n++].size = a->ai_addrlen;
    }
    freeaddrinfo(list);
    return n ? n : -ENOENT;
}

static void resolver(void *arg)
{
    struct question *q = arg;
    int n = gorc__blocking_call(look_up, q);
    gorc__lock(&q->lock);
    q->n = n;
    q->answered = true;
    struct gorc__g *g = q->waiter;
    if (g && q->claimed && !gorc__claim(g))
        g = NULL;
    gorc__unlock(&q->lock);
    if (g)
        gorc__ready(g);
    question_unref(q);
}

static bool await_answer(struct question *q, int64_t deadline)
{
    struct gorc__g *self = gorc__self();
    gorc__lock(&q->lock);
    if (q->answered) {
        gorc__unlock(&q->lock);
        return true;
    }
    q->waiter = self;
    if (deadline == INT64_MAX) {
        gorc__park(self, &q->lock, GORC__WAIT_RESOLVE, NULL, NULL);
        return true;
    }
    q->claimed = true;
    gorc__claim_arm(self);
    return gorc__park_until(self, &q->lock, GORC__WAIT_RESOLVE, NULL, NULL, deadline);
}

static int resolve_name(struct question *model, struct gorc__address *ret, int64_t deadline)
{
    struct question *q = gorc__alloc(sizeof *q);
    if (!q)
        return -ENOMEM;
    *q = *model;
    atomic_store(&q->refs, 2);
    if (gorc__spawn(resolver, q, "name resolution", RESOLVER_STACK, false,
            __builtin_return_address(0)) != 0) {
        gorc__free(q);
        return -ENOMEM;
    }
    int n = await_answer(q, deadline) ? q->n : -ETIMEDOUT;
    for (int i = 0; i < n; i++)
        ret[i] = q->found[i];
    question_unref(q);
    return n;
}

int gorc__resolve(const char *text, bool to_listen, struct gorc__address *ret, int64_t deadline)
{
    struct question q = {.to_listen = to_listen};
    struct in_addr v4;
    struct in6_addr v6;
    if (!text)
        return -EINVAL;
    if (strncmp(text, "unix:", 5) == 0)
        return unix_address(text + 5, ret);
    if (!split(text, q.host, q.port))
        return -EINVAL;
    long number = port_number(q.port);
    if (number > UINT16_MAX)
        return -EINVAL;
    bool numeric = number >= 0;
    uint16_t port = (uint16_t)number;
    if (numeric && !q.host[0])
        return any_address(port, to_listen, ret);
    if (numeric && inet_pton(AF_INET, q.host, &v4) == 1)
        return v4_address(v4, port, ret);
    if (numeric && inet_pton(AF_INET6, q.host, &v6) == 1)
        return v6_address(v6, port, ret);
    return resolve_name(&q, ret, deadline);
}
