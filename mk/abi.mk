# The compilers' interface: what they emit, what programs call, all names that their runtimes have.

.PHONY: check-abi check-abi-emitted check-abi-calls check-abi-names

check-abi: all
	@LOGS="$(BUILD)/check" MAKE="$(MAKE)" bash scripts/check.sh check-abi-emitted check-abi-calls check-abi-names

check-abi-emitted: $(LIBRACE)
	@sh scripts/check-abi.sh $(BUILD)
check-abi-calls: all
	@sh scripts/check-abi-calls.sh $(BUILD)
check-abi-names: $(LIBRACE)
	@bash scripts/check-abi-names.sh $(BUILD)
