# SPDX-License-Identifier: MIT
#
# Shared by the tests on real programs: counting, fetched sources, records of a run.
#
# Expects BUILD (the folder of the libraries and of what is built here, under real/).

set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-build}
mkdir -p "$BUILD/real"
BUILD=$(cd "$BUILD" && pwd)
work=$BUILD/real
gorc=$BUILD/bin/gorc
race=$BUILD/lib/libgorc_race.so.0
export GORC_OPTIONS=
passed=0 failed=0 skipped=0

ok() {
    passed=$((passed + 1))
    echo "ok   $*"
}
skip() {
    skipped=$((skipped + 1))
    echo "skip $*"
}
fail() { # NAME [FILE]: the file's end tells why
    failed=$((failed + 1))
    echo "FAIL $1"
    [ -z "${2:-}" ] || tail -n 30 "$2" 2>/dev/null | cut -c1-300 | sed 's/^/     /'
}
expect() { # NAME FILE CONDITION...
    local name=$1 why=$2
    shift 2
    if "$@"; then ok "$name"; else fail "$name" "$why"; fi
}
close_count() {
    if [ $skipped -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ $failed -eq 0 ]
    exit
}

# The unpacked source, or a skip of the whole test and its end.
need_source() {
    local message
    message=$(bash "$root/scripts/real/fetch.sh" "$1" "$work")
    case $? in
    0) ;;
    77)
        skip "$message"
        close_count
        ;;
    *)
        fail "source of $1: $message"
        close_count
        ;;
    esac
}

# Each access of each data race as one line per race: two functions in order of the alphabet, the
# innermost ones in PROGRAM of both stacks.
pairs_of_record() { # RECORD PROGRAM
    jq -r --arg prog "$2" '
        (if type == "array" then .[] else . end) | (.processes? // [.]) | .[] | .findings[] |
        select(.kind == "data-race") |
        [.stacks[] | select(.role | test("^(earlier )?(atomic )?(write|read|free)")) |
            [.frames[] | select((.module // "") | endswith($prog)) | .function // "?"][0] // "?"] |
        .[0:2] | sort | join(" ")' "$1" | sort -u
}

# The same of what the compilers' own runtime printed.
pairs_of_log() { # PROGRAM LOG...
    local prog=$1
    shift
    cat "$@" /dev/null | awk -v prog="$prog" '
        /^WARNING: ThreadSanitizer: (data race|heap-use-after-free)/ { race = 1; n = 0; want = 0; f[1] = f[2] = "?" }
        race && /^  [A-Z].* of size [0-9]+ at / { n++; want = n <= 2; next }
        race && want && /^    #[0-9]+ / && index($0, "(" prog "+") && $2 !~ /^__tsan_|^(calloc|malloc|free|realloc)$/ {
            f[n] = $2; want = 0 }
        race && /^SUMMARY/ {
            if (f[1] "" > f[2] "") print f[2], f[1]; else print f[1], f[2]
            race = 0 }' | sort -u
}

# Pairs that nothing accounts for: neither the other runtime nor the list argued from the source, in
# which '*' stands for any function.
unaccounted() { # PAIRS-FILE OTHER-PAIRS-FILE KNOWN-FILE
    awk '
        FILENAME == ARGV[3] {
            for (i = 1; i <= n; i++)
                if ((a[i] == "*" || a[i] == $1) && (b[i] == "*" || b[i] == $2) ||
                    (a[i] == "*" || a[i] == $2) && (b[i] == "*" || b[i] == $1))
                    next
            print
            next
        }
        { sub(/#.*/, "") }
        NF >= 2 { n++; a[n] = $1; b[n] = $2 }' "$3" "$2" "$1"
}

findings() { # RECORD [KIND]: how many
    jq -r --arg kind "${2:-}" '[(.processes? // [.]) | .[] | .findings[] |
        select($kind == "" or .kind == $kind)] | length' "$1"
}

# Whether a race in RECORD has the place FUNCTION FILE:LINE in one stack and FUNCTION2 FILE2 in the
# other, with every frame of the program in both stacks told with function, file and line.
has_race() { # RECORD FUNCTION FILE LINE FUNCTIONS2-REGEX FILE2
    jq -e --arg f "$2" --arg file "$3" --argjson line "$4" --arg f2 "$5" --arg file2 "$6" '
        def at(file): (.file // "") | endswith(file);
        [(.processes? // [.]) | .[] | .findings[] | select(.kind == "data-race") |
            [.stacks[] | select(.role | test("^(earlier )?(atomic )?(write|read)"))] |
            select(length == 2) | . as $s | ([0, 1], [1, 0]) | . as [$a, $b] |
            select(any($s[$a].frames[0:2][]; .function == $f and at($file) and .line == $line)) |
            select(any($s[$b].frames[0:2][]; ((.function // "") | test("^(" + $f2 + ")$")) and at($file2)
                and (.line // 0) > 0)) |
            select([$s[].frames[] | select((.module // "") | test("/(zstd|memcached)$")) |
                select(.function == "_start" | not) |
                select((.function and .file and .line) | not)] | length == 0)] |
        length > 0' "$1" >/dev/null
}
