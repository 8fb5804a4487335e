#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_record must accept what is right and refuse each kind of wrong: check_record_test.sh PROGRAM
set -u
program=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

cat >"$dir/p.c" <<'TEXT'
void put(void) { /* HERE: put */
}
int main(void) { /* HERE: main */
}
TEXT
cat >"$dir/p.expect" <<'TEXT'
# comment
finding data-race data-race certain
stack write|read put@put ?inlined@put main@main
stack earlier-write put@put
extra created-by
TEXT

frame() { # frame FUNCTION LINE [FILE]
    printf '{"function":"%s","file":"%s","line":%s}' "$1" "${3:-/src/p.c}" "$2"
}
stack() { # stack ROLE FRAMES
    printf '{"role":"%s","task":"g1","frames":[%s]}' "$1" "$2"
}
finding() { # finding KIND RULE CERTAINTY STACKS
    printf '{"kind":"%s","rule":"%s","certainty":"%s","stacks":[%s]}' "$1" "$2" "$3" "$4"
}
record() { # record FINDINGS
    printf '{"version":1,"findings":[%s],"summary":{}}' "$1" >"$dir/r.json"
}
expect() { # expect STATUS LABEL COMMAND...
    status=$1 label=$2
    shift 2
    "$@" >"$dir/out" 2>&1
    got=$?
    if [ $got = "$status" ]; then
        passed=$((passed + 1))
    else
        echo "FAIL check_record: $label: status $got"
        cat "$dir/out"
        failed=$((failed + 1))
    fi
}
compare() {
    expect "$1" "$2" "$program" expect "$dir/r.json" "$dir/p.expect" "$dir/p.c" ${3:-}
}

now=$(stack write "$(frame lib 9 /lib/x.c),$(frame put 1),$(frame main 3)")
earlier=$(stack "earlier write" "$(frame put 1)")
good=$(finding data-race data-race certain "$now,$earlier")
record "$good"
compare 0 "right"
expect 0 "race, right" "$program" race "$dir/r.json" "$dir/p.c"
expect 1 "silent, with a finding" "$program" silent "$dir/r.json"
compare 1 "a kind that must not be there" data-race
record ""
compare 1 "missing finding"
compare 0 "missing, and not expected" data-race
expect 1 "race, missing" "$program" race "$dir/r.json" "$dir/p.c"
expect 0 "silent" "$program" silent "$dir/r.json"
record "$good,$good"
compare 1 "twice instead of once"
record "$good,$(finding misuse double-close certain "$now")"
compare 1 "one finding too many"
expect 3 "race, and another finding" "$program" race "$dir/r.json" "$dir/p.c"
record "$(finding data-race data-race likely "$now,$earlier")"
compare 1 "wrong certainty"
record "$(finding data-race heap-use-after-free certain "$now,$earlier")"
compare 1 "wrong rule"
record "$(finding data-race data-race certain "$now")"
compare 1 "second stack missing"
expect 1 "race with one stack" "$program" race "$dir/r.json" "$dir/p.c"
record "$(finding data-race data-race certain "$now,$(stack "earlier write" "$(frame put 2)")")"
compare 1 "wrong line"
record "$(finding data-race data-race certain "$now,$(stack "earlier write" "$(frame take 1)")")"
compare 1 "wrong function"
record "$(finding data-race data-race certain "$now,$(stack "earlier write" "")")"
compare 1 "empty stack"
expect 1 "race with an empty stack" "$program" race "$dir/r.json" "$dir/p.c"
record "$(finding data-race data-race certain "$now,$(stack "earlier read" "$(frame put 1)")")"
compare 1 "wrong role"
record "$(finding data-race data-race certain \
    "$(stack write "$(frame put 1)"),$earlier")"
compare 1 "outer frame missing"
record "$(finding data-race data-race certain \
    "$(stack read "$(frame put 1),$(frame inlined 1),$(frame main 3)"),$earlier")"
compare 0 "optional frame"
record "$(finding data-race data-race certain "$now,$earlier,$(stack "created by" "$(frame main 3)")")"
compare 0 "extra stack that is allowed"
record "$(finding data-race data-race certain "$now,$earlier,$(stack holder "$(frame main 3)")")"
compare 1 "extra stack that is not"
echo '{"version":1,"findings":[' >"$dir/r.json"
compare 1 "record cut short"
rm "$dir/r.json"
compare 1 "no record"
echo "check_record: $passed passed, $failed failed"
[ $failed = 0 ]
