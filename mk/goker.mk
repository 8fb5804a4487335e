# Bug patterns from real services (tests/goker/README.md).

.PHONY: check-goker

check-goker: all $(BUILD)/tests/check_record
	@sh tests/goker/run.sh $(BUILD) $(NAMES)
