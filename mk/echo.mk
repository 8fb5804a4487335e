# The echo server of examples/ under load: 10,000 idle connections and 64 busy ones for a minute.

.PHONY: check-echo check-echo-ci

ECHO := $(BUILD)/tests/echo
ECHO_LOAD := $(ECHO)/load
$(ECHO_LOAD): tests/echo/load.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g $(WARN) -o $@ $<
$(ECHO)/server: examples/echo_server.c $(LIBGORC)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g $(WARN) -Iinclude -o $@ $< -L$(BUILD)/lib -Wl,-rpath,'$$ORIGIN/../../lib' \
		-lgorc -pthread
$(ECHO)/server.race: examples/echo_server.c $(LIBRACE) tool
	@mkdir -p $(@D)
	$(GORC) cc -std=gnu11 -O2 -g -Iinclude -o $@ $<

check-echo: $(ECHO_LOAD) $(ECHO)/server
	@$(ECHO_LOAD) 10000 64 60 $(ECHO)/server 127.0.0.1:0

# What CI runs: shorter, and once more under the detector.
check-echo-ci: $(ECHO_LOAD) $(ECHO)/server $(ECHO)/server.race
	@BUILD="$(BUILD)" sh tests/echo/ci.sh
