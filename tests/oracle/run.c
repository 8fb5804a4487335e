/* SPDX-License-Identifier: MIT
 *
 * The tasks of one program and their turns.
 *
 * Whoever has the turn makes the next step and passes it on; what a program's state says is read
 * and written by that task alone. Who waits for its turn is parked below the public functions,
 * where the detector sees nothing.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gorc.h>

#include "base/lock.h"
#include "oracle.h"
#include "inspect.h"
#include "sched/g.h"

enum state { UNUSED, ALIVE, BLOCKED, ENDED, JOINED };
enum { MAIN = -1 };

const struct program *now;
int now_step;
static enum state state[TASKS];
static bool threaded[TASKS];
static pthread_t thread[TASKS];
static struct gorc__lock turns;
static int turn = MAIN;
static struct gorc__g *waiting[TASKS + 1];
static bool is_ending;
static struct gorc__g *blocking; /* the one that is about to block */

static void give_turn(int to)
{
    gorc__lock(&turns);
    turn = to;
    struct gorc__g *g = waiting[to + 1];
    waiting[to + 1] = NULL;
    gorc__unlock(&turns);
    if (g)
        gorc__ready(g);
}

static void wait_turn(int me)
{
    gorc__lock(&turns);
    if (turn == me) {
        gorc__unlock(&turns);
        return;
    }
    struct gorc__g *self = gorc__self();
    waiting[me + 1] = self;
    gorc__park(self, &turns, GORC__WAIT_NONE, NULL, NULL);
}

/* From step `from` on, the first that can be made; else the first task makes an end of it. */
static void pass_on(int from)
{
    for (now_step = from; now_step < now->n; now_step++) {
        const struct step *s = &now->step[now_step];
        if (!s->off && state[s->task] == ALIVE && !failure[0]) {
            totals.steps++;
            give_turn(s->task);
            return;
        }
    }
    give_turn(0);
}

bool is_thread(int t)
{
    return threaded[t];
}

bool may_block(int t)
{
    return t != 0 && !threaded[t];
}

/* The turn goes on before t has blocked: the next one waits for that. */
void blocks(int t)
{
    state[t] = BLOCKED;
    blocking = gorc__self();
    pass_on(now_step + 1);
}

/* With one worker it has blocked long ago, unless the worker was taken from it in between. */
static void wait_for_blocking(void)
{
    while (blocking && atomic_load(&blocking->state) != GORC__G_BLOCKED)
        gorc_yield();
    blocking = NULL;
}

void goes_on(int t)
{
    state[t] = ALIVE;
}

/* --- life --- */

static void life(int me);

static void goroutine(void *arg)
{
    life((int)(intptr_t)arg);
}

static void *thread_main(void *arg)
{
    life((int)(intptr_t)arg);
    return NULL;
}

static int count_alive(void)
{
    int n = 0;
    for (int t = 0; t < TASKS; t++)
        n += state[t] == ALIVE || state[t] == BLOCKED;
    return n;
}

static void do_spawn(int t, const struct step *s)
{
    int child = (int)(s->a % TASKS);
    if (state[child] != UNUSED || count_alive() >= MAX_ALIVE)
        return;
    threaded[child] = now->has_threads && s->b % 3 == 0;
    tell(t, "%s %d", threaded[child] ? "pthread_create" : "go", child);
    memory_moved();
    hb_spawn(t, child);
    state[child] = ALIVE;
    void *arg = (void *)(intptr_t)child;
    if (!threaded[child]) {
        gorc_go(goroutine, arg);
    } else {
        totals.threads++;
        int err = pthread_create(&thread[child], NULL, thread_main, arg);
        if (err) {
            fprintf(stderr, "oracle: no more threads: %s\n", strerror(err));
            exit(99);
        }
    }
}

static void do_join(int t, const struct step *s)
{
    int other = (int)(s->a % TASKS);
    if (!threaded[other] || state[other] != ENDED)
        return;
    tell(t, "pthread_join %d", other);
    memory_moved();
    pthread_join(thread[other], NULL);
    hb_edge(other, t);
    state[other] = JOINED;
}

void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
static char ends[8], ends_later[8];

static void end_of_task(int me)
{
    unlock_all(me);
    tell(me, "ends");
    __tsan_release(now->is_waited_for ? &ends : &ends_later);
    memory_moved();
    state[me] = ENDED;
}

/* The last steps: all that wait go on, all end, one after the other. */
static void next_to_end(int me)
{
    for (int t = TASKS - 1; t >= 0; t--) {
        if (state[t] == ALIVE && t != me) {
            give_turn(t);
            return;
        }
    }
    give_turn(MAIN);
}

static void finish_program(int me)
{
    while (unblock_one(me))
        ;
    is_ending = true;
    if (count_alive() == 1)
        return;
    next_to_end(me);
    wait_turn(me);
}

static bool step(int me, const struct step *s)
{
    switch ((enum op)s->op) {
    case OP_ACCESS:
        do_access(me, s);
        break;
    case OP_RANGE:
        do_range(me, s);
        break;
    case OP_ATOMIC:
        do_atomic(me, s);
        break;
    case OP_FENCE:
        do_fence(me, s);
        break;
    case OP_LOCK:
        do_lock(me, s);
        break;
    case OP_UNLOCK:
        do_unlock(me, s);
        break;
    case OP_SEND:
        return do_send(me, s);
    case OP_RECV:
        return do_recv(me, s);
    case OP_CLOSE:
        do_close(me, s);
        break;
    case OP_WAITGROUP:
        do_waitgroup(me, s);
        break;
    case OP_ANNOTATE:
        do_annotate(me, s);
        break;
    case OP_SPAWN:
        do_spawn(me, s);
        break;
    case OP_JOIN:
        do_join(me, s);
        break;
    case OP_BLOCK:
        do_block(me, s);
        break;
    case OP_FREED:
        do_freed(me, s);
        break;
    case OP_FRESH:
        do_fresh(me, s);
        break;
    case OP_FRAMES:
        do_frames(me, s);
        break;
    case OP_SWEEP:
        do_sweep(me, s);
        break;
    case OP_END:
    case OPS:
        break;
    }
    return false;
}

static bool ends_here(int me)
{
    return now_step < now->n && now->step[now_step].op == OP_END && me != 0;
}

static void life(int me)
{
    bool first = true;
    for (;;) {
        wait_turn(me);
        wait_for_blocking();
        if (first)
            task_met(me);
        first = false;
        if (is_ending || now_step >= now->n || ends_here(me))
            break;
        if (!step(me, &now->step[now_step]))
            pass_on(now_step + 1);
    }
    if (me == 0 && !is_ending)
        finish_program(me);
    end_of_task(me);
    if (is_ending)
        next_to_end(me);
    else
        pass_on(now_step + 1);
}

void run_program(const struct program *p)
{
    now = p;
    is_ending = false;
    hb_reset();
    for (int t = 0; t < TASKS; t++) {
        state[t] = UNUSED;
        threaded[t] = false;
    }
    accesses_begin();
    objects_begin();
    state[0] = ALIVE;
    gorc_go(goroutine, NULL);
    pass_on(0);
    wait_turn(MAIN);
    for (int t = 0; t < TASKS; t++)
        if (threaded[t] && state[t] == ENDED)
            pthread_join(thread[t], NULL);
    __tsan_acquire(&ends);
    objects_end();
    accesses_end();
    totals.programs++;
}

void run_learn_all(void)
{
    __tsan_acquire(&ends_later);
}
