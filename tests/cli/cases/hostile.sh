# SPDX-License-Identifier: MIT
# Places where a program may be run: little address space, no room for files, system calls forbidden,
# another user, no /proc, many processes. Settings of the whole machine are in
# scripts/check-hostile.sh.

one_race='gorc: 1 finding \(1 data race; accesses checked: yes\)'

case_hostile_address_space() {
    run_is 99 sh -c "ulimit -v 100000; exec $target race say"
    err_lines_are 1
    err_has "address space limit too small: 97 MB"
    run_is 99 sh -c "ulimit -v 500000; exec $target race say"
    err_lines_are 1
    err_has "address space limit too small"
    run_is 66 sh -c "ulimit -v 4000000; exec $target race say"
    last_is "$one_race"
}

# A limit that the program sets is for its own memory, and is what it set.
case_hostile_address_space_later() {
    cat >t.c <<'C'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
int x;
static void *bump(void *arg) { x++; return arg; }
int main(int argc, char **argv)
{
    rlim_t wanted = strtoul(argv[argc - 1], NULL, 10) << 20;
    struct rlimit r = {wanted, RLIM_INFINITY}, now;
    pthread_t t;
    if (setrlimit(RLIMIT_AS, &r) || getrlimit(RLIMIT_AS, &now) || now.rlim_cur != wanted)
        return 9;
    for (int i = 0; i < 50; i++) {
        char *p = malloc(4 << 20);
        if (!p)
            return 8;
        memset(p, 1, 4 << 20);
    }
    if (pthread_create(&t, NULL, bump, NULL))
        return 7;
    x++;
    return pthread_join(t, NULL);
}
C
    "$gorc" cc -g -o t t.c -pthread 2>cc.err || fail "$(cat cc.err)"
    run_is 66 "$gorc" run -- ./t 1000
    last_is "$one_race"
    run_is 66 ./t 300
    last_is "$one_race"
}

case_hostile_file_size() {
    cat >t.c <<'C'
#include <sys/resource.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    struct rlimit none = {0, 0};
    if (argc < 2 || setrlimit(RLIMIT_FSIZE, &none))
        return 9;
    execv(argv[1], argv + 1);
    return 8;
}
C
    gcc -o no_files t.c || fail "gcc"
    # everything goes through pipes: no file of the test's own may be written either
    { ./no_files "$target" race say 2>&1; echo "status $?"; } | cat >all
    grep -qx said all || fail "the program's output is missing"
    grep -qx 'status 66' all || fail "status: $(grep status all)"
    grep -qE '^gorc: [12] findings? ' all || fail "no summary"
    { ./no_files "$gorc" run -- "$target" race say 2>&1; echo "status $?"; } | cat >all
    grep -qx said all || fail "the program's output is missing"
    grep -qx 'status 99' all || fail "status: $(grep status all)"
    grep -q "cannot write the record" all || fail "no word of the record"
    grep -q '"data-race"' all || fail "the race is lost"
}

# A closed pipe as stderr: the summary is lost, not the program.
case_hostile_broken_pipe() {
    { "$target" race exit=3; echo $? >status; } 2>&1 >/dev/null | true
    [ "$(cat status)" = 3 ] || fail "status $(cat status)"
}

case_hostile_seccomp() {
    cat >t.c <<'C'
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#define DENY(nr)                                                                                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1)
int main(int argc, char **argv)
{
    struct sock_filter f[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        DENY(SYS_personality), DENY(SYS_membarrier), DENY(SYS_ptrace), DENY(SYS_memfd_create),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog p = {sizeof f / sizeof *f, f};
    if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p))
        return 9;
    execv(argv[1], argv + 1);
    return 8;
}
C
    gcc -o deny t.c || fail "gcc"
    run_is 66 ./deny "$gorc" run -- "$target" race say
    out_is said
    last_is "$one_race"
    # no memory file: the helper cannot be given the record
    run_is 66 ./deny "$target" race say
    out_is said
    err_has '"data-race"'
}

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

