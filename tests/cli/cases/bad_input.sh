# SPDX-License-Identifier: MIT
# One clear line, the status of API.md, and nothing lost of what was found.

case_bad_usage() {
    for args in "run" "run --" "run --no-such-option -- true" "run --timeout -- true" \
        "run --timeout soon -- true" "run --exit-code 300 -- true" "run --min-certainty=sure -- true" \
        "run --follow=some -- true" "nonsense" "report" "report --raw-fd x" "dump x" "cc" \
        "run --json"; do
        run_is 2 "$gorc" $args
        err_lines_are 1
        err_has "gorc: "
    done
    run_is 2 "$gorc"
    err_lines_are 1
}

case_bad_later_options() {
    for option in --html --sarif --junit; do
        run_is 2 "$gorc" run $option file -- true
        err_lines_are 1
        err_has "$option is not available yet"
    done
}

case_help_and_version() {
    run_is 0 "$gorc" help
    run_is 0 "$gorc" --version
    run_is 0 "$gorc" run --help
    run_is 0 "$gorc" report --help
    run_is 0 "$gorc" cc --help
    err_lines_are 0
}

case_bad_static_target() {
    echo 'int main(void) { return 0; }' >s.c
    gcc -static -o s s.c || fail "gcc -static"
    run_is 99 "$gorc" run -- ./s
    err_lines_are 1
    err_has "static"
    run_is 77 "$gorc" run --skip-unsupported -- ./s
    err_lines_are 1
}

case_bad_setuid_target() {
    cp "$target" suid
    chmod u+s suid
    run_is 99 "$gorc" run -- ./suid say
    err_lines_are 1
    err_has "setuid"
    run_is 77 "$gorc" run --skip-unsupported -- ./suid say
}

# An ELF header of another machine is all that the check looks at.
foreign_copy() {
    cp "$1" "$2"
    chmod +w,+x "$2"
    printf '\003\000' | dd of="$2" bs=1 seek=18 conv=notrunc 2>/dev/null
}

case_bad_foreign_target() {
    foreign_copy "$target" foreign
    run_is 99 "$gorc" run -- ./foreign
    err_lines_are 1
    err_has "another architecture"
    run_is 77 "$gorc" run --skip-unsupported -- ./foreign
}

case_bad_preload_of_wrong_architecture() {
    foreign_copy "$lib" libforeign.so
    run_is 0 env LD_PRELOAD="$PWD/libforeign.so" "$gorc" run -- "$target" say
    out_is said
    [ "$(grep -c 'ld.so' err)" -le 2 ] || fail "the loader said it again"
    # our own library for another machine: the loader's line, and the program's status
    run_is 0 env LD_PRELOAD="$PWD/libforeign.so" /bin/true
    err_lines_are 1
}

case_bad_json_path() {
    run_is 99 "$gorc" run --json none/rec.json -- "$target" say race
    err_lines_are 1
    err_has "none/rec.json"
    out_is ""
}

case_bad_log_path() {
    run_is 99 "$gorc" run --log none/text -- "$target" say
    err_lines_are 1
    err_has "none/text"
    run_is 99 env GORC_OPTIONS=log_path=none/text "$target" race say
    out_is said
    err_has "cannot write the log 'none/text'"
    has_race
}

case_bad_full_disk_json() {
    run_is 99 "$gorc" run --json /dev/full -- "$target" race say
    out_is said
    err_has "/dev/full"
    has_race
    last_is "gorc: 1 finding .*"
    run_is 3 "$gorc" run --json /dev/full -- "$target" race exit=3
    has_race
    run_is 99 env GORC_OPTIONS=json=/dev/full "$target" race
    has_race
}

case_bad_full_disk_log() {
    run_is 99 "$gorc" run --log /dev/full -- "$target" race
    err_has "cannot write the log '/dev/full'"
    has_race
    last_is "gorc: 1 finding .*"
}

# The directory of the raw record goes away: the target keeps what it finds and prints it itself.
case_bad_record_directory() {
    run_is 99 env LD_PRELOAD="$lib" GORC_OPTIONS=record="$PWD/none" "$target" race say
    out_is said
    err_has "cannot write the record"
    has_race
    last_is "gorc: 1 finding .*"
}

case_bad_gorc_options() {
    run_is 2 env GORC_OPTIONS=nonsense=1 "$target" say
    err_lines_are 1
    run_is 2 env GORC_OPTIONS=exitcode=x "$gorc" run -- "$target" say
    err_has "not a number: 'x'"
}

case_bad_report_input() {
    echo '{"no": "record"}' >x.json
    run_is 2 "$gorc" report x.json
    err_lines_are 1
    run_is 2 "$gorc" report none.json
    err_lines_are 1
    echo '{"version": 1, "findings": [' >x.json
    run_is 2 "$gorc" report x.json
    err_lines_are 1
}

case_closed_stderr() {
    "$gorc" run --json rec.json -- "$target" race say >out 2>&-
    [ $? = 66 ] || fail "status"
    out_is said
    schema_ok rec.json
    "$target" race say >out 2>&-
    [ $? = 66 ] || fail "status of a bare run"
    out_is said
}

case_closed_stdin_and_stdout() {
    "$gorc" run --json rec.json -- "$target" race <&- >&- 2>err
    [ $? = 66 ] || fail "status"
    has_race
    schema_ok rec.json
}
