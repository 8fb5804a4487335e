/* SPDX-License-Identifier: MIT
 *
 * What came before send() happens before the recv() of that datagram.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int x; /* not static, or compilers would see through the test */
static int sender, receiver;

static void *work(void *arg)
{
    x = 1;
    if (send(sender, "a", 1, 0) != 1)
        abort();
    return arg;
}

int main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    pthread_t t;
    char c;

    sender = socket(AF_INET, SOCK_DGRAM, 0);
    receiver = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(receiver, (struct sockaddr *)&at, sizeof at) ||
        getsockname(receiver, (struct sockaddr *)&at, &size) ||
        connect(sender, (struct sockaddr *)&at, sizeof at))
        abort();
    if (pthread_create(&t, NULL, work, NULL) || recv(receiver, &c, 1, 0) != 1)
        abort();
    x = 3;
    pthread_join(t, NULL);
    close(sender);
    close(receiver);
    return 0;
}
