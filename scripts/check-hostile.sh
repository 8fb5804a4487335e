#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Settings of the whole machine under which programs must still be checked: no overcommit of memory,
# the most random bits of mmap. They are put back at the end, whatever happens; where they cannot be
# set the case is skipped. What concerns one process alone is in tests/cli/cases/hostile.sh, all of
# which runs under each setting too.
#
#   check-hostile.sh BUILD [CASE...]
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
shift
passed=0 failed=0 skipped=0 log=$(mktemp)
changed=()

restore() {
    local pair
    for pair in "${changed[@]:-}"; do
        [ -z "$pair" ] || echo "${pair#*=}" >"${pair%%=*}"
    done
    changed=()
}
trap 'restore; rm -f "$log"' EXIT
trap 'exit 130' INT TERM

# set_to FILE VALUE: false where it cannot be.
set_to() {
    local old
    old=$(cat "$1" 2>/dev/null) && { echo "$2" >"$1"; } 2>/dev/null || return 1
    changed+=("$1=$old")
}

cases() { # LABEL CASE...
    local label=$1
    shift
    if BUILD="$build" sh "$root/tests/cli/run.sh" "$@" >"$log" 2>&1; then
        echo "ok   $label: $(tail -n 1 "$log")"
        passed=$((passed + 1))
    else
        echo "FAIL $label"
        tail -n 30 "$log" | sed 's/^/     /'
        failed=$((failed + 1))
    fi
}

skip() {
    echo "skip $1: cannot be set here"
    skipped=$((skipped + 1))
}

all=("$@")
[ $# -gt 0 ] || mapfile -t all < <(sed -n 's/^case_\(hostile_[a-z0-9_]*\)().*/\1/p' "$root/tests/cli/cases/hostile.sh")
cases "as it is" "${all[@]}"

if set_to /proc/sys/vm/overcommit_memory 2 && set_to /proc/sys/vm/overcommit_ratio 100; then
    cases "vm.overcommit_memory=2" "${all[@]}"
else
    skip "vm.overcommit_memory=2"
fi
restore

# The most that the kernel takes; 32 on x86-64.
bits=/proc/sys/vm/mmap_rnd_bits
most=
for n in 33 32 31 30 29; do
    set_to $bits $n && most=$n && break
done
if [ -n "$most" ]; then
    cases "vm.mmap_rnd_bits=$most" "${all[@]}"
else
    skip "vm.mmap_rnd_bits at its most"
fi
restore

echo "check-hostile: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
