# Lint, its own tests, and formatting.

.PHONY: lint check-lint format

lint:
	@bash scripts/lint.sh

check-lint:
	@bash scripts/test-lint.sh

format:
	@find . \( -name .git -o -path ./build \) -prune -o \( -name '*.c' -o -name '*.h' \) -print0 | \
		xargs -0 clang-format-14 -i
