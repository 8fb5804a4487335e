/* SPDX-License-Identifier: MIT
 *
 * See poller.h. Lock order: a record's lock (rank of the primitives), then the scheduler's.
 */
#include "sched/poller.h"

#include <errno.h>
#include <sched.h>

#include "base/alloc.h"
#include "base/misuse.h"
#include "os/epoll.h"
#include "sched/g.h"

#define PAGE 1024u
#define PAGES (1u << 20)
#define EVENTS 128

/* In `users` */
#define CLOSING (1u << 31)  /* refuses users */
#define IN_CLOSE (1u << 30) /* close(2) may be giving the number to somebody else just now */

/* In a waiter's flag, beside the events waited for */
#define TIMED 64u /* must be claimed */
#define CLOSED 128u
#define QUEUED 256u

#define BREAK_DATA UINT64_MAX

static struct gorc__fd *_Atomic pages[PAGES];
static _Atomic int set_fd = -1; /* the epoll set; made at the first wait */
static _Atomic int break_fd = -1;
static struct gorc__lock start_lock; /* a leaf */
static _Alignas(64) _Atomic uint32_t n_waiting;

/* --- records --- */

static struct gorc__fd *page_new(uint32_t i)
{
    struct gorc__fd *none = NULL;
    struct gorc__fd *p = gorc__alloc_line_opaque(PAGE * sizeof *p);
    if (!p || atomic_compare_exchange_strong(&pages[i], &none, p))
        return p;
    gorc__free(p);
    return none;
}

struct gorc__fd *gorc__fd_get(int fd, int *ret_error)
{
    uint32_t i = (uint32_t)fd / PAGE;
    *ret_error = -EBADF;
    if (fd < 0 || i >= PAGES)
        return NULL;
    struct gorc__fd *p = atomic_load_explicit(&pages[i], memory_order_acquire);
    if (GORC__UNLIKELY(!p)) {
        p = page_new(i);
        if (!p) {
            *ret_error = -ENOMEM;
            return NULL;
        }
    }
    return &p[(uint32_t)fd % PAGE];
}

static struct gorc__fd *known(uint32_t fd)
{
    struct gorc__fd *p = fd / PAGE < PAGES ? atomic_load(&pages[fd / PAGE]) : NULL;
    return p ? &p[fd % PAGE] : NULL;
}

int gorc__fd_enter(struct gorc__fd *f)
{
    for (;;) {
        uint32_t was = atomic_fetch_add_explicit(&f->users, 1, memory_order_acquire);
        if (GORC__LIKELY(!(was & (CLOSING | IN_CLOSE))))
            return 0;
        gorc__fd_leave(f);
        if (!(was & IN_CLOSE))
            return -EBADF;
        sched_yield(); /* whatever has the number next is not what is being closed */
    }
}

void gorc__fd_leave(struct gorc__fd *f)
{
    uint32_t left = atomic_fetch_sub_explicit(&f->users, 1, memory_order_acq_rel) - 1;
    if (GORC__LIKELY(left != CLOSING))
        return;
    gorc__lock(&f->lock);
    struct gorc__g *g = f->closer;
    f->closer = NULL;
    gorc__unlock(&f->lock);
    if (g)
        gorc__ready(g);
}

/* --- waiters; the record locked --- */

/* Takes out those that wait for one of `events`, prepends them to *list, for gorc__ready. */
static void take(struct gorc__fd *f, uint32_t events, uintptr_t mark, struct gorc__g **list)
{
    struct gorc__waiter *w = f->waiters.head, *next;
    for (; w; w = next) {
        next = w->next;
        if (!(w->flag & events))
            continue;
        gorc__waitq_remove(&f->waiters, w);
        w->flag &= ~(uintptr_t)QUEUED;
        if ((w->flag & TIMED) && !gorc__claim(w->g))
            continue; /* its time-out was first */
        w->flag |= mark;
        if (mark == CLOSED) /* the close happens before their return */
            gorc__hook_hb_to(gorc__g_task(w->g));
        w->g->next = *list;
        *list = w->g;
    }
}

