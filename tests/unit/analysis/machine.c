/* SPDX-License-Identifier: MIT
 */
#include "machine.h"

#include <string.h>

enum { FIRST_GLOBAL = 4, FIRST_BLOCK = FIRST_GLOBAL + M_GLOBALS };
enum { FIRST_STACK = FIRST_BLOCK + M_BLOCKS * M_BLOCK_WORDS };

uint64_t m_random(struct machine *m)
{
    uint64_t z = m->seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int below(struct machine *m, int n)
{
    return (int)(m_random(m) % (uint64_t)n);
}

/* --- memory --- */

uintptr_t m_address(size_t word)
{
    return M_BASE + word * sizeof(uintptr_t);
}

uintptr_t m_block_address(int block)
{
    return m_address(FIRST_BLOCK + (size_t)block * M_BLOCK_WORDS + 1);
}

size_t m_stack_word(int task)
{
    return FIRST_STACK + (size_t)task * M_STACK;
}

static uintptr_t *fields(struct machine *m, int block)
{
    return &m->words[FIRST_BLOCK + block * M_BLOCK_WORDS + 1];
}

static uintptr_t *vars(struct machine *m, int task)
{
    return &m->words[m_stack_word(task) + M_STACK - M_VARS];
}

size_t m_block_size(const struct machine *m, int block)
{
    const struct m_block *b = &m->blocks[block];
    size_t n = b->kind == M_STRUCT || b->kind == M_FREE ? M_FIELDS
               : b->kind == M_CHAN                      ? 1 + (size_t)b->cap
                                                        : 2;
    return n * sizeof(uintptr_t);
}

int m_block_of(uintptr_t address)
{
    address &= ((uintptr_t)1 << 47) - 1;
    if (address < m_address(FIRST_BLOCK) || address >= m_address(FIRST_STACK))
        return -1;
    return (int)((address - m_address(FIRST_BLOCK)) / (M_BLOCK_WORDS * sizeof(uintptr_t)));
}

/* What a variable refers to, if it is of that kind. */
static int refers(struct machine *m, int task, int var, enum m_kind kind)
{
    int b = m_block_of(vars(m, task)[var]);
    return b >= 0 && m->blocks[b].kind == kind ? b : -1;
}

/* Some variable of that kind; -1: none. */
static int any(struct machine *m, int task, enum m_kind kind)
{
    int from = below(m, M_VARS);
    for (int i = 0; i < M_VARS; i++) {
        int b = refers(m, task, (from + i) % M_VARS, kind);
        if (b >= 0)
            return b;
    }
    return -1;
}

/* A pointer into the block, with a tag at times. */
static uintptr_t pointer_to(struct machine *m, int block)
{
    uintptr_t p = m_block_address(block);
    if (below(m, 4) == 0)
        p += (uintptr_t)below(m, (int)m_block_size(m, block));
    if (below(m, 8) == 0)
        p |= (uintptr_t)below(m, 1 << 16) << 48;
    return p;
}

static void make(struct machine *m, int task)
{
    if (m->n_blocks == M_BLOCKS)
        return;
    int b = m->n_blocks++;
    int cap = below(m, M_BUFFER + 1);
    m->blocks[b] = (struct m_block){
        .kind = (enum m_kind)(M_STRUCT + below(m, 4)),
        .cap = cap,
        .holder = -1,
    };
    memset(fields(m, b), 0, (M_BLOCK_WORDS - 1) * sizeof(uintptr_t));
    vars(m, task)[below(m, M_VARS)] = pointer_to(m, b);
}

/* A block that no variable, field or waiter refers to may have been freed; here: some structs, with
 * what they held. Only when the machine can tell that nobody uses it any more. */
static void release(struct machine *m, int task)
{
    int b = any(m, task, M_STRUCT);
    if (b < 0)
        return;
    for (size_t i = 0; i < M_WORDS; i++)
        if (m_block_of(m->words[i]) == b && (int)((i - FIRST_BLOCK) / M_BLOCK_WORDS) != b)
            m->words[i] = 0;
    for (int t = 0; t < M_TASKS; t++)
        if (m_block_of(m->tasks[t].value) == b)
            m->tasks[t].value = 0;
    m->blocks[b].kind = M_FREE;
}

static void go(struct machine *m, int task)
{
    int t = 0;
    while (t < M_TASKS && m->tasks[t].state != M_NONE)
        t++;
    if (t == M_TASKS)
        return;
    m->tasks[t] = (struct m_task){.state = M_RUNS, .has_run = true};
    for (int i = 0; i < M_STACK - M_VARS; i++) /* what an earlier one left below sp */
        m->words[m_stack_word(t) + (size_t)i] = vars(m, task)[below(m, M_VARS)];
    for (int i = 0; i < M_VARS; i++)
        vars(m, t)[i] = below(m, 2) ? vars(m, task)[below(m, M_VARS)] : 0;
}

static void move(struct machine *m, int task)
{
    uintptr_t *from = &vars(m, task)[below(m, M_VARS)];
    uintptr_t *to = &vars(m, task)[below(m, M_VARS)];
    int b = any(m, task, M_STRUCT);
    uintptr_t *global = &m->words[FIRST_GLOBAL + below(m, M_GLOBALS)];
    switch (below(m, 8)) {
    case 0:
        if (below(m, 4) == 0)
            *global = *from;
        break;
    case 1:
        *to = *global;
        break;
    case 2:
        *global = 0;
        break;
    case 3:
    case 4:
        if (b >= 0)
            fields(m, b)[below(m, M_FIELDS)] = *from;
        break;
    case 5:
        if (b >= 0)
            *to = fields(m, b)[below(m, M_FIELDS)];
        break;
    default:
        *to = 0;
        break;
    }
}

/* --- waiting --- */

static void block_on(struct machine *m, int task, enum m_op op, int object)
{
    struct m_task *t = &m->tasks[task];
    t->state = M_BLOCKED;
    t->op = op;
    t->object[0] = object;
    t->n_objects = 1;
}

static void wake(struct machine *m, int task)
{
    m->tasks[task].state = M_RUNS;
    m->tasks[task].has_run = true;
    m->tasks[task].value = 0;
}

static bool waits_on(const struct machine *m, int task, enum m_op op, int object)
{
    const struct m_task *t = &m->tasks[task];
    if (t->state != M_BLOCKED)
        return false;
    if (t->op == M_SELECT && op == M_RECV)
        return t->object[0] == object || (t->n_objects > 1 && t->object[1] == object);
    return t->op == op && t->object[0] == object;
}

static int waiter(struct machine *m, enum m_op op, int object)
{
    int from = below(m, M_TASKS);
    for (int i = 0; i < M_TASKS; i++)
        if (waits_on(m, (from + i) % M_TASKS, op, object))
            return (from + i) % M_TASKS;
    return -1;
}

static void take(struct machine *m, int task, uintptr_t value)
{
    vars(m, task)[below(m, M_VARS)] = value;
}

static void send(struct machine *m, int task, int c)
{
    struct m_block *b = &m->blocks[c];
    uintptr_t value = vars(m, task)[below(m, M_VARS)];
    int receiver = b->closed ? -1 : waiter(m, M_RECV, c);
    if (b->closed)
        return;
    if (receiver >= 0) {
        wake(m, receiver);
        take(m, receiver, value);
    } else if (b->count < b->cap) {
        fields(m, c)[1 + b->count++] = value;
    } else {
        block_on(m, task, M_SEND, c);
        m->tasks[task].value = value;
        vars(m, task)[0] = value; /* the value lies in the sender's frame */
    }
}

/* True: received, or closed. */
static bool try_recv(struct machine *m, int task, int c)
{
    struct m_block *b = &m->blocks[c];
    int sender;
    if (b->count > 0) {
        take(m, task, fields(m, c)[1]);
        b->count--;
        for (int i = 0; i < b->count; i++)
            fields(m, c)[1 + i] = fields(m, c)[2 + i];
        fields(m, c)[1 + b->count] = 0;
        if ((sender = waiter(m, M_SEND, c)) >= 0) {
            fields(m, c)[1 + b->count++] = m->tasks[sender].value;
            wake(m, sender);
        }
        return true;
    }
    if ((sender = waiter(m, M_SEND, c)) >= 0) {
        take(m, task, m->tasks[sender].value);
        wake(m, sender);
        return true;
    }
    return b->closed;
}

static void close_chan(struct machine *m, int c)
{
    int t;
    m->blocks[c].closed = true;
    while ((t = waiter(m, M_RECV, c)) >= 0)
        wake(m, t);
    while ((t = waiter(m, M_SEND, c)) >= 0) /* a panic ends the sender: it runs */
        wake(m, t);
}

static void select_two(struct machine *m, int task)
{
    int c[2] = {any(m, task, M_CHAN), any(m, task, M_CHAN)};
    if (c[0] < 0 || try_recv(m, task, c[0]) || try_recv(m, task, c[1]))
        return;
    block_on(m, task, M_SELECT, c[0]);
    m->tasks[task].object[1] = c[1];
    m->tasks[task].n_objects = 2;
}

static void channel_op(struct machine *m, int task)
{
    int c = any(m, task, M_CHAN);
    int what = below(m, 16);
    if (what == 15)
        block_on(m, task, M_RECV, below(m, 8) ? c : -1);
    if (c < 0 || what == 15)
        return;
    if (what < 7)
        send(m, task, c);
    else if (what < 12 && !try_recv(m, task, c))
        block_on(m, task, M_RECV, c);
    else if (what == 12 && !m->blocks[c].closed)
        close_chan(m, c);
    else if (what > 12)
        select_two(m, task);
}

static void lock_op(struct machine *m, int task)
{
    int b = any(m, task, M_MUTEX);
    if (b < 0)
        return;
    struct m_block *mu = &m->blocks[b];
    if (below(m, 2)) {
        if (mu->count)
            block_on(m, task, M_LOCK, b);
        else
            mu->count = 1, mu->holder = task;
    } else if (mu->count && (!m->holder_unlocks || mu->holder == task)) {
        int next = waiter(m, M_LOCK, b);
        mu->count = next >= 0;
        mu->holder = next;
        if (next >= 0)
            wake(m, next);
    }
}

static void wait_group_op(struct machine *m, int task)
{
    int b = any(m, task, M_WAITGROUP), t;
    if (b < 0)
        return;
    struct m_block *wg = &m->blocks[b];
    switch (below(m, 3)) {
    case 0:
        if (waiter(m, M_WAIT, b) < 0 && wg->count < 3)
            wg->count++;
        break;
    case 1:
        if (wg->count > 0 && --wg->count == 0)
            while ((t = waiter(m, M_WAIT, b)) >= 0)
                wake(m, t);
        break;
    default:
        if (wg->count > 0)
            block_on(m, task, M_WAIT, b);
    }
}

/* What it holds stays locked for ever: the next one with its number is another task. */
static void end(struct machine *m, int task)
{
    m->tasks[task].state = M_NONE;
    for (int b = 0; b < m->n_blocks; b++)
        if (m->blocks[b].holder == task)
            m->blocks[b].holder = -1;
}

static void act(struct machine *m, int task)
{
    m->tasks[task].has_run = true;
    switch (below(m, 20)) {
    case 0:
    case 1:
    case 2:
        make(m, task);
        break;
    case 3:
        go(m, task);
        break;
    case 4:
        release(m, task);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        move(m, task);
        break;
    case 9:
        if (below(m, 6) == 0 && task != 0)
            end(m, task);
        break;
    case 10:
    case 11:
    case 12:
        lock_op(m, task);
        break;
    case 13:
    case 14:
        wait_group_op(m, task);
        break;
    default:
        channel_op(m, task);
    }
}

void m_start(struct machine *m, uint64_t seed)
{
    memset(m, 0, sizeof *m);
    m->seed = seed;
    m->tasks[0].state = M_RUNS;
    m->holder_unlocks = m_random(m) & 1;
}

bool m_step(struct machine *m)
{
    int from = below(m, M_TASKS);
    for (int i = 0; i < M_TASKS; i++) {
        int t = (from + i) % M_TASKS;
        if (m->tasks[t].state == M_RUNS) {
            act(m, t);
            return true;
        }
    }
    return false;
}
