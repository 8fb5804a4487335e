# Real programs that nobody here wrote: zstd, xz, memcached and redis, from Debian's sources, and as
# Debian ships them. Reports are argued in docs/field-reports.md.

.PHONY: check-real check-real-ci check-real-zstd check-real-memcached check-real-preload \
	check-real-memcached-order check-real-xz check-real-redis check-soak

REAL_ENV = BUILD="$(BUILD)"

check-real: all
	@LOGS="$(BUILD)/check" MAKE="$(MAKE)" bash scripts/check.sh check-real-zstd check-real-memcached \
		check-real-memcached-order check-real-xz check-real-redis check-real-preload

# What CI runs: zstd with one compiler, and the binaries as they are.
check-real-ci: all
	@LOGS="$(BUILD)/check" MAKE="$(MAKE) REAL_COMPILERS=gcc" bash scripts/check.sh check-real-zstd check-real-preload

check-real-zstd:
	@$(REAL_ENV) bash scripts/real/zstd.sh $(REAL_COMPILERS)

check-real-memcached:
	@$(REAL_ENV) bash scripts/real/memcached.sh $(REAL_COMPILERS)

# Two locks swapped by a patch: found in a run that does not hang.
check-real-memcached-order:
	@$(REAL_ENV) bash scripts/real/memcached_order.sh

check-real-xz:
	@$(REAL_ENV) bash scripts/real/xz.sh $(REAL_COMPILERS)

check-real-redis:
	@$(REAL_ENV) bash scripts/real/redis.sh $(REAL_COMPILERS)

# Each of the four under load for SOAK seconds.
SOAK ?= 600
check-soak: all
	@$(REAL_ENV) bash scripts/real/soak.sh $(SOAK)

check-real-preload:
	@$(REAL_ENV) bash scripts/real/preload.sh