static void ready_all(struct gorc__g *list)
{
    while (list) {
        struct gorc__g *g = list;
        list = g->next;
        gorc__ready_tail(g);
    }
}

static uint32_t waited_for(const struct gorc__fd *f)
{
    uint32_t events = 0;
    for (const struct gorc__waiter *w = f->waiters.head; w; w = w->next)
        events |= (uint32_t)w->flag & (GORC__FD_READ | GORC__FD_WRITE);
    return events;
}

/* A new descriptor has this number. */
static void renew(struct gorc__fd *f, enum gorc__fd_mode mode, uint8_t kind)
{
    struct gorc__g *list = NULL;
    gorc__lock(&f->lock);
    f->generation++;
    f->mode = (uint8_t)mode;
    f->registered = false;
    atomic_store(&f->kind, kind);
    atomic_store(&f->ready, GORC__FD_READ | GORC__FD_WRITE);
    take(f, GORC__FD_READ | GORC__FD_WRITE, CLOSED, &list); /* who waited for one that is gone */
    gorc__unlock(&f->lock);
    ready_all(list);
}

void gorc__fd_made(struct gorc__fd *f, uint8_t kind)
{
    while (atomic_load(&f->users) & IN_CLOSE) /* the earlier one of this number */
        sched_yield();
    renew(f, GORC__FD_EDGE, kind);
}

void gorc__fd_met(struct gorc__fd *f, uint8_t kind, bool is_file)
{
    gorc__lock(&f->lock);
    f->mode = is_file ? GORC__FD_FILE : GORC__FD_SHOT;
    atomic_store(&f->kind, kind);
    gorc__unlock(&f->lock);
}

/* --- the epoll set --- */

static int start(void)
{
    int set = atomic_load_explicit(&set_fd, memory_order_acquire);
    if (GORC__LIKELY(set >= 0))
        return set;
    gorc__lock(&start_lock);
    set = atomic_load(&set_fd);
    if (set < 0) {
        int event = gorc__eventfd_create();
        set = event < 0 ? event : gorc__epoll_create();
        if (set >= 0) {
            gorc__epoll_ctl(set, EPOLL_CTL_ADD, event, EPOLLIN, BREAK_DATA);
            atomic_store(&break_fd, event);
            atomic_store_explicit(&set_fd, set, memory_order_release);
        } else if (event >= 0) {
            gorc__close_fd(event);
        }
    }
    gorc__unlock(&start_lock);
    return set;
}

static uint64_t data_of(const struct gorc__fd *f, int fd)
{
    return (uint64_t)f->generation << 32 | (uint32_t)fd;
}

/* The record locked. */
static int arm_shot(struct gorc__fd *f, int set, int fd, uint32_t events)
{
    uint32_t e = EPOLLONESHOT | (events & GORC__FD_READ ? EPOLLIN | EPOLLRDHUP | EPOLLPRI : 0) |
                 (events & GORC__FD_WRITE ? EPOLLOUT : 0);
    int err = f->registered ? gorc__epoll_ctl(set, EPOLL_CTL_MOD, fd, e, data_of(f, fd)) : -ENOENT;
    if (err == -ENOENT)
        err = gorc__epoll_ctl(set, EPOLL_CTL_ADD, fd, e, data_of(f, fd));
    if (err == -EEXIST)
        err = gorc__epoll_ctl(set, EPOLL_CTL_MOD, fd, e, data_of(f, fd));
    f->registered = err == 0;
    return err;
}