case_hostile_other_user() {
    [ "$(id -u)" = 0 ] || exit 0 # then every other case is one
    as_nobody test -x "$target" || exit 0
    cd /
    as_nobody "$gorc" run -- "$target" race say >"$work/hostile_other_user/out" 2>"$work/hostile_other_user/err"
    got=$?
    cd "$work/hostile_other_user" || exit 1
    [ $got = 66 ] || fail "status $got"
    last_is "$one_race"
}

case_hostile_no_proc() {
    [ "$(id -u)" = 0 ] || exit 0
    mkdir -p root/tmp root/bin root/lib
    for file in "$target" "$gorc" "$lib"; do
        ldd "$file" | grep -o '/[^ ]*' | while read -r needed; do
            mkdir -p "root$(dirname "$needed")"
            cp -L "$needed" "root$needed"
        done
    done
    mkdir -p root/our/bin root/our/lib
    cp "$target" root/bin/target
    cp "$gorc" root/our/bin/gorc
    cp "$lib" root/our/lib/
    run_is 66 chroot root /our/bin/gorc run -- /bin/target race say
    out_is said
    last_is "$one_race"
    run_is 66 env LD_LIBRARY_PATH=/our/lib chroot root /bin/target race say
    has_race
}

# --- processes ---

prefork_source() {
    cat >t.c <<'C'
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
enum { CHILDREN = 4 };
long hits;
static int listener;
static void *serve(void *arg)
{
    int fd = accept(listener, NULL, NULL);
    char c;
    if (fd < 0 || read(fd, &c, 1) != 1)
        _exit(9);
    hits++; /* by two threads of each child */
    close(fd);
    return arg;
}
static void child(void)
{
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&t[i], NULL, serve, NULL))
            _exit(9);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    exit(0);
}
int main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 16) ||
        getsockname(listener, (struct sockaddr *)&at, &size))
        return 9;
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0)
            child();
    for (int i = 0; i < 2 * CHILDREN; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&at, sizeof at) || write(fd, "a", 1) != 1)
            return 9;
        close(fd);
    }
    int status, failed = 0;
    for (int i = 0; i < CHILDREN; i++)
        failed |= wait(&status) < 0 || status;
    return failed;
}
C
    "$gorc" cc -g -o prefork t.c -pthread 2>cc.err || fail "$(cat cc.err)"
}

case_hostile_prefork_server() {
    prefork_source
    run_is 66 "$gorc" run --json rec.json -- ./prefork
    last_is 'gorc: [14] findings? \((1 data race|4 data races); accesses checked: yes; processes: 5\)'
    [ "$(ls rec.json rec.json.* | wc -l)" = 5 ] || fail "records: $(ls)"
    for file in rec.json.*; do
        grep -q '"kind": "data-race"' "$file" || fail "$file has no race"
        schema_ok "$file"
    done
    ! grep -q '"kind": "data-race"' rec.json || fail "the parent has a race"
}

# A test framework runs each test in a child: one crashes, one races, one is clean, one execs.
case_hostile_forking_tests() {
    cat >t.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int x;
static void *bump(void *arg) { x++; return arg; }
static void racy(void)
{
    pthread_t t;
    pthread_create(&t, NULL, bump, NULL);
    x++;
    pthread_join(t, NULL);
}
static void crash(void) { racy(); abort(); }
static void clean(void) {}
static void other(void) { execlp("true", "true", NULL); }
static void (*const tests[])(void) = {racy, crash, clean, other};
int main(void)
{
    for (int i = 0; i < 4; i++) {
        int status;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            tests[i]();
            _exit(0);
        }
        waitpid(pid, &status, 0);
        printf("%d %d\n", i, WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status));
    }
    return 0;
}
C
    "$gorc" cc -g -o t t.c -pthread 2>cc.err || fail "$(cat cc.err)"
    run_is 66 "$gorc" run --json rec.json -- ./t
    out_is "0 0
1 106
2 0
3 0"
    err_has "processes: 5"
    [ "$(grep -l '"kind": "data-race"' rec.json.* | wc -l)" = 2 ] || fail "not two children with a race"
    # bare: a child says what it has found, the status of its own end is what the parent sees
    run_is 0 ./t
    out_is "0 66
1 106
2 0
3 0"
    has_race
}

