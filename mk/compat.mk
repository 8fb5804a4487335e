# The race library under the names of the compilers' own shared runtimes: an already linked program
# finds it in their place when lib/gorc comes first in LD_LIBRARY_PATH (`gorc run` sees to it). One
# file, several names: the loader loads it once.

RUNTIME_NAMES := libtsan.so.0 libtsan.so.2 libclang_rt.tsan.so libclang_rt.tsan-$(ARCH).so
RUNTIMES := $(addprefix $(BUILD)/lib/gorc/,$(RUNTIME_NAMES))

race: $(RUNTIMES)
$(RUNTIMES): | $(LIBRACE)
	@mkdir -p $(@D)
	ln -sfn ../libgorc_race.so.0 $@

.PHONY: install-runtimes
install: install-runtimes
install-runtimes: all
	install -d $(DESTDIR)$(LIBDIR)/gorc
	for name in $(RUNTIME_NAMES); do \
		ln -sfn ../libgorc_race.so.0 $(DESTDIR)$(LIBDIR)/gorc/$$name || exit 1; \
	done
