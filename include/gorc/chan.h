/* SPDX-License-Identifier: MIT
 *
 * Channels, as Go's: typed by element size here, by type with GORC_CHAN below.
 *
 * Ordering: what the sender did before a send happens before the matching receive returns; a close
 * happens before a receive that returns because of it; the k-th receive happens before the
 * (k + capacity)-th send completes (capacity 0: before the k-th send returns).
 * Values and waiters are first in, first out. A NULL channel blocks for ever, as Go's nil channel.
 */
#ifndef GORC_CHAN_H
#define GORC_CHAN_H

#include <gorc/go.h>
#include <gorc/select.h>

GORC_BEGIN_DECLS

typedef struct gorc_chan gorc_chan;

/* A channel of `capacity` elements of `elem_size` bytes (0 is allowed), with one reference. NULL
 * and errno = ENOMEM when memory is out; an impossible size is a misuse. Does not block. */
GORC_API gorc_chan *gorc_chan_new(size_t elem_size, size_t capacity);
/* Adds a reference; returns c. */
GORC_API gorc_chan *gorc_chan_ref(gorc_chan *c);
/* Drops a reference; the last one frees. NULL is allowed. Values still queued are dropped. Freeing
 * a channel that somebody waits on is a misuse. */
GORC_API void gorc_chan_unref(gorc_chan *c);

/* Copies *value into c. Blocks until a receiver has taken it (capacity 0) or there is room. Sending
 * on a closed channel is a misuse, also when the close comes while the send is blocked. */
GORC_API void gorc_chan_send(gorc_chan *c, const void *value);
/* Takes the oldest value into *value (NULL: drops it). Blocks while c is empty and open. Returns
 * false, and zeroes *value, when c is closed and drained. */
GORC_API bool gorc_chan_recv(gorc_chan *c, void *value);
/* As gorc_chan_send, but returns false instead of blocking. */
GORC_API bool gorc_chan_try_send(gorc_chan *c, const void *value);
/* As gorc_chan_recv without blocking: 1 value, 0 closed and drained, -EAGAIN would block. */
GORC_API int gorc_chan_try_recv(gorc_chan *c, void *value);
/* As gorc_chan_send, giving up at `deadline`: 0 sent, -ETIMEDOUT not sent. */
GORC_API int gorc_chan_send_until(gorc_chan *c, const void *value, int64_t deadline);
/* As gorc_chan_recv, giving up at `deadline`: 1 value, 0 closed and drained, -ETIMEDOUT. */
GORC_API int gorc_chan_recv_until(gorc_chan *c, void *value, int64_t deadline);

/* No more values: receivers get what is queued, then "closed". Wakes all who wait. Closing a closed
 * or NULL channel is a misuse. Does not block. */
GORC_API void gorc_chan_close(gorc_chan *c);

/* Values queued, and capacity: snapshots, 0 for NULL. */
GORC_API size_t gorc_chan_len(const gorc_chan *c);
GORC_API size_t gorc_chan_cap(const gorc_chan *c);

/* The gorc_fn form of gorc_chan_unref, for gorc_defer. */
GORC_API void gorc_chan_unref_fn(void *c);
#define gorc_defer_unref(c) gorc_defer(gorc_chan_unref_fn, (void *)(c))

GORC_END_DECLS

/* GORC_CHAN(name, T), at file scope, declares a channel type for elements of type T:
 *
 *   name, name_tx, name_rx   the channel, its sending and its receiving end: distinct types
 *   name name_new(size_t cap)          name.chan is NULL when memory is out
 *   name_tx name_tx_of(name)           name_rx name_rx_of(name)
 *   void name_send(name_tx, T)         bool name_recv(name_rx, T *)
 *   bool name_try_send(name_tx, T)     int name_try_recv(name_rx, T *)
 *   int name_send_until(name_tx, T, int64_t)   int name_recv_until(name_rx, T *, int64_t)
 *   void name_close(name_tx)           size_t name_len(name), name_cap(name)
 *   name name_ref(name)                void name_unref(name)
 *   gorc_case name_case_send(name_tx, T const *)   gorc_case name_case_recv(name_rx, T *)
 *
 * T must be assignable (wrap an array in a struct). A wrong element type or direction does not
 * compile. `.chan` is the untyped channel. */
