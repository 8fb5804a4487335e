#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What compilers emit under -fsanitize=thread must be there: compiles a sample of all sizes and
# operations with each compiler at -O0 and -O2, and asks for each undefined __tsan_* symbol in the
# race library. The memory functions that gcc leaves as plain calls are asked for too.
#
#   check-abi.sh BUILD
set -eu
here=$(cd "$(dirname "$0")" && pwd)
library=$1/lib/libgorc_race.so.0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' | sort -u >"$dir/defined"
failed=0 passed=0

check() { # check LABEL SOURCE COMPILER OPTIONS...
    label=$1 source=$2 compiler=$3
    shift 3
    if ! "$compiler" "$@" -fsanitize=thread -w -c "$source" -o "$dir/sample.o"; then
        echo "check-abi: $label does not compile" >&2
        failed=$((failed + 1))
        return
    fi
    nm -u "$dir/sample.o" | awk '{print $2}' |
        grep -E '^(__tsan_|__atomic_|__cxa_guard|mem|_Zn|_Zd)' | sort -u >"$dir/wanted"
    ask "$label needs"
}

ask() { # ask MESSAGE: all of the file wanted must be defined
    missing=$(comm -23 "$dir/wanted" "$dir/defined")
    if [ -z "$missing" ]; then
        passed=$((passed + 1))
        return
    fi
    echo "check-abi: $1" $missing >&2
    failed=$((failed + 1))
}

for pair in gcc:g++ clang-14:clang++-14 clang-19:clang++-19; do
    for level in -O0 -O2; do
        cc=${pair%:*} cxx=${pair#*:}
        if ! command -v "$cc" >/dev/null; then
            echo "check-abi: skipped $cc: not installed"
            continue
        fi
        check "$cc $level" "$here/../tests/abi/sample.c" "$cc" $level
        check "$cc $level -mcx16" "$here/../tests/abi/sample.c" "$cc" $level -mcx16
        command -v "$cxx" >/dev/null || cxx=$cc
        check "$cxx $level" "$here/../tests/abi/sample.cc" "$cxx" -std=c++17 $level
        case $cc in
        gcc) volatile="--param tsan-distinguish-volatile=1" compound= ;;
        *) volatile="-mllvm -tsan-distinguish-volatile" compound="-mllvm -tsan-compound-read-before-write" ;;
        esac
        check "$cc $level $volatile" "$here/../tests/abi/sample.c" "$cc" $level $volatile
        [ -z "$compound" ] ||
            check "$cc $level $compound" "$here/../tests/abi/sample.c" "$cc" $level $compound
    done
done

# The calls of the public headers that annotated programs make.
cat >"$dir/wanted" <<LIST
__tsan_acquire __tsan_release __tsan_mutex_create __tsan_mutex_destroy __tsan_mutex_pre_lock
__tsan_mutex_post_lock __tsan_mutex_pre_unlock __tsan_mutex_post_unlock __tsan_mutex_pre_signal
__tsan_mutex_post_signal __tsan_mutex_pre_divert __tsan_mutex_post_divert
__tsan_get_current_fiber __tsan_create_fiber __tsan_destroy_fiber __tsan_switch_to_fiber
__tsan_set_fiber_name __tsan_external_register_tag __tsan_external_register_header
__tsan_external_assign_tag __tsan_external_read __tsan_external_write __tsan_flush_memory
__tsan_check_no_mutexes_held __tsan_get_current_report __tsan_testonly_barrier_init
__tsan_testonly_barrier_wait __tsan_testonly_shadow_stack_current_size
AnnotateHappensBefore AnnotateHappensAfter AnnotateBenignRace AnnotateBenignRaceSized
AnnotateIgnoreReadsBegin AnnotateIgnoreReadsEnd AnnotateIgnoreWritesBegin AnnotateIgnoreWritesEnd
AnnotateIgnoreSyncBegin AnnotateIgnoreSyncEnd AnnotateRWLockCreate AnnotateRWLockCreateStatic
AnnotateRWLockDestroy AnnotateRWLockAcquired AnnotateRWLockReleased AnnotateThreadName
AnnotateNewMemory AnnotateCondVarWait AnnotateCondVarSignal AnnotateCondVarSignalAll
AnnotateEnableRaceDetection AnnotateFlushState AnnotateMutexIsUsedAsCondVar
AnnotateMutexIsNotPHB AnnotatePCQCreate AnnotatePCQDestroy AnnotatePCQPut AnnotatePCQGet
AnnotatePublishMemoryRange AnnotateUnpublishMemoryRange AnnotateTraceMemory AnnotateNoOp
AnnotateFlushExpectedRaces AnnotateExpectRace AnnotateMemoryIsInitialized
AnnotateMemoryIsUninitialized WTFAnnotateHappensBefore WTFAnnotateHappensAfter
WTFAnnotateBenignRaceSized RunningOnValgrind ThreadSanitizerQuery
__sanitizer_print_stack_trace __sanitizer_set_report_path __sanitizer_set_report_fd
__sanitizer_get_report_path __sanitizer_set_death_callback __sanitizer_symbolize_pc
__sanitizer_symbolize_global __sanitizer_get_module_and_offset_for_pc
__sanitizer_install_malloc_and_free_hooks __sanitizer_unaligned_load16
__sanitizer_unaligned_load32 __sanitizer_unaligned_load64 __sanitizer_unaligned_store16
__sanitizer_unaligned_store32 __sanitizer_unaligned_store64
LIST
tr -s ' \n' '\n\n' <"$dir/wanted" | sort -u >"$dir/names"
mv "$dir/names" "$dir/wanted"
ask "annotated programs need"

echo "check-abi: $passed passed, $failed failed"
[ "$failed" = 0 ]