/* The record locked; `events`: what is to be waited for, with those who wait already. */
static int arm(struct gorc__fd *f, int fd, uint32_t events)
{
    int set = start(), err = 0;
    if (set < 0)
        return set;
    if (f->mode == GORC__FD_SHOT) {
        err = arm_shot(f, set, fd, events);
    } else if (!f->registered) {
        err = gorc__epoll_ctl(
            set, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, data_of(f, fd));
        if (err == -EEXIST)
            err = gorc__epoll_ctl(
                set, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, data_of(f, fd));
        f->registered = err == 0;
    }
    if (err == -EPERM)
        f->mode = GORC__FD_FILE;
    return err == -EPERM ? 0 : err;
}

/* --- waiting --- */

static int parked(struct gorc__fd *f, struct gorc__waiter *w, int fd, enum gorc__wait_reason reason,
    int64_t deadline)
{
    const void *object = (const void *)(intptr_t)fd;
    bool woken = true;
    atomic_fetch_add(&n_waiting, 1);
    if (w->g->kind == GORC__KIND_FOREIGN)
        gorc__wake_worker(); /* somebody has to poll for us */
    if (deadline == INT64_MAX)
        gorc__park(w->g, &f->lock, reason, object, NULL);
    else
        woken = gorc__park_until(w->g, &f->lock, reason, object, NULL, deadline);
    atomic_fetch_sub(&n_waiting, 1);
    if (woken)
        return w->flag & CLOSED ? -EBADF : 0;
    gorc__lock(&f->lock);
    if (w->flag & QUEUED)
        gorc__waitq_remove(&f->waiters, w);
    gorc__unlock(&f->lock);
    return -ETIMEDOUT;
}

int gorc__fd_wait(
    struct gorc__fd *f, int fd, uint32_t events, enum gorc__wait_reason reason, int64_t deadline)
{
    struct gorc__waiter w = {.g = gorc__self(), .flag = events | QUEUED};
    if (deadline <= gorc__now_coarse() && deadline <= gorc__now())
        return -ETIMEDOUT;
    gorc__lock(&f->lock);
    int err = 0;
    bool now = atomic_load(&f->users) & CLOSING;
    if (now)
        err = -EBADF;
    else if (f->mode == GORC__FD_EDGE)
        now = atomic_load(&f->ready) & (events | GORC__FD_ENDED);
    if (!now) {
        err = arm(f, fd, events | waited_for(f));
        now = err != 0 || f->mode == GORC__FD_FILE;
    }
    if (now) {
        gorc__unlock(&f->lock);
        return err;
    }
    if (deadline != INT64_MAX) {
        w.flag |= TIMED;
        gorc__claim_arm(w.g);
    }
    gorc__waitq_push(&f->waiters, &w);
    /* Pairs with gorc__fd_more: one of the two sees the other. */
    atomic_thread_fence(memory_order_seq_cst);
    if (f->mode == GORC__FD_EDGE && (atomic_load(&f->ready) & (events | GORC__FD_ENDED))) {
        gorc__waitq_remove(&f->waiters, &w);
        gorc__unlock(&f->lock);
        return 0;
    }
    return parked(f, &w, fd, reason, deadline);
}

void gorc__fd_more(struct gorc__fd *f, uint32_t event)
{
    struct gorc__g *list = NULL;
    if (f->mode != GORC__FD_EDGE)
        return;
    if (!(atomic_load_explicit(&f->ready, memory_order_relaxed) & event))
        atomic_fetch_or(&f->ready, event);
    atomic_thread_fence(memory_order_seq_cst);
    if (GORC__LIKELY(!__atomic_load_n(&f->waiters.head, __ATOMIC_RELAXED)))
        return;
    gorc__lock(&f->lock);
    take(f, event, 0, &list);
    gorc__unlock(&f->lock);
    ready_all(list);
}

/* --- closing --- */

