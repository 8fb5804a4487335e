# Random programs against a model: tests/fuzz. FUZZ_SECONDS and FUZZ_SEED (printed) choose the run.

.PHONY: fuzz check-fuzz

FUZZ := $(BUILD)/fuzz
FUZZ_SECONDS ?= 600
FUZZ_SEED ?= $(shell date +%s)
FUZZ_CC := clang-19
FUZZ_OBJ := $(patsubst %,$(FUZZ)/%.o,$(LIB_SRC))
FUZZ_SRC := tests/fuzz/fuzz_ops.c tests/fuzz/model.c tests/fuzz/program.c

$(FUZZ)/%.c.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(PLAIN_FLAGS) -fsanitize=fuzzer-no-link -c $< -o $@
$(FUZZ)/%.S.o: %.S
	@mkdir -p $(@D)
	$(FUZZ_CC) $(filter-out -W% -std=%,$(PLAIN_FLAGS)) -c $< -o $@
$(FUZZ)/fuzz_ops: $(FUZZ_SRC) tests/fuzz/program.h $(FUZZ_OBJ)
	$(FUZZ_CC) -std=gnu11 -O1 -g -Iinclude -Ilib -fsanitize=fuzzer -Wl,--wrap=gorc__misuse_raise \
		-o $@ $(FUZZ_SRC) $(FUZZ_OBJ) -lunwind -pthread

fuzz: $(FUZZ)/fuzz_ops
	@sh tests/fuzz/run.sh $(FUZZ) $(FUZZ_SECONDS) $(FUZZ_SEED)

# What CI runs: a fixed number of programs.
check-fuzz: $(FUZZ)/fuzz_ops
	@sh tests/fuzz/run.sh $(FUZZ) 10 $(FUZZ_SEED)

-include $(FUZZ_OBJ:.o=.d)
