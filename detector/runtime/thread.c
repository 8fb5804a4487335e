/* SPDX-License-Identifier: MIT
 *
 * Thread records; see thread.h. A record is used while the thread runs or its handle is owned
 * (neither joined nor detached). Both the creator and the new thread may be first to know the
 * handle, so either enters it in the hash.
 *
 * The end of a thread is taken to be the last round of its TLS destructors: our key is made early,
 * and re-arms itself until that round.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "base/lock.h"
#include "core/abandoned.h"
#include "core/core.h"
#include "core/lockcount.h"
#include "core/shadow.h"
#include "core/sync.h"
#include "report/finding.h"
#include "lib/inspect.h"
#include "runtime/fatal.h"
#include "runtime/jump.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

enum { BUCKETS = 1024 };

__thread struct dt_thread *dt_thread_self __attribute__((tls_model("initial-exec")));
struct dt_task *dt_main_task;
void (*dt_thread_ending)(struct dt_thread *th);

static dt_lock registry_lock;
static struct dt_thread *all;       /* pushed with release, read without the lock */
static struct dt_thread *free_list; /* under registry_lock */
static struct dt_thread *buckets[BUCKETS];
static uint64_t started, started_before_fork;
static pthread_key_t end_key;
static bool have_key;
static struct dt_thread main_record;
static struct dt_thread gone; /* dt_thread_self of a thread that has ended */

/* --- the registry --- */

static struct dt_thread **bucket_of(pthread_t handle)
{
    return &buckets[((uintptr_t)handle >> 8) * 0x9e3779b97f4a7c15u >> 54 & (BUCKETS - 1)];
}

static void hash_add(struct dt_thread *th, pthread_t handle)
{
    if (th->hashed)
        return;
    struct dt_thread **b = bucket_of(handle);
    th->handle = handle;
    th->hash_next = *b;
    th->hashed = true;
    *b = th;
}

static void hash_remove(struct dt_thread *th)
{
    if (!th->hashed)
        return;
    struct dt_thread **p = bucket_of(th->handle);
    while (*p && *p != th)
        p = &(*p)->hash_next;
    if (*p)
        *p = th->hash_next;
    th->hashed = false;
}

static void publish(struct dt_thread *th)
{
    th->all_next = all;
    __atomic_store_n(&all, th, __ATOMIC_RELEASE);
}

static struct dt_thread *record_new(void)
{
    dt_lock_take(&registry_lock);
    struct dt_thread *th = free_list;
    if (th)
        free_list = th->free_next;
    dt_lock_drop(&registry_lock);
    if (th) {
        struct dt_thread *next = th->all_next;
        uint32_t seq = th->wait.seq;
        memset(th, 0, sizeof *th);
        th->all_next = next;
        th->wait.seq = seq + 2;
        __atomic_store_n(&th->state, DT_THREAD_NEW, __ATOMIC_RELEASE);
        return th;
    }
    th = dt_alloc(sizeof *th);
    th->state = DT_THREAD_NEW;
    dt_lock_take(&registry_lock);
    publish(th);
    dt_lock_drop(&registry_lock);
    return th;
}

/* Under registry_lock. Returns the task to free, outside of it. */
static struct dt_task *record_release(struct dt_thread *th)
{
    struct dt_task *task = th->task;
    hash_remove(th);
    th->task = NULL;
    th->uid = 0;
    __atomic_store_n(&th->state, DT_THREAD_FREE, __ATOMIC_RELEASE);
    th->free_next = free_list;
    free_list = th;
    return task;
}

extern void *__libc_stack_end;

/* The main thread's stack, as far as its limit lets it grow. */
static void main_stack(struct dt_thread *th)
{
    struct rlimit r;
    uintptr_t page = 4096, size = 8 << 20;
    if (getrlimit(RLIMIT_STACK, &r) == 0 && r.rlim_cur != RLIM_INFINITY && r.rlim_cur < 1u << 30)
        size = r.rlim_cur;
    th->stack_hi = ((uintptr_t)__libc_stack_end + 8 * page) & ~(page - 1);
    th->stack_lo = th->stack_hi - size;
}

static void task_bind(struct dt_thread *th, struct dt_task *task)
{
    th->task = task;
    th->uid = task->info->uid;
    task->owner = th;
    dt_task_label(task->info, th->label);
}

/* --- start --- */

struct dt_thread *dt_thread_create(uintptr_t pc, const pthread_attr_t *attr)
{
    struct dt_task *me = dt_enter_at(pc);
    if (!me)
        return NULL;
    dt_begin(me);
    struct dt_thread *th = record_new();
    th->number = __atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
    struct dt_task *task = dt_task_new(me, DT_TASK_THREAD, th->number, dt_here_native(me, pc));
    if (!task) {
        dt_lock_take(&registry_lock);
        record_release(th);
        dt_lock_drop(&registry_lock);
        th = NULL;
    } else {
        task_bind(th, task);
        th->owns_handle = true;
        int detach = PTHREAD_CREATE_JOINABLE;
        if (attr && pthread_attr_getdetachstate(attr, &detach) == 0)
            th->owns_handle = detach == PTHREAD_CREATE_JOINABLE;
        if (attr)
            pthread_attr_getstacksize(attr, &th->stack_size);
    }
    dt_finish(me);
    return th;
}

