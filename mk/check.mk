# Set-up, the demo, and all tests as one.

.PHONY: setup demo check check-setup check-docs check-redirect check-race-suite-ci help

# What `make check` and CI run. Each prints 'N passed, N failed' (scripts/check.sh).
SUITES := lint check-lint check-setup check-redirect check-abi check-unit check-oracle-ci check-cli check-examples \
	check-race check-race-suite check-goker check-scale check-echo-ci check-fuzz \
	check-real-ci check-docs check-install

JOBS := -j$(shell nproc)

setup:
	@sh scripts/setup.sh

demo: setup
	@echo "demo: building (log: $(BUILD)/build.log)"
	@mkdir -p $(BUILD)
	@$(MAKE) --no-print-directory $(JOBS) all >$(BUILD)/build.log 2>&1 || \
		{ tail -n 40 $(BUILD)/build.log; exit 1; }
	@$(MAKE) --no-print-directory demo-run

check: setup
	@echo "check: building (log: $(BUILD)/build.log)"
	@mkdir -p $(BUILD)
	@$(MAKE) --no-print-directory $(JOBS) all >$(BUILD)/build.log 2>&1 || \
		{ tail -n 40 $(BUILD)/build.log; echo "0 passed, 1 failed"; exit 1; }
	@LOGS="$(BUILD)/check" MAKE="$(MAKE)" bash scripts/check.sh $(SUITES)

check-setup:
	@bash scripts/test-setup.sh

# Nothing of the race library may reach an interposed name but through its stubs.
check-redirect: $(LIBRACE)
	@bash scripts/check-redirect.sh $(BUILD)

check-docs: all
	@BUILD="$(BUILD)" bash scripts/check-docs.sh

# The race suite at the level where compilers hide most. `make check-race-suite` has them all.
check-race-suite-ci:
	@LEVELS=-O2 $(MAKE) --no-print-directory check-race-suite

help:
	@sh scripts/help.sh
