/* SPDX-License-Identifier: MIT
 *
 * Memory runs out at the n-th request of each constructor, for every n that there is: it returns
 * NULL with ENOMEM (gorc_try_go -ENOMEM, gorc_go one line and abort), what it had made is taken
 * back, and the next call works.
 */
#include <criterion/criterion.h>
#include <gorc.h>
#include <poll.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"

/* One call of a constructor: 1 made (and freed again), 0 failed as it should, -1 otherwise. */
typedef int (*attempt)(void);

static int judge(const void *made)
{
    return made ? 1 : errno == ENOMEM ? 0 : -1;
}

static int number(void *arg)
{
    return *(int *)arg;
}

static void nothing(void *arg)
{
    (void)arg;
}

/* Every n until a call gets by without the failure; then once more, undisturbed. */
static void at_each_request(const char *what, attempt try)
{
    int failures = 0;
    cr_assert_eq(try(), 1, "%s fails with memory", what);
    for (long n = 1;; n++) {
        cr_assert(n < 1000, "%s: no end", what);
        errno = 0;
        gorc__alloc_fail_at(n);
        int result = try();
        bool refused = gorc__alloc_fail_left() == 0;
        gorc__alloc_fail_at(0);
        cr_assert(result >= 0, "%s: wrong at request %ld (errno %d)", what, n, errno);
        cr_assert(refused || result == 1, "%s: fails without a reason", what);
        failures += result == 0;
        if (!refused)
            break;
    }
    cr_assert(failures > 0, "%s: never failed", what);
    cr_assert_eq(try(), 1, "%s does not recover", what);
}

/* --- channels and timers --- */

static int chan_buffered(void)
{
    gorc_chan *c = gorc_chan_new(8, 100);
    int result = judge(c);
    gorc_chan_unref(c);
    return result;
}

static int chan_unbuffered(void)
{
    gorc_chan *c = gorc_chan_new(8, 0);
    int result = judge(c);
    gorc_chan_unref(c);
    return result;
}

static int after(void)
{
    gorc_chan *c = gorc_after(GORC_SECOND);
    int result = judge(c);
    gorc_chan_unref(c);
    return result;
}

static int timer(void)
{
    gorc_timer *t = gorc_timer_new(GORC_SECOND);
    int result = judge(t);
    if (t)
        gorc_timer_free(t);
    return result;
}

static int timer_after_func(void)
{
    gorc_timer *t = gorc_timer_after_func(GORC_SECOND, nothing, NULL);
    int result = judge(t);
    if (t)
        gorc_timer_free(t);
    return result;
}

static int ticker(void)
{
    gorc_ticker *t = gorc_ticker_new(GORC_SECOND);
    int result = judge(t);
    if (t)
        gorc_ticker_free(t);
    return result;
}

Test(alloc_failure, channels_and_timers)
{
    gorc_yield();
    at_each_request("chan", chan_unbuffered);
    at_each_request("buffered chan", chan_buffered);
    at_each_request("after", after);
    at_each_request("timer", timer);
    at_each_request("after_func", timer_after_func);
    at_each_request("ticker", ticker);
}

/* --- contexts and groups --- */

static gorc_ctx *parent;

static int free_ctx(gorc_ctx *c)
{
    int result = judge(c);
    if (c)
        gorc_ctx_free(c);
    return result;
}

static int ctx_cancel(void)
{
    return free_ctx(gorc_ctx_with_cancel(parent));
}

static int ctx_timeout(void)
{
    return free_ctx(gorc_ctx_with_timeout(parent, GORC_SECOND));
}

static int ctx_deadline(void)
{
    return free_ctx(gorc_ctx_with_deadline(parent, gorc_now() + GORC_SECOND));
}

static int ctx_causes(void)
{
    gorc_ctx *a = gorc_ctx_with_timeout_cause(parent, GORC_SECOND, -EIO);
    if (!a)
        return judge(a);
    gorc_ctx *b = gorc_ctx_with_deadline_cause(a, gorc_now() + GORC_MILLISECOND, -EIO);
    gorc_ctx_free(a);
    return free_ctx(b);
}

/* The channel is made at the first call: the context stays as it was. */
static int ctx_done(void)
{
    gorc_ctx *c = gorc_ctx_with_cancel(parent);
    if (!c)
        return judge(c);
    int result = judge(gorc_ctx_done(c));
    if (result == 0)
        result = gorc_ctx_err(c) == 0 && gorc_ctx_done(c) ? 0 : -1;
    gorc_ctx_free(c);
    return result;
}

