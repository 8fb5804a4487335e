/* SPDX-License-Identifier: MIT
 *
 * A pipe that is used by system calls alone orders what is done around it, when the program says so
 * with the hooks; and the buffer is seen.
 *
 * status: 66
 * finds: 1 data race
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "barrier.h"

void __sanitizer_syscall_pre_impl_write(long fd, long p, long n);
void __sanitizer_syscall_post_impl_write(long result, long fd, long p, long n);
void __sanitizer_syscall_pre_impl_read(long fd, long p, long n);
void __sanitizer_syscall_post_impl_read(long result, long fd, long p, long n);
void __sanitizer_syscall_pre_impl_getppid(void);
void __sanitizer_syscall_post_impl_getppid(long result);

int ordered; /* not static, or compilers would see through the test */
static int fds[2];
static char buffer[8];

static void *first(void *arg)
{
    (void)arg;
    ordered = 1;
    __sanitizer_syscall_pre_impl_write(fds[1], (long)"a", 1);
    long n = syscall(SYS_write, fds[1], "a", 1);
    __sanitizer_syscall_post_impl_write(n, fds[1], (long)"a", 1);
    hidden_wait(1);
    buffer[0] = 1; /* races with what the kernel has written into it */
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    __sanitizer_syscall_pre_impl_read(fds[0], (long)buffer, 1);
    long n = syscall(SYS_read, fds[0], buffer, 1);
    __sanitizer_syscall_post_impl_read(n, fds[0], (long)buffer, 1);
    if (ordered != 1)
        abort();
    hidden_step();
    return NULL;
}

int main(void)
{
    pthread_t a, b;
    __sanitizer_syscall_pre_impl_getppid();
    __sanitizer_syscall_post_impl_getppid(1);
    if (pipe(fds) || pthread_create(&a, NULL, first, NULL) ||
        pthread_create(&b, NULL, second, NULL))
        abort();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
