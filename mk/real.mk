# Real programs that nobody here wrote: zstd and memcached, from Debian's sources and as Debian
# ships them. Reports are argued in docs/field-reports.md.

.PHONY: check-real check-real-ci check-real-zstd check-real-memcached check-real-preload

REAL_ENV = BUILD="$(BUILD)"

check-real: all
	@MAKE="$(MAKE)" bash scripts/check.sh check-real-zstd check-real-memcached check-real-preload

# What CI runs: zstd with one compiler, and the binaries as they are.
check-real-ci: all
	@MAKE="$(MAKE) REAL_COMPILERS=gcc" bash scripts/check.sh check-real-zstd check-real-preload

check-real-zstd:
	@$(REAL_ENV) bash scripts/real/zstd.sh $(REAL_COMPILERS)

check-real-memcached:
	@$(REAL_ENV) bash scripts/real/memcached.sh $(REAL_COMPILERS)

check-real-preload:
	@$(REAL_ENV) bash scripts/real/preload.sh
