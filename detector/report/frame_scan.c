/* SPDX-License-Identifier: MIT
 *
 * See frame_scan.h. The memory is read through the kernel: the stack's owner may end and unmap it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "report/frame_scan.h"

enum { WORDS = 512, MAX_BYTES = 256 << 10 };

static size_t read_words(uintptr_t from, uintptr_t *to, size_t n)
{
    int saved = errno;
    struct iovec local = {to, n * sizeof *to}, remote = {(void *)from, n * sizeof *to};
    ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    errno = saved;
    return got > 0 ? (size_t)got / sizeof *to : 0;
}

static size_t index_of(const uintptr_t *pcs, size_t n, uintptr_t word)
{
    size_t i = 1;
    while (i < n && pcs[i] != word)
        i++;
    return i;
}

bool dt_frame_scan(uintptr_t addr, uintptr_t end, const uintptr_t *pcs, size_t n, uintptr_t *ret_pc,
    uintptr_t *ret_cfa)
{
    uintptr_t words[WORDS], at = (addr + 7) & ~(uintptr_t)7, last = at + MAX_BYTES;
    if (n < 2)
        return false;
    if (last > end)
        last = end & ~(uintptr_t)7;
    while (at < last) {
        size_t ask = (last - at) / sizeof *words;
        size_t got = read_words(at, words, ask < WORDS ? ask : WORDS);
        for (size_t k = 0; k < got; k++) {
            size_t i = index_of(pcs, n, words[k]);
            if (i == n)
                continue;
            *ret_pc = pcs[i - 1];
            *ret_cfa = at + (k + 1) * sizeof *words;
            return true;
        }
        if (!got)
            return false;
        at += got * sizeof *words;
    }
    return false;
}
