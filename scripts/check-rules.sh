#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every rule of the conformance list that applies to the library has a test that cites it in its
# name (c1 in the name of a Test); every other rule is named in docs/differences-from-go.md, with the
# reason. Prints "N passed, N failed".
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
rules='C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C13 C14 C15 S2 S3 S4 S5 S6 S7 G1 G2 G3 G4 G5 G7 G8
T1 T2 T3 T4 T5 T6 T7 T8 T9 W1 W2 W3 W4 W5 W6 W7 M1 M2 M3 M4 M5 M6 M7 R1 R2 R3 R4 R5 R7 O1 O3 O4 O5 O6 K1 K2 K3 K4 K5 L1 L2
P1 P2 X1 X2 X3 X4 X5 X6 X7 X8 X10 X11 X12 X13 X14 X15 X16 E1 E2 E3 E4 E5 E6'
elsewhere='S1 S8 G6 R6 O2 X9 X17 V1 V2 V3 V4 V5 V6'
passed=0 failed=0
for rule in $rules; do
    lower=$(echo "$rule" | tr '[:upper:]' '[:lower:]')
    if grep -qE "^(Test|MISUSE_TEST|OBSERVER_TEST)\(.*[ _(]${lower}_" "$root"/tests/unit/lib/*_test.c \
        "$root"/tests/unit/sched/*_test.c; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL no test of tests/unit cites $rule in its name"
    fi
done
for rule in $elsewhere; do
    if grep -qE "[(, ]$rule[,)]" "$root/docs/differences-from-go.md"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL docs/differences-from-go.md does not name $rule"
    fi
done
echo "check-rules: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
