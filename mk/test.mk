# Unit tests: the library's (tests/unit/lib), the detector core's (tests/unit/core), both Criterion.

.PHONY: check-unit-analysis check-analysis-long check-unit check-unit-lib check-unit-core unit-tests

UNIT := $(BUILD)/tests/unit
UNIT_FLAGS := -std=gnu11 -O1 -g $(WARN) -Wno-missing-prototypes -MMD -MP -Iinclude
UNIT_LIB_SRC := $(wildcard tests/unit/lib/*_test.c)
UNIT_CORE_SRC := $(wildcard tests/unit/core/*_test.c)
UNIT_LIB := $(patsubst tests/unit/lib/%.c,$(UNIT)/lib/%,$(UNIT_LIB_SRC))
UNIT_CORE := $(patsubst tests/unit/core/%.c,$(UNIT)/core/%,$(UNIT_CORE_SRC))

# The analysis on a model, without any process.
UNIT_AN := $(patsubst tests/unit/analysis/%.c,$(UNIT)/analysis/%,$(wildcard tests/unit/analysis/*_test.c))
UNIT_AN_SRC := tests/unit/analysis/machine.c $(wildcard analysis/*.c)

unit-tests: $(UNIT_LIB) $(UNIT_CORE) $(UNIT_AN)

# Everything, with one count at the end. The library's tests run on 1, 2 and 8 workers.
check-unit: unit-tests
	@BUILD="$(abspath $(BUILD))" sh tests/run_unit.sh check-unit rules alloc compile cxx lib:1 $(UNIT_LIB) lib:2 $(UNIT_LIB) \
		lib:8 $(UNIT_LIB) core $(UNIT_CORE) analysis $(UNIT_AN)
check-unit-lib: $(UNIT_LIB)
	@sh tests/run_unit.sh check-unit-lib lib:1 $(UNIT_LIB) lib:2 $(UNIT_LIB) lib:8 $(UNIT_LIB)
check-unit-core: $(UNIT_CORE)
	@sh tests/run_unit.sh check-unit-core core $(UNIT_CORE)

check-unit-analysis: $(UNIT_AN)
	@sh tests/run_unit.sh check-unit-analysis analysis $(UNIT_AN)
# The property test with many more programs.
check-analysis-long: $(UNIT_AN)
	@LIMIT=$${LIMIT:-3600} AN_RUNS=500000 AN_SEED=$${AN_SEED:-1000000} sh tests/run_unit.sh check-analysis-long analysis $(UNIT_AN)
$(UNIT)/analysis/%: tests/unit/analysis/%.c $(UNIT_AN_SRC) $(wildcard analysis/*.h) tests/unit/analysis/machine.h
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) -O2 -I. -Itests/unit/analysis -MF $@.d -o $@ $< $(UNIT_AN_SRC) -lcriterion

$(UNIT)/lib/%: tests/unit/lib/%.c $(LIBGORC)
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) -MF $@.d -o $@ $< -L$(BUILD)/lib -Wl,-rpath,'$$ORIGIN/../../../lib' \
		-lgorc -lcriterion -pthread

# The core alone: its objects compiled as in the race library, but linked with libc's own functions.
UNIT_DET_OBJ := $(patsubst %,$(BUILD)/unit-det/%.o,$(wildcard detector/base/*.c detector/core/*.c))
$(BUILD)/unit-det/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(RACE_DET_FLAGS) -DDT_UNIT_TEST=1 -c $< -o $@
$(BUILD)/unit-det/core.a: $(UNIT_DET_OBJ)
	rm -f $@
	$(AR) rcs $@ $^
UNIT_CORE_HELP := tests/unit/core/model.c tests/unit/core/trace.c
UNIT_CORE_FLAGS := $(UNIT_FLAGS) -mcx16 -Idetector -I. -Itests/unit/core
$(UNIT)/core/%: tests/unit/core/%.c $(UNIT_CORE_HELP) $(BUILD)/unit-det/core.a
	@mkdir -p $(@D)
	$(CC) $(UNIT_CORE_FLAGS) -DFAULT_DIR='"$(abspath $(UNIT))/fault"' -o $@ $< $(UNIT_CORE_HELP) \
		$(BUILD)/unit-det/core.a -lcriterion -pthread

# Cores with one rule wrong, which the trace test must notice. Objects before the archive win.
UNIT_FAULTS := $(patsubst %,$(UNIT)/fault/fault_%,0 1 2 3 4 5 6 7 8 9 10 11 12 13)
UNIT_FAULT_SRC := $(addprefix detector/core/,granule.c granule_chain.c granule_clear.c range.c segment.c \
	sweep.c sync.c task.c)
$(UNIT)/core/fault_test: $(UNIT_FAULTS)
$(UNIT)/fault/fault_%: tests/unit/core/fault_run.c tests/unit/core/fault.h $(UNIT_CORE_HELP) \
		$(BUILD)/unit-det/core.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(RACE_DET_FLAGS)) -Wno-unused-function -Itests/unit/core \
		-DDT_FAULT=$* -include tests/unit/core/fault.h -o $@ $(UNIT_FAULT_SRC) $(UNIT_CORE_HELP) \
		$< $(BUILD)/unit-det/core.a -pthread

# The library's tests with a random yield at every call, and moved to another OS thread at every call.
.PHONY: check-stress
check-stress: $(UNIT_LIB)
	@sh tests/run_unit.sh check-stress yield:1 $(UNIT_LIB) yield:2 $(UNIT_LIB) yield:8 $(UNIT_LIB) \
		migrate:1 $(UNIT_LIB) migrate:2 $(UNIT_LIB) migrate:8 $(UNIT_LIB)

-include $(UNIT_LIB:=.d) $(UNIT_CORE:=.d) $(UNIT_DET_OBJ:.o=.d)