#define GORC_CHAN(name, T)                                                                         \
    typedef struct name {                                                                          \
        gorc_chan *chan;                                                                           \
    } name;                                                                                        \
    typedef struct name##_tx {                                                                     \
        gorc_chan *chan;                                                                           \
    } name##_tx;                                                                                   \
    typedef struct name##_rx {                                                                     \
        gorc_chan *chan;                                                                           \
    } name##_rx;                                                                                   \
    GORC_CHAN_INLINE __attribute__((always_inline)) name name##_new(size_t cap)                    \
    {                                                                                              \
        name c = {gorc_chan_new(sizeof(T), cap)};                                                  \
        return c;                                                                                  \
    }                                                                                              \
    GORC_CHAN_INLINE name##_tx name##_tx_of(name c)                                                \
    {                                                                                              \
        name##_tx t = {c.chan};                                                                    \
        return t;                                                                                  \
    }                                                                                              \
    GORC_CHAN_INLINE name##_rx name##_rx_of(name c)                                                \
    {                                                                                              \
        name##_rx r = {c.chan};                                                                    \
        return r;                                                                                  \
    }                                                                                              \
    GORC_CHAN_INLINE void name##_send(name##_tx c, T value)                                        \
    {                                                                                              \
        gorc_chan_send(c.chan, &value);                                                            \
    }                                                                                              \
    GORC_CHAN_INLINE bool name##_recv(name##_rx c, T *value)                                       \
    {                                                                                              \
        return gorc_chan_recv(c.chan, value);                                                      \
    }                                                                                              \
    GORC_CHAN_INLINE bool name##_try_send(name##_tx c, T value)                                    \
    {                                                                                              \
        return gorc_chan_try_send(c.chan, &value);                                                 \
    }                                                                                              \
    GORC_CHAN_INLINE int name##_try_recv(name##_rx c, T *value)                                    \
    {                                                                                              \
        return gorc_chan_try_recv(c.chan, value);                                                  \
    }                                                                                              \
    GORC_CHAN_INLINE int name##_send_until(name##_tx c, T value, int64_t deadline)                 \
    {                                                                                              \
        return gorc_chan_send_until(c.chan, &value, deadline);                                     \
    }                                                                                              \
    GORC_CHAN_INLINE int name##_recv_until(name##_rx c, T *value, int64_t deadline)                \
    {                                                                                              \
        return gorc_chan_recv_until(c.chan, value, deadline);                                      \
    }                                                                                              \
    GORC_CHAN_INLINE void name##_close(name##_tx c)                                                \
    {                                                                                              \
        gorc_chan_close(c.chan);                                                                   \
    }                                                                                              \
    GORC_CHAN_INLINE size_t name##_len(name c)                                                     \
    {                                                                                              \
        return gorc_chan_len(c.chan);                                                              \
    }                                                                                              \
    GORC_CHAN_INLINE size_t name##_cap(name c)                                                     \
    {                                                                                              \
        return gorc_chan_cap(c.chan);                                                              \
    }                                                                                              \
    GORC_CHAN_INLINE name name##_ref(name c)                                                       \
    {                                                                                              \
        gorc_chan_ref(c.chan);                                                                     \
        return c;                                                                                  \
    }                                                                                              \
    GORC_CHAN_INLINE void name##_unref(name c)                                                     \
    {                                                                                              \
        gorc_chan_unref(c.chan);                                                                   \
    }                                                                                              \
    GORC_CHAN_INLINE gorc_case name##_case_send(name##_tx c, T const *value)                       \
    {                                                                                              \
        return gorc_case_send(c.chan, value);                                                      \
    }                                                                                              \
    GORC_CHAN_INLINE gorc_case name##_case_recv(name##_rx c, T *value)                             \
    {                                                                                              \
        return gorc_case_recv(c.chan, value);                                                      \
    }

#define GORC_CHAN_INLINE __attribute__((unused)) static inline

#endif