static int ctx_value(void)
{
    return free_ctx(gorc_ctx_with_value(parent, &parent, &parent));
}

static int ctx_without_cancel(void)
{
    return free_ctx(gorc_ctx_without_cancel(parent));
}

static int ctx_signal(void)
{
    int signals[] = {SIGUSR1};
    return free_ctx(gorc_ctx_with_signal(parent, signals, 1));
}

static int ctx_after_func(void)
{
    gorc_ctx_stop *s = gorc_ctx_after_func(parent, nothing, NULL);
    int result = judge(s);
    if (s)
        gorc_ctx_stop_func(s);
    return result;
}

static int group(void)
{
    gorc_ctx *ctx = NULL;
    gorc_group *g = gorc_group_new(parent, &ctx);
    int result = judge(g), seven = 7;
    if (!g)
        return ctx ? -1 : result;
    long left = gorc__alloc_fail_left();
    gorc__alloc_fail_at(0); /* gorc_group_go may abort */
    gorc_group_go(g, number, &seven);
    if (gorc_group_wait(g) != 7)
        result = -1;
    gorc_ctx_free(ctx);
    gorc__alloc_fail_at(left);
    return result;
}

Test(alloc_failure, contexts_and_groups)
{
    parent = gorc_ctx_with_cancel(gorc_ctx_background());
    at_each_request("with_cancel", ctx_cancel);
    at_each_request("with_timeout", ctx_timeout);
    at_each_request("with_deadline", ctx_deadline);
    at_each_request("with_cause", ctx_causes);
    at_each_request("done", ctx_done);
    at_each_request("with_value", ctx_value);
    at_each_request("without_cancel", ctx_without_cancel);
    at_each_request("ctx after_func", ctx_after_func);
    at_each_request("group", group);
    gorc_ctx_free(parent);
}

Test(alloc_failure, contexts_of_signals)
{
    parent = gorc_ctx_background();
    at_each_request("with_signal", ctx_signal);
}

/* --- goroutines --- */

enum { MANY = 2000 }; /* beyond what a worker keeps in store */

static gorc_waitgroup gate, ended;

static void wait_at_gate(void *arg)
{
    (void)arg;
    gorc_wg_wait(&gate);
    gorc_wg_done(&ended);
}

Test(alloc_failure, try_go_says_so_and_goes_on, .timeout = 60)
{
    int made = 0, refused = 0;
    gorc_procs(1);
    gorc_wg_add(&gate, 1);
    for (int i = 0; i < MANY; i++) {
        gorc_wg_add(&ended, 1);
        gorc__alloc_fail_at(1);
        int result = gorc_try_go(wait_at_gate, NULL);
        gorc__alloc_fail_at(0);
        if (result == 0) {
            made++;
        } else {
            cr_assert_eq(result, -ENOMEM);
            refused++;
            cr_assert_eq(gorc_try_go(wait_at_gate, NULL), 0);
        }
    }
    cr_assert(refused > 0);
    cr_assert_eq(made + refused, MANY);
    gorc_wg_done(&gate);
    gorc_wg_wait(&ended);
}

static void go_without_memory(bool with_options)
{
    struct gorc_go_options options = {.stack_size = 1 << 20};
    for (int i = 0; i < MANY; i++) {
        gorc__alloc_fail_at(1);
        if (with_options)
            gorc_go_with(&options, nothing, NULL);
        else
            gorc_go(wait_at_gate, NULL);
    }
}

static void check_one_line(bool with_options)
{
    int ends[2], status;
    char err[1024];
    size_t used = 0;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        gorc_procs(1);
        gorc_wg_add(&gate, 1);
        go_without_memory(with_options);
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], err + used, sizeof err - 1 - used)) > 0;)
        used += (size_t)n;
    err[used] = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    char *end = strstr(err, "qemu: "); /* an emulator says more */
    if (end)
        *end = 0;
    cr_assert_eq(
        strcmp(err, "gorc: fatal: out of memory for a goroutine\n"), 0, "it said: %s", err);
}

Test(alloc_failure, go_says_one_line_and_aborts, .timeout = 60)
{
    check_one_line(false);
    check_one_line(true);
}

