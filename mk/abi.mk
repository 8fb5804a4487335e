# The compilers' interface.

.PHONY: check-abi

check-abi: $(LIBRACE)
	@sh scripts/check-abi.sh $(BUILD)
