# SPDX-License-Identifier: MIT
# The exit statuses of API.md, and the summary line.

none='gorc: no findings \([0-9]+ goroutines?, [0-9]+ threads?; accesses checked: (yes|partly|no)\)'
one='gorc: 1 finding \(1 data race; accesses checked: yes\)'

case_status_clean() {
    run_is 0 "$gorc" run -- "$target" say
    out_is said
    last_is "$none"
    err_lines_are 1
}

case_status_findings() {
    run_is 66 "$gorc" run -- "$target" race say
    out_is said
    has_race
    last_is "$one"
}

case_status_exit_code() {
    run_is 7 "$gorc" run --exit-code 7 -- "$target" race
    last_is "$one"
    run_is 0 "$gorc" run --exit-code=0 -- "$target" race
    last_is "$one"
    run_is 9 env GORC_OPTIONS=exitcode=9 "$gorc" run -- "$target" race
}

case_status_own() {
    run_is 3 "$gorc" run -- "$target" race exit=3
    last_is "$one"
    run_is 3 "$gorc" run -- "$target" exit=3
    last_is "$none"
}

case_status_signal() {
    run_is 143 "$gorc" run -- "$target" race raise=15
    has_race
    last_is "$one"
    run_is 139 "$gorc" run -- "$target" race crash
    has_race
    last_is "$one"
    run_is 134 "$gorc" run -- "$target" race abort
    has_race
    run_is 137 "$gorc" run -- "$target" race raise=9
    has_race
}

case_status_signal_is_reraised() {
    "$gorc" run -- "$target" raise=15 >out 2>err &
    wait $!
    [ $? = 143 ] || fail "not the signal's status"
    [ ! -e core ] || fail "a core was left"
}

case_status_not_found() {
    run_is 127 "$gorc" run -- no-such-program-of-ours
    err_lines_are 1
    err_has "cannot find 'no-such-program-of-ours'"
    run_is 127 "$gorc" run -- ./none
    err_lines_are 1
}

case_status_cannot_execute() {
    echo text >plain
    run_is 126 "$gorc" run -- ./plain
    err_lines_are 1
    err_has "not executable"
    run_is 126 "$gorc" run -- .
    err_has "directory"
    chmod +x plain
    run_is 126 "$gorc" run -- ./plain
    err_lines_are 1
}

case_status_timeout() {
    run_is 124 "$gorc" run --timeout 5s --json rec.json -- "$target" race hang
    err_has "main"
    err_has "(3 alike)"
    err_has "lock_thread"
    has_race
    schema_ok rec.json
    grep -q '"dump"' rec.json || fail "no dump in the record"
}

case_status_timeout_not_reached() {
    run_is 0 "$gorc" run --timeout 1m -- "$target" say
}

case_status_path_search() {
    run_is 0 env PATH="$(dirname "$target"):$PATH" "$gorc" run -- cli_target say
    out_is said
}

case_status_script() {
    printf '#!/bin/sh\nexec %s race\n' "$target" >script
    chmod +x script
    run_is 66 "$gorc" run --json rec.json -- ./script
    has_race
    schema_ok rec.json
}

case_bare_statuses() {
    run_is 0 "$target" say
    last_is "$none"
    run_is 66 "$target" race
    has_race
    last_is "$one"
    run_is 3 "$target" race exit=3
    has_race
    run_is 139 "$target" race crash
    has_race
    last_is "$one"
    run_is 66 env GORC_OPTIONS=log_path=text "$target" race
    err_lines_are 0
    has_race text
    run_is 5 env GORC_OPTIONS=exitcode=5:json=rec.json "$target" race
    schema_ok rec.json
}

# A sleeping goroutine at exit is only a suspect.
case_status_min_certainty() {
    "$gorc" cc -O1 -g -o sleeper "$root/tests/findings/leak_sleeper.c" || fail "gorc cc"
    run_is 0 "$gorc" run -- ./sleeper
    err_has "does not count for the exit status (--min-certainty)"
    run_is 66 "$gorc" run --min-certainty=suspect -- ./sleeper
    err_lacks "does not count"
    run_is 0 "$gorc" run --min-certainty=likely -- ./sleeper
    run_is 66 env GORC_OPTIONS=min_certainty=suspect ./sleeper
    # what is certain counts at every level
    run_is 66 "$gorc" run --min-certainty=proven -- "$target" race
}