/* --- goroutine-local values --- */

static int local_value(void)
{
    static const char key;
    static int value;
    int result = gorc_local_set(&key, &value, nothing);
    if (result == 0 && gorc_local_get(&key) == &value)
        return gorc_local_set(&key, NULL, NULL) == 0 ? 1 : -1;
    return result == -ENOMEM && !gorc_local_get(&key) ? 0 : -1;
}

Test(alloc_failure, local_values)
{
    gorc_yield();
    at_each_request("local_set", local_value);
}

/* --- calls that return nothing: one line, and abort --- */

static gorc_map map;

static void map_store(void)
{
    gorc_map_store(&map, &map, &map);
}

static void map_load_or_store(void)
{
    gorc_map_load_or_store(&map, &map, &map, NULL);
}

static void map_swap(void)
{
    gorc_map_swap(&map, &map, &map, NULL);
}

static size_t same_hash(const void *key)
{
    (void)key;
    return 1;
}

static bool is_same(const void *a, const void *b)
{
    return a == b;
}

static bool go_on(void *key, void *value, void *arg)
{
    return key == value && !arg;
}

/* Keys of one hash are noted down before the function is called. */
static void map_range(void)
{
    static char keys[2];
    map = (gorc_map){.hash = same_hash, .equal = is_same};
    gorc__alloc_fail_at(0);
    gorc_map_store(&map, &keys[0], &keys[0]);
    gorc_map_store(&map, &keys[1], &keys[1]);
    gorc__alloc_fail_at(1);
    gorc_map_range(&map, go_on, NULL);
}

static void pool_put(void)
{
    static gorc_pool pool;
    gorc_pool_put(&pool, &pool);
}

static void group_try_go(void)
{
    static int zero;
    gorc__alloc_fail_at(0);
    gorc_group *g = gorc_group_new(NULL, NULL);
    gorc__alloc_fail_at(1);
    gorc_group_try_go(g, number, &zero);
}

static void procs(void)
{
    gorc_procs(gorc_procs(0) + 1);
}

static void group_go(void)
{
    static int zero;
    gorc__alloc_fail_at(0);
    gorc_group *g = gorc_group_new(NULL, NULL);
    gorc__alloc_fail_at(1);
    gorc_group_go(g, number, &zero);
}

static void wg_go(void)
{
    static gorc_waitgroup wg;
    gorc_wg_go(&wg, nothing, NULL);
}

static void check_fatal(const char *what, void (*fn)(void), const char *words)
{
    int ends[2], status;
    char err[1024];
    size_t used = 0;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        gorc_yield();
        gorc__alloc_fail_at(1);
        fn();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], err + used, sizeof err - 1 - used)) > 0;)
        used += (size_t)n;
    err[used] = 0;
    close(ends[0]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "%s: status %x", what,
        (unsigned)status);
    cr_assert(strstr(err, words), "%s said: %s", what, err);
}

Test(alloc_failure, functions_without_a_result_abort, .timeout = 60)
{
    check_fatal("map_store", map_store, "gorc: fatal: gorc_map: out of memory");
    check_fatal("map_load_or_store", map_load_or_store, "gorc: fatal: gorc_map: out of memory");
    check_fatal("map_swap", map_swap, "gorc: fatal: gorc_map: out of memory");
    check_fatal("map_range", map_range, "gorc: fatal: gorc_map_range: out of memory");
    check_fatal("pool_put", pool_put, "gorc: fatal: gorc_pool_put: out of memory");
    check_fatal("procs", procs, "gorc: fatal: out of memory for a worker");
    check_fatal("group_go", group_go, "gorc: fatal: gorc_group_go: out of memory");
    check_fatal("group_try_go", group_try_go, "gorc: fatal: gorc_group_go: out of memory");
    check_fatal("wg_go", wg_go, "gorc: fatal: gorc_wg_go: out of memory");
}

/* --- pools with `drop`: the item is dropped --- */

static int dropped;

static void drop(void *item, void *arg)
{
    (void)item;
    (void)arg;
    dropped++;
}

static int pool_drops(void)
{
    gorc_pool pool = {.drop = drop};
    dropped = 0;
    gorc_pool_put(&pool, &pool);
    bool kept = gorc_pool_get(&pool) == &pool;
    gorc_pool_clear(&pool);
    return kept == (dropped == 0) ? kept : -1;
}

