# The command's own tests, and what it needs in the build tree.

.PHONY: check-cli check-hostile

# `gorc cc` finds the headers beside itself, in the build tree as when installed.
tool: $(BUILD)/include
$(BUILD)/include:
	@mkdir -p $(BUILD)
	ln -sfn $(abspath include) $@

CHECK_SCHEMA := $(BUILD)/tests/check_schema
$(CHECK_SCHEMA): tests/cli/check_schema.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g $(WARN) -o $@ $< -ljansson

check-cli: all $(CHECK_SCHEMA)
	@BUILD="$(abspath $(BUILD))" sh tests/cli/run.sh $(CASES)

# The cases of hostile places once more under settings of the whole machine, which it puts back; as
# root, and not while others measure.
check-hostile: all $(CHECK_SCHEMA)
	@bash scripts/check-hostile.sh $(BUILD)
