# Random programs under the detector, against full vector clocks (tests/oracle). They are linked with
# the race library's own objects, to take races before the report drops repetitions.

.PHONY: check-oracle check-oracle-ci

ORACLE := $(BUILD)/tests/oracle/oracle
ORACLE_OBJ := $(patsubst tests/oracle/%.c,$(BUILD)/tests/oracle/%.o,$(wildcard tests/oracle/*.c))
# No call of libc that the source does not show: the detector would observe it.
ORACLE_FLAGS := -std=gnu11 -O2 -g $(WARN) -Wno-missing-prototypes -MMD -MP -mcx16 -DGORC_DETECT=1 \
	-fno-builtin -fno-tree-loop-distribute-patterns -Iinclude -Itests/oracle

$(BUILD)/tests/oracle/run.o: ORACLE_FLAGS += -Ilib
$(BUILD)/tests/oracle/%.o: tests/oracle/%.c
	@mkdir -p $(@D)
	$(CC) $(ORACLE_FLAGS) -Idetector -I. -c $< -o $@
$(ORACLE): $(ORACLE_OBJ) $(LIBRACE)
	$(CC) -rdynamic -o $@ $(ORACLE_OBJ) $(BUILD)/race/all.o $(BUILD)/race/stubs.o -pthread -lunwind

# PROGRAMS and SEED; a failure prints both the seed and the smallest program that fails.
PROGRAMS ?= 1000000
check-oracle: $(ORACLE)
	@$(ORACLE) --programs $(PROGRAMS) $(if $(SEED),--seed $(SEED))

check-oracle-ci: $(ORACLE)
	@$(ORACLE) --seconds 20 $(if $(SEED),--seed $(SEED))

# Race libraries with one rule wrong, which the oracle must notice: those of the core's trace test,
# and some of the atomics. Not 12, whose races are told twice, which is no fault here; not 7, for
# which programs are too short: no id is used again while a task still remembers it.
.PHONY: check-oracle-faults
ORACLE_FAULTS := 0 1 2 3 4 5 6 8 9 10 11 13 20 21 22 23 24
ORACLE_FAULT_SRC = $(UNIT_FAULT_SRC) detector/abi/atomic.c detector/abi/atomic128.c \
	detector/abi/atomic_clock.c
ORACLE_FAULT_REST = $(filter-out $(patsubst %,$(BUILD)/race/%.o,$(ORACLE_FAULT_SRC)),$(RACE_OBJ))

$(BUILD)/tests/oracle/fault_%: tests/oracle/fault.h tests/unit/core/fault.h $(ORACLE)
	@mkdir -p $@.d
	for f in $(ORACLE_FAULT_SRC); do \
		case $$f in detector/abi/*) abi=1 ;; *) abi=0 ;; esac; \
		$(CC) $(filter-out -MMD -MP,$(RACE_DET_FLAGS)) -Wno-unused-function -Wno-unused-parameter \
			-Itests -DDT_FAULT=$* -DDT_FAULT_IN_ABI=$$abi -include tests/oracle/fault.h -c $$f \
			-o $@.d/$$(basename $$f).o || exit 1; \
	done
	ld -r -o $@.d/all.tmp $(ORACLE_FAULT_REST) $@.d/*.c.o
	$(OBJCOPY) --redefine-syms=$(BUILD)/race/redirect.syms $@.d/all.tmp $@.d/all.o
	$(CC) -rdynamic -o $@ $(ORACLE_OBJ) $@.d/all.o $(BUILD)/race/stubs.o -pthread -lunwind

check-oracle-faults: $(patsubst %,$(BUILD)/tests/oracle/fault_%,$(ORACLE_FAULTS))
	@sh tests/oracle/faults.sh $(BUILD)/tests/oracle $(ORACLE_FAULTS)

-include $(ORACLE_OBJ:.o=.d)
