# make install PREFIX=/usr/local DESTDIR=

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
VERSION := 0.1.0

.PHONY: install check-install

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include/gorc
	install -m 755 $(GORC) $(DESTDIR)$(PREFIX)/bin/gorc
	install -m 755 $(LIBGORC) $(LIBRACE) $(DESTDIR)$(LIBDIR)/
	install -m 644 $(LIBGORC_A) $(DESTDIR)$(LIBDIR)/
	ln -sf libgorc.so.0 $(DESTDIR)$(LIBDIR)/libgorc.so
	ln -sf libgorc_race.so.0 $(DESTDIR)$(LIBDIR)/libgorc_race.so
	install -m 644 include/gorc.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 $(wildcard include/gorc/*.h) $(DESTDIR)$(PREFIX)/include/gorc/
	for name in gorc gorc-race; do \
		sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' \
			scripts/$$name.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/$$name.pc || exit 1; \
	done

# Installs into a folder of the build and uses what is there, by pkg-config and by the command.
check-install: all
	@MAKE="$(MAKE)" BUILD="$(BUILD)" bash scripts/test-install.sh