case_hostile_spawn_and_vfork() {
    cat >t.c <<'C'
#define _GNU_SOURCE
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv)
{
    char *args[] = {argv[argc - 1], "race", NULL};
    int status;
    pid_t pid;
    if (posix_spawn(&pid, args[0], NULL, NULL, args, environ) || waitpid(pid, &status, 0) < 0)
        return 9;
    pid = vfork();
    if (pid == 0) {
        execve(args[0], args, environ);
        _exit(8);
    }
    waitpid(pid, &status, 0);
    pid = vfork();
    if (pid == 0)
        _exit(5);
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status) == 5 ? system("exit 0") : 7;
}
C
    "$gorc" cc -g -o t t.c 2>cc.err || fail "$(cat cc.err)"
    run_is 66 "$gorc" run --json rec.json -- ./t "$target"
    [ "$(grep -l '"kind": "data-race"' rec.json.* | wc -l)" = 2 ] || fail "not two children with a race"
}

# A library that is loaded twice, by two threads: its constructor happens before both go on.
case_hostile_dlopen() {
    cat >lib.c <<'C'
int value;
__attribute__((constructor)) static void start(void) { value = 1; }
int get(void) { return value; }
C
    cat >t.c <<'C'
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include "barrier.h"
static void *load(void *arg)
{
    if (arg)
        hidden_wait(1);
    void *library = dlopen("./lib.so", RTLD_NOW);
    int (*get)(void) = (int (*)(void))dlsym(library, "get");
    if (!get || get() != 1)
        abort();
    hidden_step();
    if (arg)
        dlclose(library);
    return NULL;
}
int main(void)
{
    pthread_t t[2];
    for (long i = 0; i < 2; i++)
        if (pthread_create(&t[i], NULL, load, (void *)i))
            return 9;
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return dlerror() != NULL;
}
C
    "$gorc" cc -g -shared -fPIC -o lib.so lib.c 2>cc.err || fail "$(cat cc.err)"
    "$gorc" cc -g -I"$root/tests/support" -o t t.c -pthread 2>cc.err || fail "$(cat cc.err)"
    run_is 0 "$gorc" run -- ./t
}

# A goroutine forks, on whatever thread it runs, while others are busy in channels: each child that
# races says so, each that does not is silent, and none hangs.
case_hostile_fork_from_goroutine() {
    cat >t.c <<'C'
#include <gorc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
enum { CHILDREN = 12, BUSY = 4 };
static gorc_chan *talk;
static int stop;
long hits;
static void chatter(void *wg)
{
    int v = 0;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        gorc_chan_send(talk, &v);
        gorc_chan_recv(talk, &v);
    }
    gorc_wg_done(wg);
}
static void bump(void *done)
{
    hits++;
    gorc_chan_send(done, NULL);
}
static void *bump_thread(void *arg) { hits++; return arg; }
static void child(int kind)
{
    int n = kind ? 2 : 1;
    gorc_chan *done = gorc_chan_new(0, 2);
    pthread_t t[2];
    for (int i = 0; i < n; i++)
        if (kind == 2)
            pthread_create(&t[i], NULL, bump_thread, NULL);
        else
            gorc_go(bump, done);
    for (int i = 0; i < n; i++)
        if (kind == 2)
            pthread_join(t[i], NULL);
        else
            gorc_chan_recv(done, NULL);
    gorc_chan_unref(done);
    exit(0);
}
int main(void)
{
    gorc_waitgroup wg = {0};
    talk = gorc_chan_new(sizeof(int), 8);
    gorc_wg_add(&wg, BUSY);
    for (int i = 0; i < BUSY; i++)
        gorc_go(chatter, &wg);
    for (int i = 0; i < CHILDREN; i++) {
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            child(i % 3);
        int status;
        waitpid(pid, &status, 0);
        printf("%d", WIFEXITED(status) ? WEXITSTATUS(status) : 1);
        gorc_sleep(GORC_MILLISECOND);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    gorc_wg_wait(&wg);
    gorc_chan_unref(talk);
    return 0;
}
C
    "$gorc" cc -g -O1 -I"$root/include" -o t t.c -pthread 2>cc.err || fail "$(cat cc.err)"
    run_is 0 env GORC_PROCS=4 ./t
    out_is 06666066660666606666
}
