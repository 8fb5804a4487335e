// SPDX-License-Identifier: MIT
//
// gorc_defer and its shipped forms in C++: at the end of a block, when an exception leaves it, on
// gorc_goexit; last first. tests/unit/cxx.sh builds and runs it.
#include <gorc.h>

#include <cstdio>
#include <cstdlib>

#define CHECK(cond) ((cond) ? (void)0 : failed(#cond, __LINE__))

static void failed(const char *what, int line)
{
    std::fprintf(stderr, "defer.cc:%d: failed: %s\n", line, what);
    std::abort();
}

static int seen, order[8];

static void note(void *arg)
{
    order[seen++] = *static_cast<int *>(arg);
}

static int one = 1, two = 2;

static void throws()
{
    gorc_defer(note, &one);
    gorc_defer(note, &two);
    throw 7;
}

struct shared {
    gorc_mutex mu;
    gorc_waitgroup wg;
    gorc_ctx *ctx;
    gorc_chan *chan;
    bool exits;
};

static void forms(void *arg)
{
    auto *s = static_cast<shared *>(arg);
    gorc_defer_done(&s->wg);
    gorc_defer_unref(gorc_chan_ref(s->chan));
    gorc_defer_cancel(s->ctx);
    gorc_mutex_lock(&s->mu);
    gorc_defer_unlock(&s->mu);
    gorc_defer(note, &one);
    if (s->exits)
        gorc_goexit();
}

static void run_forms(bool exits)
{
    shared s = {};
    s.exits = exits;
    s.ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    s.chan = gorc_chan_new(1, 0);
    seen = 0;
    gorc_wg_add(&s.wg, 1);
    gorc_go(forms, &s);
    gorc_wg_wait(&s.wg);
    CHECK(seen == 1);
    CHECK(gorc_mutex_try_lock(&s.mu));
    gorc_mutex_unlock(&s.mu);
    CHECK(gorc_ctx_err(s.ctx) != 0);
    gorc_chan_unref(s.chan);
    gorc_ctx_free(s.ctx);
}

int main()
{
    bool caught = false;
    try {
        throws();
    } catch (int n) {
        caught = n == 7;
    }
    CHECK(caught && seen == 2 && order[0] == 2 && order[1] == 1);
    run_forms(false);
    run_forms(true);
    return 0;
}
