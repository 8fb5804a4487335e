# The production library and its unit tests under AddressSanitizer and UBSan, on 1, 2 and 8 workers,
# as they are and with a random yield at every call; and programs of users of AddressSanitizer.

.PHONY: check-asan check-asan-unit check-asan-programs asan-tests

ASAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ASAN_OBJ := $(patsubst %,$(BUILD)/asan/%.o,$(LIB_SRC))
ASAN_LIB := $(patsubst tests/unit/lib/%.c,$(BUILD)/tests/unit/asan/%,$(wildcard tests/unit/lib/*_test.c))
ASAN_SCHED := $(patsubst tests/unit/sched/%.c,$(BUILD)/tests/unit/asan-sched/%, \
	$(wildcard tests/unit/sched/*_test.c))

check-asan: asan-tests lib
	@LOGS="$(BUILD)/check" MAKE="$(MAKE)" bash scripts/check.sh check-asan-programs check-asan-unit

check-asan-unit: asan-tests
	@sh tests/run_unit.sh check-asan-unit asan:2 $(ASAN_SCHED) \
		$(foreach n,1 2 8,asan:$(n) $(ASAN_LIB) asan-yield:$(n) $(ASAN_LIB))

check-asan-programs: $(BUILD)/asan/libgorc.a lib
	@BUILD="$(abspath $(BUILD))" sh tests/asan/run.sh

asan-tests: $(ASAN_LIB) $(ASAN_SCHED)
$(BUILD)/asan/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(PLAIN_FLAGS) $(ASAN_FLAGS) -c $< -o $@
$(BUILD)/asan/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(PLAIN_FLAGS) -c $< -o $@
$(BUILD)/asan/libgorc.a: $(ASAN_OBJ)
	rm -f $@
	$(AR) rcs $@ $^
ASAN_TEST_FLAGS = $(UNIT_FLAGS) $(ASAN_FLAGS) -MF $@.d
$(BUILD)/tests/unit/asan/%: tests/unit/lib/%.c $(BUILD)/asan/libgorc.a
	@mkdir -p $(@D)
	$(CC) $(ASAN_TEST_FLAGS) -o $@ $< $(BUILD)/asan/libgorc.a -lunwind -lcriterion -pthread
$(BUILD)/tests/unit/asan-sched/%: tests/unit/sched/%.c $(BUILD)/asan/libgorc.a
	@mkdir -p $(@D)
	$(CC) $(ASAN_TEST_FLAGS) -Ilib -o $@ $< $(BUILD)/asan/libgorc.a -lunwind -lcriterion -pthread

-include $(ASAN_LIB:=.d) $(ASAN_SCHED:=.d) $(ASAN_OBJ:.o=.d)