void dt_thread_abort(struct dt_thread *th)
{
    dt_task_end(th->task);
    dt_lock_take(&registry_lock);
    struct dt_task *task = record_release(th);
    dt_lock_drop(&registry_lock);
    dt_task_free(task);
}

void dt_thread_created(struct dt_thread *th, pthread_t handle)
{
    dt_lock_take(&registry_lock);
    /* A thread that has ended, or whose record serves another one by now, entered itself. */
    if (th->state == DT_THREAD_NEW)
        hash_add(th, handle);
    dt_lock_drop(&registry_lock);
}

/* Static TLS and libc's record of the thread lie at the upper end of its stack. */
static void forget_stack(struct dt_thread *th)
{
    uintptr_t page = 4096;
    uintptr_t top = ((uintptr_t)pthread_self() + 2304 + page - 1) & ~(page - 1);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    size_t size = th->stack_size;
    if (!size)
        return;
    if (here > top || top - here > size) /* not the layout we know: what is sure */
        dt_shadow_clear(here - 65536, 65536);
    else
        dt_shadow_clear(top - size, size);
    th->stack_hi = here > top || top - here > size ? here + 4096 : top;
    th->stack_lo = th->stack_hi - size;
}

static void arm_end(struct dt_thread *th)
{
    if (have_key)
        pthread_setspecific(end_key, th);
}

static void enter_running(struct dt_thread *th)
{
    th->tid = (int)syscall(SYS_gettid);
    dt_lock_take(&registry_lock);
    hash_add(th, pthread_self());
    __atomic_store_n(&th->state, DT_THREAD_RUNNING, __ATOMIC_RELEASE);
    dt_lock_drop(&registry_lock);
}

void dt_thread_start(struct dt_thread *th)
{
    dt_thread_self = th; /* before dt_self: whoever comes between the two must not meet us */
    dt_begin(th->task);
    dt_self = th->task;
    enter_running(th);
    if (!th->stack_size) {
        pthread_attr_t attr;
        if (pthread_getattr_default_np(&attr) == 0) {
            pthread_attr_getstacksize(&attr, &th->stack_size);
            pthread_attr_destroy(&attr);
        }
    }
    forget_stack(th);
    dt_altstack_install(th);
    arm_end(th);
    dt_finish(th->task);
}

/* --- end --- */

static void thread_end(struct dt_thread *th)
{
    struct dt_task *task = th->task;
    if (task)
        dt_begin(task);
    dt_altstack_remove(th);
    dt_jumps_free(&th->jumps);
    if (task)
        dt_abandoned_note(task);
    /* A robust mutex goes to its next owner. */
    for (uint32_t i = 0; task && i < task->nheld; i++)
        dt_release(task, task->held[i].lock);
    dt_thread_self = &gone;
    dt_self = &dt_task_unknown;
    dt_lockcount_thread_end();
    if (!task)
        return;
    task->in_runtime = 0; /* out of the gate as itself, in again as nobody */
    dt_gate_stranger_enter();
    dt_task_end(task);
    struct dt_task *unused = NULL;
    dt_lock_take(&registry_lock);
    th->wait.reason = NULL;
    __atomic_store_n(&th->state, DT_THREAD_ENDED, __ATOMIC_RELEASE);
    if (!th->owns_handle && th != &main_record)
        unused = record_release(th);
    dt_lock_drop(&registry_lock);
    if (unused)
        dt_task_free(unused);
    dt_gate_stranger_leave();
}

static void on_key(void *arg)
{
    struct dt_thread *th = arg;
    if (th != dt_thread_self)
        return;
    if (!th->end_rounds && dt_thread_ending)
        dt_thread_ending(th);
    if (++th->end_rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
        arm_end(th);
        return;
    }
    thread_end(th);
}

/* --- join, detach --- */

struct dt_thread *dt_thread_find(pthread_t handle)
{
    dt_lock_take(&registry_lock);
    struct dt_thread *th = *bucket_of(handle);
    while (th && !pthread_equal(th->handle, handle))
        th = th->hash_next;
    dt_lock_drop(&registry_lock);
    return th;
}

/* The handle is given up. */
static struct dt_task *disown(struct dt_thread *th)
{
    struct dt_task *unused = NULL;
    dt_lock_take(&registry_lock);
    if (th->owns_handle) {
        th->owns_handle = false;
        if (th->state == DT_THREAD_ENDED && th != &main_record)
            unused = record_release(th);
    }
    dt_lock_drop(&registry_lock);
    return unused;
}

void dt_thread_joined(struct dt_thread *th)
{
    struct dt_task *me = dt_enter_quietly();
    if (th->state == DT_THREAD_RUNNING) { /* its destructors did not reach us */
        dt_task_end(th->task);
        th->state = DT_THREAD_ENDED;
    }
    if (me && th->task) {
        dt_begin(me);
        dt_task_join(me, th->task);
        dt_finish(me);
    }
    struct dt_task *unused = disown(th);
    if (unused)
        dt_task_free(unused);
}

