# SPDX-License-Identifier: MIT
# Programs that are linked already, with -fsanitize=thread: those that load the runtime are checked
# as they are, those that hold it are refused.

c_source() {
    cat >t.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int x;
static void *bump(void *arg) { x++; return arg; }
int main(int argc, char **argv)
{
    pthread_t t;
    char *word = strdup("said");
    if (pthread_create(&t, NULL, bump, NULL))
        return 9;
    if (argc == 1)
        x++;
    pthread_join(t, NULL);
    puts(word);
    free(word);
    return argc > 2 ? atoi(argv[2]) : 0;
}
C
}

cc_source() {
    cat >t.cc <<'C'
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
int x;
int main(int argc, char **)
{
    std::string word = "sa" + std::to_string(1);
    std::thread t([] { x++; });
    if (argc == 1)
        x++;
    t.join();
    try {
        throw std::runtime_error("id");
    } catch (const std::exception &e) {
        std::cout << "sa" << e.what() << "\n";
    }
}
C
}

# stands_in COMPILER OPTIONS... SOURCE: compiled so, it is found guilty, and its twin is not
stands_in() {
    command -v "$1" >/dev/null || return 0
    "$@" -g -fsanitize=thread -o t -pthread 2>cc.err || fail "$*: $(cat cc.err)"
    run_is 66 "$gorc" run --json rec.json -- ./t
    out_is said
    has_race
    last_is 'gorc: 1 finding \(1 data race; accesses checked: yes\)'
    schema_ok rec.json
    err_lacks ThreadSanitizer
    run_is 0 "$gorc" run -- ./t quiet
    out_is said
    last_is 'gorc: no findings \(0 goroutines, 2 threads; accesses checked: yes\)'
}

case_linked_gcc() {
    c_source
    stands_in gcc t.c
    run_is 7 "$gorc" run -- ./t quiet 7
}
case_linked_gcc_cxx() {
    cc_source
    stands_in g++ t.cc
}
case_linked_clang_14() {
    c_source
    stands_in clang-14 -shared-libsan t.c
}
case_linked_clang_19() {
    c_source
    stands_in clang-19 -shared-libsan t.c
}
case_linked_clang_cxx() {
    cc_source
    stands_in clang++-14 -shared-libsan t.cc
    stands_in clang++-19 -shared-libsan t.cc
}

# Bare, with the library's directory on the loader's path.
case_linked_bare() {
    c_source
    gcc -g -fsanitize=thread -o t t.c -pthread || fail gcc
    run_is 66 env LD_LIBRARY_PATH="$build/lib/gorc" ./t
    out_is said
    has_race
    err_has "t.c:6"
    run_is 5 env LD_LIBRARY_PATH="$build/lib/gorc" GORC_OPTIONS=exitcode=5 ./t
    run_is 0 env LD_LIBRARY_PATH="$build/lib/gorc" ./t quiet
}

# What a program starts is checked, too; beside programs of `gorc cc`.
case_linked_child() {
    c_source
    gcc -g -fsanitize=thread -o t t.c -pthread || fail gcc
    run_is 66 "$gorc" run -- sh -c "./t; $target say"
    has_race
    last_is 'gorc: 1 finding \(1 data race; accesses checked: .*processes: 3\)'
    run_is 0 "$gorc" run --follow=none -- sh -c "./t quiet; echo \$LD_LIBRARY_PATH-"
    out_is "said
-"
    run_is 0 env LD_LIBRARY_PATH=/none "$gorc" run --follow=none -- sh -c 'echo $LD_LIBRARY_PATH-'
    out_is "/none-"
}

# refused COMPILER OPTIONS... SOURCE: the runtime is inside
refused() {
    command -v "$1" >/dev/null || return 0
    "$@" -g -fsanitize=thread -o t -pthread 2>cc.err || fail "$*: $(cat cc.err)"
    run_is 99 "$gorc" run -- ./t
    err_lines_are 1
    err_has "gorc cc"
    run_is 77 "$gorc" run --skip-unsupported -- ./t
    # as a child it runs as it would without us, after one line
    run_is 0 "$gorc" run -- sh -c './t quiet'
    out_is said
    err_has "gorc: not checked: './t'"
    err_has "gorc cc"
    err_lacks "Segmentation"
}

case_linked_statically() {
    c_source
    refused clang-14 t.c
    refused clang-19 t.c
    refused gcc -static-libtsan t.c
}
case_linked_statically_cxx() {
    cc_source
    refused clang++-14 t.cc
    refused clang++-19 t.cc
}

# A DT_RPATH is looked at before LD_LIBRARY_PATH: the program's own runtime would win.
case_linked_by_rpath() {
    c_source
    gcc -g -fsanitize=thread -o t t.c -pthread || fail gcc
    mkdir -p own
    cp "$(ldd ./t | sed -n 's/.*libtsan.so.2 => \([^ ]*\).*/\1/p')" own/ || fail "no libtsan"
    gcc -g -fsanitize=thread -Wl,--disable-new-dtags,-rpath,'$ORIGIN/own' -o t t.c -pthread || fail gcc
    run_is 99 "$gorc" run -- ./t
    err_lines_are 1
    err_has "DT_RPATH"
    run_is 0 "$gorc" run -- sh -c './t quiet'
    out_is said
    err_has "gorc: not checked: './t'"
    gcc -g -fsanitize=thread -Wl,--enable-new-dtags,-rpath,'$ORIGIN/own' -o t t.c -pthread || fail gcc
    run_is 66 "$gorc" run -- ./t
    has_race
}
