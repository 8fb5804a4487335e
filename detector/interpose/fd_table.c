/* SPDX-License-Identifier: MIT
 *
 * The descriptors' keys. An entry is one 64-bit word, read without a lock: two 32-bit key numbers,
 * UNKNOWN before the first use. Keys that belong to one object (pairs, eventfd ...) are counted and
 * used again when the last descriptor has gone; keys by hash lie in a range of their own and stay.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "base/lock.h"
#include "core/sync.h"
#include "interpose/fd_table.h"
#include "runtime/runtime.h"

enum {
    UNKNOWN = 0,
    NONE = 1,
    FILES = 2, /* all regular files, io_sync=2 */
    CONNECTIONS = 3,
    SETS = 4,    /* all epoll sets that wait for one object */
    SIGNALS = 5, /* all signalfds */
    FIRST_HASHED = 16,
    NHASHED = 1 << 14,
    FIRST_OWNED = FIRST_HASHED + NHASHED,
    NOWNED = 1 << 20,
    NKEYS = FIRST_OWNED + NOWNED,
    PAGE_FDS = 1024,
    NPAGES = 4096,
};

struct keys {
    uint32_t in, out;
};

struct page {
    struct keys fds[PAGE_FDS];
};

static struct page *pages[NPAGES];
/* Key k is the address key_area + 8 * k; reserved, never touched. */
static char *key_area;

/* By the key of what is waited for: the key of the epoll set that waits for it, 0 for none, SETS
 * for several. A set that has gone may leave its key here: an edge too many, never one too few. */
static uint32_t *watchers;

/* Guards all that follows, and changes of entries. */
static dt_lock lock;
static uint32_t *refs; /* of the owned keys */
static uint32_t *free_keys, nfree, next_owned;

/* --- keys --- */