void dt_thread_detached(struct dt_thread *th)
{
    struct dt_task *unused = disown(th);
    if (unused)
        dt_task_free(unused);
}

/* --- threads that nobody announced --- */

/* A worker: it has no task of its own. */
static void hide(struct dt_thread *th)
{
    th->native = th->hidden = true;
    th->tid = (int)syscall(SYS_gettid);
    th->state = DT_THREAD_RUNNING;
    dt_thread_self = th;
}

struct dt_wait *dt_wait_worker(void)
{
    int saved = errno;
    if (!dt_on || dt_thread_self || !gorc__inspect_is_worker_thread())
        return NULL;
    dt_thread_self = &gone;
    hide(record_new());
    errno = saved;
    return &dt_thread_self->wait;
}

static struct dt_task *meet(void)
{
    /* With a record, and without a task: ended, or inside gorc's scheduler. */
    if (!dt_on || dt_thread_self)
        return NULL;
    dt_thread_self = &gone; /* while we work: a signal handler must not come here too */
    struct dt_thread *th = record_new();
    if (gorc__inspect_is_worker_thread()) {
        hide(th);
        return NULL;
    }
    th->native = true;
    th->number = __atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
    dt_gate_stranger_enter();
    struct dt_task *task = dt_task_new(NULL, DT_TASK_THREAD, th->number, 0);
    dt_gate_stranger_leave();
    if (!task)
        return NULL;
    task_bind(th, task);
    dt_thread_self = th;
    dt_self = task;
    dt_begin(task);
    enter_running(th);
    pthread_attr_t attr;
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        int detach;
        pthread_attr_getdetachstate(&attr, &detach);
        th->owns_handle = detach == PTHREAD_CREATE_JOINABLE;
        pthread_attr_destroy(&attr);
    }
    dt_altstack_install(th);
    arm_end(th);
    dt_finish(task);
    return task;
}

/* --- looking --- */

struct dt_thread *dt_thread_by_uid(uint32_t uid)
{
    struct dt_thread *th = __atomic_load_n(&all, __ATOMIC_ACQUIRE);
    while (th && (th->uid != uid || th->state == DT_THREAD_FREE))
        th = th->all_next;
    return uid ? th : NULL;
}

void dt_threads_each(bool (*fn)(struct dt_thread *th, void *arg), void *arg)
{
    for (struct dt_thread *th = __atomic_load_n(&all, __ATOMIC_ACQUIRE); th; th = th->all_next)
        if (__atomic_load_n(&th->state, __ATOMIC_ACQUIRE) != DT_THREAD_FREE && !fn(th, arg))
            return;
}

uint64_t dt_threads_started(void)
{
    return __atomic_load_n(&started, __ATOMIC_RELAXED) - started_before_fork;
}

bool dt_thread_is_main(const struct dt_thread *th)
{
    return th == &main_record;
}

bool dt_wait_read(const struct dt_thread *th, struct dt_wait *ret_wait)
{
    uint32_t before = __atomic_load_n(&th->wait.seq, __ATOMIC_ACQUIRE);
    *ret_wait = th->wait;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return !(before & 1) && before == __atomic_load_n(&th->wait.seq, __ATOMIC_RELAXED) &&
           ret_wait->reason;
}

void dt_wait_cut(uintptr_t sp)
{
    struct dt_thread *th = dt_thread_self;
    if (!th || !th->wait.reason || th->wait.regs[1] >= sp)
        return;
    __atomic_store_n(&th->wait.seq, th->wait.seq + 1, __ATOMIC_RELEASE);
    th->wait.reason = NULL;
    __atomic_store_n(&th->wait.seq, th->wait.seq + 1, __ATOMIC_RELEASE);
}

/* --- process --- */

void dt_threads_init(void)
{
    struct dt_thread *th = &main_record;
    th->task = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    dt_main_task = th->task;
    task_bind(th, th->task);
    th->owns_handle = true;
    publish(th);
    main_stack(th);
    dt_thread_self = th;
    dt_self = th->task;
    dt_begin(th->task);
    dt_task_meet = meet;
    have_key = pthread_key_create(&end_key, on_key) == 0;
    enter_running(th);
    arm_end(th);
    dt_finish(th->task);
}

void dt_threads_forked(void)
{
    struct dt_thread *me = dt_thread_self;
    registry_lock = 0;
    started_before_fork = started;
    for (struct dt_thread *th = all; th; th = th->all_next) {
        if (th == me || th->state == DT_THREAD_FREE)
            continue;
        th->wait.reason = NULL;
        struct dt_task *task = th->task;
        /* The main goroutine may have forked on another thread, and goes on. */
        if (task && task != dt_self && th->state != DT_THREAD_ENDED)
            dt_task_end(task);
        if (th == &main_record) {
            th->state = DT_THREAD_FREE;
            hash_remove(th);
        } else {
            record_release(th);
        }
    }
    if (me && me != &gone)
        me->tid = (int)syscall(SYS_gettid);
}
