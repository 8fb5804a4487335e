/* SPDX-License-Identifier: MIT
 *
 * The allocator's hooks, weak and installed, and its questions.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

void __sanitizer_malloc_hook(const volatile void *p, size_t size);
void __sanitizer_free_hook(const volatile void *p);
int __sanitizer_install_malloc_and_free_hooks(
    void (*made)(const volatile void *, size_t), void (*freeing)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *p);
size_t __sanitizer_get_allocated_size_fast(const volatile void *p);
const void *__sanitizer_get_allocated_begin(const void *p);
int __sanitizer_get_ownership(const volatile void *p);
void __sanitizer_purge_allocator(void);

static size_t made_size, installed_size;
static int freed, installed_freed;

void __sanitizer_malloc_hook(const volatile void *p, size_t size)
{
    made_size = p ? size : 0;
}

void __sanitizer_free_hook(const volatile void *p)
{
    freed += p != NULL;
}

static void made(const volatile void *p, size_t size)
{
    installed_size = p ? size : 0;
}

static void freeing(const volatile void *p)
{
    installed_freed += p != NULL;
}

static int need(int ok, const char *what)
{
    if (!ok)
        printf("not so: %s\n", what);
    return !ok;
}

int main(void)
{
    int failed = need(__sanitizer_install_malloc_and_free_hooks(made, freeing) > 0, "installed");
    char *volatile p = malloc(123);
    size_t weak_size = made_size, other_size = installed_size;
    freed = installed_freed = 0;
    failed += need(__sanitizer_get_ownership(p), "ours");
    failed += need(__sanitizer_get_allocated_size(p) == 123, "its size");
    failed += need(__sanitizer_get_allocated_size_fast(p) == 123, "its size again");
    failed += need(__sanitizer_get_allocated_begin(p + 100) == p, "its start");
    free(p);
    failed += need(freed == 1 && installed_freed == 1, "both hooks saw free");
    failed += need(weak_size == 123 && other_size == 123, "both hooks saw malloc");
    __sanitizer_purge_allocator();
    return failed;
}