int gorc__fd_close(struct gorc__fd *f, int fd, int (*real)(int fd))
{
    struct gorc__g *self = gorc__self(), *list = NULL;
    if (atomic_fetch_or(&f->users, CLOSING) & (CLOSING | IN_CLOSE))
        return -EBADF;
    gorc__lock(&f->lock);
    take(f, GORC__FD_READ | GORC__FD_WRITE, CLOSED, &list);
    gorc__unlock(&f->lock);
    ready_all(list);
    gorc__lock(&f->lock);
    while (atomic_load(&f->users) != CLOSING) {
        f->closer = self;
        if (atomic_load(&f->users) == CLOSING)
            break;
        gorc__park(self, &f->lock, GORC__WAIT_FD_CLOSE, (const void *)(intptr_t)fd, NULL);
        gorc__lock(&f->lock);
    }
    f->closer = NULL;
    if (f->registered) /* the file may be open under another number, or in a child */
        gorc__epoll_ctl(atomic_load(&set_fd), EPOLL_CTL_DEL, fd, 0, 0);
    gorc__unlock(&f->lock);
    renew(f, GORC__FD_UNKNOWN, 0);
    atomic_fetch_or(&f->users, IN_CLOSE);
    int err = real(fd);
    atomic_fetch_and(&f->users, ~(CLOSING | IN_CLOSE));
    return err;
}

/* --- for the scheduler --- */

bool gorc__poller_wanted(void)
{
    return atomic_load_explicit(&n_waiting, memory_order_relaxed) != 0;
}

static void dispatch(const struct epoll_event *e, struct gorc__g **list)
{
    uint32_t fd = (uint32_t)e->data.u64, events = 0;
    struct gorc__fd *f = known(fd);
    if (!f)
        return;
    if (e->events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        events |= GORC__FD_READ;
    if (e->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        events |= GORC__FD_WRITE;
    gorc__lock(&f->lock);
    if (f->generation == (uint32_t)(e->data.u64 >> 32)) {
        if (e->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            atomic_fetch_or(&f->ready, events | GORC__FD_ENDED);
        else
            atomic_fetch_or(&f->ready, events);
        take(f, events, 0, list);
        uint32_t left = f->mode == GORC__FD_SHOT ? waited_for(f) : 0;
        if (left)
            arm_shot(f, atomic_load(&set_fd), (int)fd, left);
    }
    gorc__unlock(&f->lock);
}

struct gorc__g *gorc__poller_wait(int64_t deadline)
{
    struct epoll_event events[EVENTS];
    struct gorc__g *list = NULL;
    int set = start();
    int n = set < 0 ? set : gorc__epoll_wait(set, events, EVENTS, deadline);
    if (n < 0)
        gorc__fatal("cannot wait for descriptors: was one of the library's own closed?");
    for (int i = n - 1; i >= 0; i--) /* the list is built from its end */
        if (events[i].data.u64 != BREAK_DATA)
            dispatch(&events[i], &list);
    return list;
}

void gorc__poller_break(void)
{
    gorc__eventfd_signal(atomic_load(&break_fd));
}

void gorc__poller_broken(void)
{
    gorc__eventfd_take(atomic_load(&break_fd));
}

/* The parent's set is shared with it: the child makes its own. Goroutines that waited are gone. */
void gorc__poller_fork_child(void)
{
    if (atomic_load(&set_fd) >= 0) {
        gorc__close_fd(atomic_load(&set_fd));
        gorc__close_fd(atomic_load(&break_fd));
    }
    atomic_store(&set_fd, -1);
    atomic_store(&break_fd, -1);
    atomic_store(&n_waiting, 0);
    for (uint32_t i = 0; i < PAGES; i++) {
        struct gorc__fd *p = atomic_load(&pages[i]);
        for (uint32_t k = 0; p && k < PAGE; k++) {
            p[k].waiters = (struct gorc__waitq){NULL, NULL};
            p[k].closer = NULL;
            p[k].registered = false;
            atomic_store(&p[k].users, 0);
            if (p[k].mode == GORC__FD_EDGE)
                atomic_store(&p[k].ready, GORC__FD_READ | GORC__FD_WRITE);
        }
    }
}
