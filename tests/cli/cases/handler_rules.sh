# SPDX-License-Identifier: MIT
# What a signal handler must not do, and that a careful one is not blamed.

case_handler_rules() {
    "$gorc" cc -O2 -g -o t "$root/tests/cli/handler_rules.c" 2>cc.err || fail "$(cat cc.err)"
    run_is 66 "$gorc" run --json rec.json -- ./t
    last_is 'gorc: 2 findings \(1 signal-unsafe call in a signal handler, 1 errno changed by a signal handler; .*'
    [ "$(grep -c '"misuse"' rec.json)" -ge 2 ] || fail "not two misuses"
    err_has "kept = malloc(10)"
    err_lacks "careful"
    schema_ok rec.json
}
