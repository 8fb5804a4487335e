# SPDX-License-Identifier: MIT
#
# results.tsv -> tables of ratios. Fields: table work variant rep wall cpu rss status check.

BEGIN {
    FS = "\t"
    goals()
}

{
    key = $1 SUBSEP $2 SUBSEP $3
    if (!(($1, $2) in seen)) {
        seen[$1, $2] = 1
        order[++works] = $1 SUBSEP $2
    }
    n[key]++
    wall[key, n[key]] = $5
    cpu[key, n[key]] = $6
    rss[key, n[key]] = $7
    answer[key, n[key]] = $9
    if ($8 != 0)
        bad[key] = $8
    if (!(($1, $2) in check))
        check[$1, $2] = $9
    else if (check[$1, $2] != $9 && $8 == 0)
        differs[$1, $2] = 1
}

function goals() {
    goal["library", "ping-pong"] = 0.30
    goal["library", "buffered-1"] = 0.60
    goal["library", "buffered-4"] = 0.80
    goal["library", "buffered-16"] = 0.80
    goal["library", "spawn-join"] = 0.25
    goal["library", "spawn-batches"] = 0.20
    goal["library", "select-default"] = 0.40
    goal["library", "select-ready"] = 0.50
    goal["library", "select-blocking"] = 0.40
    goal["library", "yield"] = 0.40
    goal["library", "mutex-1"] = goal["library", "mutex-4"] = goal["library", "rwmutex-read"] = 1.0
    goal["library", "sleepers"] = 1.0
    goal["library", "tcp-echo"] = 0.90
    goal["race", "ping-pong"] = goal["race", "buffered-1"] = goal["race", "buffered-4"] = 0.5
    goal["race", "mutex-1"] = goal["race", "mutex-4"] = 0.5
    goal["race", "spawn-join"] = goal["race", "spawn-batches"] = 0.5
    d("matrix multiply, 2 threads", 1.0, 0.7)
    d("recursive calls", 1.0, 0.7)
    d("sharded hash table", 1.0, 1.0)
    d("tree and list, malloc/free", 0.5, 0.8)
    d("mutex, 2 threads", 0.3, 1.0)
    d("mutex, 64 threads", 0.6, 1.0)
    d("table scanned, 2 threads", 1.3, 1.0)
    d("table scanned, 8 threads", 1.3, 1.0)
    d("table at random, 2 threads", 1.3, 1.0)
    d("table at random, 8 threads", 1.3, 1.0)
    d("table scanned, 64 threads", 1.8, 2.0)
    d("table at random, 64 threads", 1.8, 2.0)
    d("  mutex per 1000, 8 threads", 1.5, 1.5)
    d("  mutex per 1000, 64 threads", 2.0, 3.0)
    d("  rwlock per 1000, 8 threads", 1.5, 1.5)
    d("  rwlock per 1000, 64 threads", 2.0, 3.0)
    d("  mutex, bounded, 8 threads", 1.0, 1.5)
    d("  random, bounded, 64 threads", 1.0, 2.0)
    d("mixed-field structs", 1.0, 1.0)
    d("memory copies", 1.0, 1.0)
    d("atomics", 1.0, 1.0)
    d("zstd -T2", 0.85, 1.3)
}

function d(work, of_cpu, of_rss) {
    goal["detector", work] = of_cpu
    rss_goal["detector", work] = of_rss
}

