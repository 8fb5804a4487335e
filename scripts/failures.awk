# SPDX-License-Identifier: MIT
#
# Repeats what failed: reads the logs of suites (NAME.log) and prints every failed test with what
# was written about it, all together at most `lines` lines; of a long text its begin and its end.
# The last lines name the failed tests, so that even a log cut to its end tells which they were.
#
# A failure begins with a line 'FAIL NAME' (or MISSED, FALSE, BROKEN) and ends where the suite goes
# on: 'ok NAME', the next failure, a count. A log without any is a suite that broke: its end is told.

function begin(name) {
    n++
    title[n] = name
    size[n] = 0
    open = 1
}

function end_of_log(    i) {
    if (log_name != "" && !found) {
        begin(suite ": broke")
        for (i = seen > 40 ? seen - 39 : 1; i <= seen; i++)
            text[n, ++size[n]] = last[i % 40]
    }
    open = 0
}

function show(line) {
    print "     " substr(line, 1, 200)
}

FNR == 1 {
    end_of_log()
    log_name = FILENAME
    suite = FILENAME
    sub(/.*\//, "", suite)
    sub(/\.log$/, "", suite)
    found = seen = told = 0
    before = n
}
# A suite of suites has done all this for its own: that is taken instead.
/^=== failures/ {
    told = 1
    n = before
    next
}
/^=== failed tests/ { told = 2 }
told == 2 { next }
told && /^[a-z-]+: ((FAIL|MISSED|FALSE|BROKEN)|broke$)/ {
    found = 1
    begin(suite ": " $0)
    next
}
{ last[++seen % 40] = $0 }
/^(FAIL|MISSED|FALSE|BROKEN)/ {
    found = 1
    begin(suite ": " $0)
    next
}
/^(ok|skip|===|make)[^a-z]/ || /^([a-z-]+: )?[0-9]+ passed, [0-9]+ failed/ { open = 0 }
open {
    line = $0
    sub(/^     /, "", line)
    text[n, ++size[n]] = line
}

END {
    end_of_log()
    if (n == 0) exit
    share = int(lines / n) - 2
    if (share > 40) share = 40
    shown = n
    if (share < 4) { # so many that only the first are told
        share = 4
        shown = int(lines / 6)
    }
    print "=== failures: " n
    for (k = 1; k <= shown && k <= n; k++) {
        print title[k]
        for (i = 1; i <= size[k]; i++) {
            if (size[k] > share && i == int(share / 2) + 1) {
                i = size[k] - (share - int(share / 2)) + 1
                print "     ..."
            }
            show(text[k, i])
        }
    }
    print "=== failed tests"
    for (k = 1; k <= n && k <= 20; k++) print substr(title[k], 1, 200)
    if (n > 20) print "and " n - 20 " more"
}