Test(alloc_failure, pools)
{
    gorc_yield();
    at_each_request("pool", pool_drops);
}

/* --- descriptors: -ENOMEM, and the next call works --- */

/* The next descriptor has a number that no table has yet: all below are taken. */
static void fill_table(void)
{
    int fd;
    do
        cr_assert((fd = dup(STDERR_FILENO)) >= 0);
    while (fd % 1024 != 1023);
}

static int wait_readable(void)
{
    int ends[2];
    char byte = 1;
    fill_table();
    if (pipe(ends) != 0)
        return -1;
    (void)!write(ends[1], &byte, 1);
    int result = (int)gorc_read(ends[0], &byte, 1);
    close(ends[1]);
    gorc_close(ends[0]);
    return result == 1 ? 1 : result == -ENOMEM ? 0 : -1;
}

static int write_one_byte(void)
{
    int ends[2];
    fill_table();
    if (pipe(ends) != 0)
        return -1;
    int result = (int)gorc_write(ends[1], "x", 1);
    close(ends[0]);
    gorc_close(ends[1]);
    return result == 1 ? 1 : result == -ENOMEM ? 0 : -1;
}

static int wait_writable(void)
{
    int ends[2];
    fill_table();
    if (pipe(ends) != 0)
        return -1;
    int result = gorc_wait_fd(ends[1], POLLOUT, INT64_MAX);
    close(ends[0]);
    gorc_close(ends[1]);
    return result >= 0 ? 1 : result == -ENOMEM ? 0 : -1;
}

static const char *const address = "unix:@gorc-alloc-failure";
static int listener;

static int judge_socket(int fd)
{
    if (fd >= 0)
        gorc_close(fd);
    return fd >= 0 ? 1 : fd == -ENOMEM ? 0 : -1;
}

static int listens(void)
{
    fill_table();
    return judge_socket(gorc_listen("127.0.0.1:0"));
}

static int dials(void)
{
    fill_table();
    return judge_socket(gorc_dial(address));
}

static int accepts(void)
{
    long left = gorc__alloc_fail_left();
    gorc__alloc_fail_at(0);
    int fd = gorc_dial(address);
    gorc__alloc_fail_at(left);
    fill_table();
    int result = judge_socket(gorc_accept(listener));
    gorc_close(fd);
    return result;
}

static void raise_limit(void)
{
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 20000 ? limit.rlim_max : 20000;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    gorc_yield();
}

Test(alloc_failure, descriptors)
{
    raise_limit();
    at_each_request("read", wait_readable);
    at_each_request("write", write_one_byte);
    at_each_request("wait_fd", wait_writable);
}

Test(alloc_failure, sockets)
{
    raise_limit();
    listener = gorc_listen(address);
    at_each_request("accept", accepts);
    at_each_request("listen", listens);
    at_each_request("dial", dials);
}

/* --- connections by name: the question to the resolver, its goroutine, the thread it blocks --- */

static char server_address[32];

static int dial_name(void)
{
    return judge_socket(gorc_dial(server_address));
}

static int dial_name_until(void)
{
    return judge_socket(gorc_dial_until(server_address, gorc_now() + 60 * GORC_SECOND));
}

static int listen_name(void)
{
    return judge_socket(gorc_listen("localhost:0"));
}

Test(alloc_failure, connections_by_name, .timeout = 60)
{
    struct sockaddr_in in;
    socklen_t size = sizeof in;
    int server = gorc_listen("127.0.0.1:0");
    gorc_procs(1);
    gorc_sleep(1); /* a wait with a deadline aborts where there is no room for its timer */
    cr_assert(server >= 0);
    cr_assert_eq(getsockname(server, (struct sockaddr *)&in, &size), 0);
    snprintf(server_address, sizeof server_address, "localhost:%d", ntohs(in.sin_port));
    at_each_request("dial", dial_name);
    at_each_request("dial_until", dial_name_until);
    at_each_request("listen", listen_name);
    gorc_close(server);
}

/* --- names: one less, nothing else --- */

Test(alloc_failure, a_name_is_left_out)
{
    static int object;
    gorc_yield();
    for (long n = 1; n < 5; n++) {
        gorc__alloc_fail_at(n);
        gorc_set_name(&object, "name");
        gorc__alloc_fail_at(0);
        gorc_set_name(&object, NULL);
    }
}