# The median of values[key, 1..n[key]].
function median(values, key,    i, j, t, sorted, m) {
    m = n[key]
    for (i = 1; i <= m; i++) {
        t = values[key, i] + 0
        for (j = i - 1; j >= 1 && sorted[j] > t; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = t
    }
    return m % 2 ? sorted[(m + 1) / 2] : (sorted[m / 2] + sorted[m / 2 + 1]) / 2
}

# mine/theirs as text; why not, where there is no ratio.
function ratio(values, mine, theirs,    a, b) {
    if (!(mine in n) || !(theirs in n))
        return "-"
    if (mine in bad)
        return bad[mine] == 124 ? "hangs" : "fails"
    if (theirs in bad)
        return bad[theirs] == 124 ? "peer hangs" : "peer fails"
    a = median(values, mine)
    b = median(values, theirs)
    return b > 0 ? sprintf("%.2f", a / b) : "-"
}

function mark(value, limit) {
    if (value !~ /^[0-9.]+$/ || limit == "")
        return value
    return value (value + 0 <= limit + 0 ? "  " : " !")
}

function note(table, work) {
    return ((table, work) in differs) ? "  results differ" : ""
}

function per_procs(table, title,    i, k, w, p, out, mine, theirs) {
    print ""
    print title
    printf "%-18s %8s %8s %8s   %8s %8s %8s   %s\n", "work", "CPU P=1", "wall", "memory", "CPU P=2",
        "wall", "memory", "goal (CPU)"
    for (i = 1; i <= works; i++) {
        split(order[i], k, SUBSEP)
        if (k[1] != table)
            continue
        w = k[2]
        out = sprintf("%-18s", w)
        for (p = 1; p <= 2; p++) {
            mine = table SUBSEP w SUBSEP "gorc-" p
            theirs = table SUBSEP w SUBSEP "go-" p
            out = out sprintf(" %8s %8s %8s  ", mark(ratio(cpu, mine, theirs), goal[table, w]),
                ratio(wall, mine, theirs), ratio(rss, mine, theirs))
        }
        printf "%s <= %.2f%s\n", out, goal[table, w], note(table, w)
    }
}

function slowdown(key, plain) {
    return ratio(cpu, key, plain)
}

function detector(title,    i, k, w, plain) {
    print ""
    print title
    printf "%-28s %8s %8s   %8s %8s %8s  %-13s   %8s %8s %8s  %s\n", "program", "v3 x", "gorc x", "CPU",
        "wall", "memory", "goal CPU, mem", "v2: CPU", "wall", "memory", "goal"
    for (i = 1; i <= works; i++) {
        split(order[i], k, SUBSEP)
        if (k[1] != "detector")
            continue
        w = k[2]
        p = "detector" SUBSEP w SUBSEP
        printf "%-28s %8s %8s   %8s %8s %8s  %-13s   %8s %8s %8s  %s%s\n", w,
            ratio(cpu, p "v3", p "plain"), ratio(cpu, p "gorc-clang", p "plain"),
            mark(ratio(cpu, p "gorc-clang", p "v3"), goal["detector", w]),
            ratio(wall, p "gorc-clang", p "v3"),
            mark(ratio(rss, p "gorc-clang", p "v3"), rss_goal["detector", w]),
            sprintf("<= %.2f, %.2f", goal["detector", w], rss_goal["detector", w]),
            mark(ratio(cpu, p "gorc-gcc", p "v2"), 0.5), ratio(wall, p "gorc-gcc", p "v2"),
            mark(ratio(rss, p "gorc-gcc", p "v2"), 1.0), "<= 0.50, 1.00", note("detector", w)
    }
}

function lateness(    p, mine, theirs) {
    for (p = 1; p <= 2; p++) {
        mine = "late" SUBSEP "sleepers" SUBSEP "gorc-" p
        theirs = "late" SUBSEP "sleepers" SUBSEP "go-" p
        if (mine in n)
            printf "The latest of the sleepers, P=%d: gorc %.1f ms late, Go %s (goal <= 10 ms)\n", p,
                median(answer, mine) / 1000,
                theirs in n ? sprintf("%.1f ms", median(answer, theirs) / 1000) : "-"
    }
}

END {
    per_procs("library", "Library: gorc / Go, with one worker and with two ('!': above the goal)")
    lateness()
    detector("Detector: gorc / clang-19's race runtime (v3), the same objects; and with gcc's objects / gcc's (v2). 'x': CPU against no detector")
    per_procs("race", "Library under the detector: gorc / go build -race")
}
