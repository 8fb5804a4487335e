# The production library for another processor: cross-compiled with Debian's packages, its unit
# tests run by qemu-user. Statically linked, so that no other system's root is needed. There is no
# libunwind among the cross packages: stacks in messages are left out.

.PHONY: check-aarch64

A64 := $(BUILD)/aarch64
A64_CC := aarch64-linux-gnu-gcc
A64_EMULATOR := qemu-aarch64
A64_SRC := $(wildcard lib/*/*.c) lib/arch/switch_aarch64.S
A64_OBJ := $(patsubst %,$(A64)/%.o,$(A64_SRC))
A64_FLAGS := $(filter-out -fcf-protection=none,$(BASE)) -DGORC_NO_UNWIND -Iinclude -Ilib
# switch_test unwinds with libunwind.
A64_TESTS := $(patsubst tests/unit/lib/%.c,$(A64)/lib/%,$(wildcard tests/unit/lib/*_test.c)) \
	$(patsubst tests/unit/sched/%.c,$(A64)/sched/%, \
		$(filter-out %/switch_test.c,$(wildcard tests/unit/sched/*_test.c))) $(A64)/cross/registers

# Left out with an emulator that cannot start a thread in such a child; fork_thread asks it. Its own
# thread is left out of the count by GORC_DEBUG=emulator (run_unit.sh).
A64_FORK := fork fork_with_waiters_and_connections t3_timers_of_the_forking_goroutine_go_on_in_the_child \
	goroutines_of_the_parent_do_not_go_on_in_the_child threads_and_the_number_of_workers_change \
	a_deadline_whose_parent_and_children_change a_deadline_whose_channel_is_in_use \
	changes_by_threads_that_have_to_wait_for_a_processor \
	what_was_pending_goes_off_while_the_child_is_elsewhere the_same_when_another_thread_forks
check-aarch64: $(A64_TESTS) $(A64)/cross/fork_thread
	@skip=; $(A64_EMULATOR) $(A64)/cross/fork_thread >/dev/null 2>&1 || { skip="$(A64_FORK)"; \
		echo "check-aarch64: the emulator cannot start a thread in a forked child; left out: $$skip"; }; \
	CROSS_SKIP="$$skip" UNIT_EMULATOR="$$(command -v $(A64_EMULATOR))" \
		sh tests/run_unit.sh check-aarch64 emulated:2 $(A64_TESTS)

$(A64)/%.c.o: %.c
	@mkdir -p $(@D)
	$(A64_CC) $(A64_FLAGS) -c $< -o $@
$(A64)/%.S.o: %.S
	@mkdir -p $(@D)
	$(A64_CC) $(A64_FLAGS) -c $< -o $@
$(A64)/libgorc.a: $(A64_OBJ)
	rm -f $@
	$(AR) rcs $@ $^
A64_TEST_FLAGS := -std=gnu11 -O1 -g $(WARN) -Wno-format-zero-length -Wno-missing-prototypes -static -Iinclude -Ilib -Itests/cross
$(A64)/lib/%: tests/unit/lib/%.c tests/cross/runner.c $(A64)/libgorc.a
	@mkdir -p $(@D)
	$(A64_CC) $(A64_TEST_FLAGS) -o $@ $< tests/cross/runner.c $(A64)/libgorc.a -pthread
$(A64)/sched/%: tests/unit/sched/%.c tests/cross/runner.c $(A64)/libgorc.a
	@mkdir -p $(@D)
	$(A64_CC) $(A64_TEST_FLAGS) -o $@ $< tests/cross/runner.c $(A64)/libgorc.a -pthread
$(A64)/cross/registers: tests/cross/registers.c tests/cross/runner.c $(A64)/libgorc.a
	@mkdir -p $(@D)
	$(A64_CC) $(A64_TEST_FLAGS) -o $@ $< tests/cross/runner.c $(A64)/libgorc.a -pthread
$(A64)/cross/fork_thread: tests/cross/fork_thread.c
	@mkdir -p $(@D)
	$(A64_CC) $(A64_TEST_FLAGS) -o $@ $< -pthread

-include $(A64_OBJ:.o=.d)
