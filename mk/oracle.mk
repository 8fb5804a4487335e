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

-include $(ORACLE_OBJ:.o=.d)
