#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Tests scripts/setup.sh against stand-ins for dpkg-query and apt-get, and scripts/check.sh against
# a stand-in for make. Installs nothing.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0
mkdir "$dir/bin"
: >"$dir/out"

# The stand-ins: installed packages are the lines of $dir/have; apt-get install adds to them.
cat >"$dir/bin/dpkg-query" <<EOF
#!/bin/sh
while read -r name; do echo "installed \$name "; done <"$dir/have"
echo "installed real-mail mail-agent (= 1), other"
EOF
cat >"$dir/bin/apt-get" <<EOF
#!/bin/sh
echo "apt-get \$*" >>"$dir/calls"
[ "\$1" = install ] || exit 0
for a; do
    case \$a in install | -*) ;; *) [ -e "$dir/broken" ] || echo "\$a" >>"$dir/have" ;; esac
done
EOF
cat >"$dir/bin/sudo" <<'EOF'
#!/bin/sh
exec "$@"
EOF
cat >"$dir/bin/make" <<'EOF'
#!/bin/sh
for suite; do :; done
case $suite in
good) echo "3 passed, 0 failed" ;;
skips) echo "unit: 2 passed, 0 failed, 4 skipped" ;;
bad) echo "1 passed, 2 failed"; exit 2 ;;
crash) echo "5 passed, 0 failed"; exit 2 ;;
silent) echo "all fine" ;;
empty) echo "0 passed, 0 failed" ;;
liar) echo "1 passed, 1 failed" ;;
tells)
    for i in 1 2 3 4 5 6; do echo "ok   before $i"; done
    printf 'FAIL one of two\n     why it failed\nok   the other\n1 passed, 1 failed\n'
    ;;
long)
    echo "FAIL something long"
    i=0
    while [ $((i += 1)) -le 500 ]; do echo "     line $i"; done
    echo "0 passed, 1 failed"
    ;;
many)
    i=0
    while [ $((i += 1)) -le 99 ]; do printf 'MISSED number %s\n     why\n' $i; done
    echo "0 passed, 99 failed"
    ;;
nested) exec bash "$CHECK" tells crash ;;
esac
EOF
chmod +x "$dir"/bin/*
printf '# a comment\nalpha # why\nbeta\n\ngamma\nmail-agent\n' >"$dir/list"

setup() {
    : >"$dir/calls"
    PATH="$dir/bin:$PATH" GORC_PACKAGES="$dir/list" "$@" sh "$here/setup.sh" >"$dir/out" 2>&1
}

expect() { # NAME CONDITION...
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok   $name"
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        sed 's/^/     /' "$dir/out" "$dir/calls"
    fi
}
has() { grep -qF -- "$1" "$dir/out"; }
called() { grep -qE -- "$1" "$dir/calls"; }

printf 'alpha\n' >"$dir/have"
setup env NO_SETUP=1
expect "NO_SETUP=1 fails when something is missing" [ $? -eq 1 ]
expect "NO_SETUP=1 names what is missing" has "missing: beta gamma"
expect "NO_SETUP=1 installs nothing" [ ! -s "$dir/calls" ]

setup env NO_SETUP=
expect "installs" [ $? -eq 0 ]
expect "only what is missing" called '^apt-get install .* beta gamma$'
expect "with fresh package lists" called '^apt-get update'
expect "says what it does" has "installing 2 packages: beta gamma"

setup env NO_SETUP=
expect "a second run passes" [ $? -eq 0 ]
expect "installs nothing" [ ! -s "$dir/calls" ]
expect "and says so" has "nothing to install"

printf 'alpha\n' >"$dir/have"
touch "$dir/broken"
setup env NO_SETUP=
expect "an installation that brought nothing fails" [ $? -eq 1 ]
expect "and names what is still missing" has "still missing after installing: beta gamma"

# scripts/check.sh: what a suite prints, its status, and what must become of it.
logs=
check() { # WANTED-LINE WANTED-STATUS SUITE...
    local line=$1 want=$2
    shift 2
    LOGS=$logs CHECK=$here/check.sh MAKE="$dir/bin/make" bash "$here/check.sh" "$@" >"$dir/out" 2>&1
    [ $? -eq "$want" ] && [ "$(tail -n 1 "$dir/out")" = "$line" ]
}
: >"$dir/calls"
expect "check adds up" check "6 passed, 0 failed" 0 good good
expect "check counts what was skipped" check "5 passed, 0 failed, 4 skipped" 0 good skips
expect "check fails with a suite" check "4 passed, 2 failed" 1 good bad
expect "a bad status is a failure" check "5 passed, 1 failed" 1 crash
expect "a suite without a count is a failure" check "3 passed, 1 failed" 1 good silent
expect "a suite that ran nothing is a failure" check "0 passed, 1 failed" 1 empty
expect "a failure with a good status fails" check "1 passed, 1 failed" 1 liar
expect "no suite at all fails" check "0 passed, 1 failed" 1

# What a log cut to its end must tell.
repeats() { # WANTED-LINE 'SUITE...' LINE...: they follow the summary, and all that does is short
    local line
    # shellcheck disable=SC2086 # words
    check "$1" 1 $2 || return 1
    shift 2
    tac "$dir/out" | sed '/^=== summary/q' >"$dir/end"
    for line; do grep -qxF -- "$line" "$dir/end" || return 1; done
    [ "$(wc -l <"$dir/end")" -lt 75 ]
}
at_end() { [ "$(grep -c -- "$2" "$dir/end")" -eq "$1" ]; }
expect "a failed test is repeated at the end" repeats "4 passed, 1 failed" "good tells" \
    "tells: FAIL one of two" "     why it failed"
expect "and nothing that passed" at_end 0 "the other"
expect "a long text has its begin and its end" repeats "0 passed, 1 failed" long \
    "     line 1" "     ..." "     line 500"
expect "of many the first are told" repeats "0 passed, 99 failed" many \
    "many: MISSED number 1" "and 79 more"
expect "a suite that broke shows its end" repeats "5 passed, 1 failed" crash \
    "crash: broke" "     5 passed, 0 failed"
expect "a suite of suites" repeats "7 passed, 3 failed" "nested tells" "nested: tells: FAIL one of two" \
    "nested: crash: broke" "     5 passed, 0 failed" "tells: FAIL one of two"
expect "which told its failures already" at_end 2 "why it failed"
logs=$dir/logs
expect "the logs are kept" repeats "4 passed, 1 failed" "good tells" "all of it: $dir/logs/"
expect "whole" grep -qxF "ok   before 1" "$dir/logs/tells.log"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
