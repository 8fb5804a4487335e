# SPDX-License-Identifier: MIT
# Very many findings: what is recorded is bounded, and the rest counted.

build_many() {
    "$gorc" cc -O1 -g -I"$root/tests/support" -o many "$root/tests/cli/many_findings.c" -pthread \
        2>cc.err || fail "$(cat cc.err)"
}

case_many_findings() {
    build_many
    run_is 66 "$gorc" run --json rec.json -- ./many 100000
    last_is 'gorc: 1 finding \(1 data race; accesses checked: yes; findings not recorded: 80000\)'
    schema_ok rec.json
    grep -q '"findings_not_recorded": 80000' rec.json || fail "the record does not say so"
    grep -q '"variants": 20000' rec.json || fail "not 20000 recorded"
}

# 0: no limit.
case_many_findings_no_limit() {
    build_many
    export GORC_OPTIONS=max_findings=0
    run_is 66 "$gorc" run --json rec.json -- ./many 20100
    last_is 'gorc: 1 finding \(1 data race; accesses checked: yes\)'
    grep -q '"variants": 20100' rec.json || fail "not all are recorded"
    run_is 66 ./many 1
    last_is 'gorc: 1 finding \(1 data race; accesses checked: yes\)'
    export GORC_OPTIONS=max_findings=-1
    run_is 2 ./many 1
    err_has "less than 0: '-1'"
}

# What nobody has looked at cannot be suppressed.
case_many_findings_suppressed() {
    build_many
    echo 'race:many' >rules
    export GORC_OPTIONS=max_findings=10
    run_is 0 "$gorc" run --suppressions rules -- ./many 10
    last_is 'gorc: no findings \(0 goroutines, 2 threads; accesses checked: yes; suppressed: 10\)'
    run_is 66 "$gorc" run --suppressions rules -- ./many 11
    err_has 'findings not recorded: 1'
    # bare
    run_is 66 ./many 11
    err_has 'findings not recorded: 1'
}