static void *map_once(void **slot, size_t size)
{
    void *p = __atomic_load_n(slot, __ATOMIC_ACQUIRE), *expected = NULL;
    if (p)
        return p;
    p = dt_map(size);
    if (!p)
        return NULL;
    if (__atomic_compare_exchange_n(slot, &expected, p, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return p;
    dt_unmap(p, size);
    return expected;
}

static const void *key_address(uint32_t key)
{
    char *area = map_once((void **)&key_area, (size_t)NKEYS * 8);
    return area ? area + (size_t)key * 8 : NULL;
}

/* With the lock held. More than NOWNED at once: they are shared. */
static uint32_t key_new(uint32_t count)
{
    if (!refs) {
        refs = dt_map(NOWNED * sizeof *refs);
        free_keys = dt_map(NOWNED * sizeof *free_keys);
        if (!refs || !free_keys) {
            refs = NULL;
            return NONE;
        }
    }
    uint32_t i = nfree ? free_keys[--nfree] : next_owned++ % NOWNED;
    refs[i] += count;
    return FIRST_OWNED + i;
}

static void key_ref(uint32_t key)
{
    if (key >= FIRST_OWNED)
        refs[key - FIRST_OWNED]++;
}

static void key_unref(uint32_t key)
{
    if (key < FIRST_OWNED || --refs[key - FIRST_OWNED])
        return;
    const void *p = key_address(key);
    if (p)
        dt_sync_forget(p, 8);
    if (watchers)
        __atomic_store_n(&watchers[key], 0, __ATOMIC_RELAXED);
    free_keys[nfree++] = key - FIRST_OWNED;
}

static uint32_t key_hashed(uint64_t a, uint64_t b)
{
    uint64_t h = (a * 0x9e3779b97f4a7c15u) ^ (b * 0xc2b2ae3d27d4eb4fu);
    h ^= h >> 29;
    h *= 0xbf58476d1ce4e5b9u;
    return FIRST_HASHED + (uint32_t)(h >> 40) % NHASHED;
}

static void key_acquire(struct dt_task *t, uint32_t key)
{
    const void *p = key > NONE ? key_address(key) : NULL;
    if (p)
        dt_acquire(t, p);
}

static void key_release(struct dt_task *t, uint32_t key)
{
    const void *p = key > NONE ? key_address(key) : NULL;
    if (p)
        dt_release(t, p);
}

/* --- entries --- */

static struct keys *entry(int fd)
{
    if (fd < 0)
        return NULL;
    uint32_t i = (uint32_t)fd;
    struct page *p = map_once((void **)&pages[i / PAGE_FDS % NPAGES], sizeof *p);
    return p ? &p->fds[i % PAGE_FDS] : NULL;
}

static struct keys entry_get(struct keys *e)
{
    struct keys k;
    uint64_t word = __atomic_load_n((uint64_t *)e, __ATOMIC_ACQUIRE);
    memcpy(&k, &word, sizeof k);
    return k;
}

/* With the lock held: gives up the old keys, takes over references to the new ones. */
static void entry_set(struct keys *e, struct keys k)
{
    struct keys old = entry_get(e);
    uint64_t word;
    memcpy(&word, &k, sizeof word);
    __atomic_store_n((uint64_t *)e, word, __ATOMIC_RELEASE);
    key_unref(old.in);
    key_unref(old.out);
}

/* The detector's lock is not to be waited for by a handler that interrupted its holder. */
static struct dt_task *lock_take(void)
{
    struct dt_task *t = dt_enter_quietly();
    if (!t)
        return NULL;
    dt_begin(t);
    dt_lock_take(&lock);
    return t;
}

static void lock_drop(struct dt_task *t)
{
    dt_lock_drop(&lock);
    dt_finish(t);
}

void dt_fd_opened(int fd)
{
    struct keys *e = entry(fd);
    struct dt_task *t = e ? lock_take() : NULL;
    if (!t)
        return;
    uint32_t key = key_new(2);
    entry_set(e, (struct keys){key, key});
    lock_drop(t);
}

static bool has_signal_fds;

void dt_fd_opened_signals(int fd)
{
    struct keys *e = entry(fd);
    struct dt_task *t = e ? lock_take() : NULL;
    if (!t)
        return;
    entry_set(e, (struct keys){SIGNALS, NONE});
    __atomic_store_n(&has_signal_fds, true, __ATOMIC_RELAXED);
    lock_drop(t);
}

void dt_fd_signal_sent(struct dt_task *t)
{
    if (!__atomic_load_n(&has_signal_fds, __ATOMIC_RELAXED))
        return;
    const uint32_t *by = __atomic_load_n(&watchers, __ATOMIC_ACQUIRE);
    key_release(t, SIGNALS);
    if (by)
        key_release(t, __atomic_load_n(&by[SIGNALS], __ATOMIC_RELAXED));
}

void dt_fd_paired(int reader, int writer, bool both)
{
    struct keys *r = entry(reader), *w = entry(writer);
    struct dt_task *t = r && w ? lock_take() : NULL;
    if (!t)
        return;
    uint32_t there = key_new(2), back = both ? key_new(2) : (uint32_t)NONE;
    entry_set(r, (struct keys){there, back});
    entry_set(w, (struct keys){back, there});
    lock_drop(t);
}

void dt_fd_fresh(int fd)
{
    struct keys *e = entry(fd);
    struct dt_task *t = e ? lock_take() : NULL;
    if (!t)
        return;
    entry_set(e, (struct keys){UNKNOWN, UNKNOWN});
    lock_drop(t);
}

void dt_fd_closing(int fd)
{
    dt_fd_fresh(fd);
}

void dt_fd_duplicated(int from, int to)
{
    struct keys *f = entry(from), *e = entry(to);
    struct dt_task *t = f && e && f != e ? lock_take() : NULL;
    if (!t)
        return;
    struct keys k = entry_get(f);
    key_ref(k.in);
    key_ref(k.out);
    entry_set(e, k);
    lock_drop(t);
}

/* --- what a descriptor is, found out at its first use --- */

static uint32_t port_of(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_port;
    return ((const struct sockaddr_in6 *)a)->sin6_port;
}

static uint32_t path_key(const struct sockaddr_storage *a, socklen_t size)
{
    const unsigned char *p = (const unsigned char *)a;
    uint64_t h = 1469598103934665603u;
    for (socklen_t i = offsetof(struct sockaddr_un, sun_path); i < size && i < sizeof *a; i++)
        h = (h ^ p[i]) * 1099511628211u;
    return key_hashed(h, AF_UNIX);
}

static struct keys unix_keys(const struct sockaddr_storage *me, socklen_t my_size,
    const struct sockaddr_storage *peer, socklen_t peer_size)
{
    bool named = my_size > offsetof(struct sockaddr_un, sun_path);
    uint32_t key = named ? path_key(me, my_size) : path_key(peer, peer_size);
    return (struct keys){key, key};
}

/* False: not connected yet; ask again next time. */
static bool socket_keys(int fd, struct keys *ret)
{
    struct sockaddr_storage me = {0}, peer = {0};
    socklen_t my_size = sizeof me, peer_size = sizeof peer;
    int type = 0;
    socklen_t type_size = sizeof type;
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size);
    *ret = (struct keys){
        key_hashed(0, 0), key_hashed(0, 0)}; /* one for all of whom no more is known */
    if (getsockname(fd, (struct sockaddr *)&me, &my_size))
        return false;
    bool connected = getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0;
    if (type != SOCK_STREAM && type != SOCK_SEQPACKET)
        return true; /* datagrams come from anywhere */
    if (!connected)
        return false;
    if (me.ss_family == AF_UNIX) {
        *ret = unix_keys(&me, my_size, &peer, peer_size);
        return true;
    }
    if (me.ss_family != AF_INET && me.ss_family != AF_INET6)
        return true;
    uint32_t mine = port_of(&me), theirs = port_of(&peer);
    *ret = (struct keys){key_hashed(theirs, mine), key_hashed(mine, theirs)};
    return true;
}

static bool find_keys(int fd, struct keys *ret)
{
    struct stat st;
    *ret = (struct keys){NONE, NONE};
    if (fstat(fd, &st))
        return false;
    if (S_ISSOCK(st.st_mode))
        return socket_keys(fd, ret);
    if (S_ISFIFO(st.st_mode)) {
        uint32_t key = key_hashed(st.st_ino, st.st_dev);
        *ret = (struct keys){key, key};
    } else if (S_ISREG(st.st_mode)) {
        if (dt_flags.io_sync >= 2)
            *ret = (struct keys){FILES, FILES};
    } else if (!S_ISCHR(st.st_mode) && !S_ISDIR(st.st_mode)) {
        uint32_t key = key_hashed((uint64_t)fd, DT_KEY_FD); /* eventfd and its like, made unseen */
        *ret = (struct keys){key, key};
    }
    return true;
}

static struct keys keys_of(int fd)
{
    struct keys *e = entry(fd), k = {NONE, NONE};
    if (!e || !dt_flags.io_sync)
        return k;
    k = entry_get(e);
    if (k.in != UNKNOWN)
        return k;
    int saved = errno;
    bool sure = find_keys(fd, &k);
    errno = saved;
    struct dt_task *t = sure ? lock_take() : NULL;
    if (!t)
        return k;
    if (entry_get(e).in == UNKNOWN)
        entry_set(e, k);
    lock_drop(t);
    return k;
}

void dt_fd_acquire(struct dt_task *t, int fd)
{
    key_acquire(t, keys_of(fd).in);
}

void dt_fd_release(struct dt_task *t, int fd)
{
    uint32_t key = keys_of(fd).out;
    const uint32_t *by = __atomic_load_n(&watchers, __ATOMIC_ACQUIRE);
    key_release(t, key);
    if (by)
        key_release(t, __atomic_load_n(&by[key], __ATOMIC_RELAXED));
}

/* --- epoll: who writes to what a set waits for releases the set's key, too --- */

void dt_fd_watched(int set, int fd)
{
    uint32_t by = keys_of(set).in, key = keys_of(fd).in, old = 0;
    uint32_t *all =
        by > NONE && key > NONE ? map_once((void **)&watchers, (size_t)NKEYS * sizeof *all) : NULL;
    if (!all ||
        __atomic_compare_exchange_n(&all[key], &old, by, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return;
    if (old != by)
        __atomic_store_n(&all[key], SETS, __ATOMIC_RELAXED);
}

void dt_fd_acquire_set(struct dt_task *t, int set)
{
    dt_fd_acquire(t, set);
    if (__atomic_load_n(&watchers, __ATOMIC_ACQUIRE))
        key_acquire(t, SETS);
}

const void *dt_key_numbered(uint64_t number, enum dt_key_kind kind)
{
    return dt_flags.io_sync ? key_address(key_hashed(number, kind)) : NULL;
}

/* --- connections: all share one key, since whom connect() reaches is not known before --- */

void dt_fd_connecting(struct dt_task *t)
{
    const void *p = dt_flags.io_sync ? key_address(CONNECTIONS) : NULL;
    if (p)
        dt_release(t, p);
}

void dt_fd_accepted(struct dt_task *t, int fd)
{
    dt_fd_fresh(fd);
    const void *p = dt_flags.io_sync ? key_address(CONNECTIONS) : NULL;
    if (p)
        dt_acquire(t, p);
}
