# White-box tests of the scheduler: tests/unit/sched, linked with libgorc.a, which shows them lib/'s
# internal functions. Part of `make check-unit`.

.PHONY: check-unit-sched
check-unit: check-unit-sched

UNIT_SCHED := $(patsubst tests/unit/sched/%.c,$(BUILD)/tests/unit/sched/%,$(wildcard tests/unit/sched/*_test.c))
unit-tests: $(UNIT_SCHED)
check-unit-sched: $(UNIT_SCHED)
	@sh tests/run_unit.sh check-unit-sched lib:1 $(UNIT_SCHED) lib:2 $(UNIT_SCHED)

$(BUILD)/tests/unit/sched/%: tests/unit/sched/%.c $(LIBGORC_A)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O1 -g $(WARN) -Wno-missing-prototypes -MMD -MP -MF $@.d -Iinclude -Ilib -o $@ $< \
		$(LIBGORC_A) -lunwind -lcriterion -pthread

-include $(UNIT_SCHED:=.d)
