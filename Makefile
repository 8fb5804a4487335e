# gorc: `make` builds, `make check` tests, `make demo` shows the main job. README.md has the rest.

CC ?= gcc
AR ?= ar
OBJCOPY ?= objcopy
BUILD ?= build
ARCH := $(shell uname -m)

WARN := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla -Werror
BASE := -std=gnu11 -O2 -g -fPIC -fvisibility=hidden -fcf-protection=none -pthread $(WARN) -MMD -MP
PLAIN_FLAGS := $(BASE) -Iinclude -Ilib $(EXTRA_CFLAGS)
RACE_LIB_FLAGS := $(BASE) -DGORC_DETECT=1 -fno-stack-protector -ftls-model=initial-exec -Iinclude -Ilib
RACE_DET_FLAGS := $(BASE) -DGORC_DETECT=1 -fno-stack-protector -ftls-model=initial-exec -mcx16 -Iinclude -Idetector -I.
TOOL_FLAGS := -std=gnu11 -O2 -g $(WARN) -MMD -MP -Iinclude -Itools -I.

LIB_SRC := $(wildcard lib/*/*.c) $(wildcard lib/arch/*_$(ARCH).S)
DET_SRC := $(wildcard detector/*/*.c)
TOOL_SRC := $(wildcard tools/*.c)
AN_SRC := $(wildcard analysis/*.c)

PLAIN_OBJ := $(patsubst %,$(BUILD)/plain/%.o,$(LIB_SRC))
RACE_OBJ := $(patsubst %,$(BUILD)/race/%.o,$(LIB_SRC) $(DET_SRC) $(AN_SRC))
TOOL_OBJ := $(patsubst %,$(BUILD)/tools/%.o,$(TOOL_SRC) $(AN_SRC))

LIBGORC := $(BUILD)/lib/libgorc.so.0
LIBGORC_A := $(BUILD)/lib/libgorc.a
LIBRACE := $(BUILD)/lib/libgorc_race.so.0
GORC := $(BUILD)/bin/gorc

.DEFAULT_GOAL := all
.PHONY: all lib race tool clean
all: lib race tool
lib: $(LIBGORC) $(LIBGORC_A)
race: $(LIBRACE)
tool: $(GORC)

# --- the production library ---

$(BUILD)/plain/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(PLAIN_FLAGS) -c $< -o $@
$(BUILD)/plain/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(PLAIN_FLAGS) -c $< -o $@
$(LIBGORC): $(PLAIN_OBJ)
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,libgorc.so.0 -Wl,-z,now -Wl,-z,defs -o $@ $^ -pthread -lunwind
	ln -sf libgorc.so.0 $(BUILD)/lib/libgorc.so
$(LIBGORC_A): $(PLAIN_OBJ)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

# --- the instrumented library: lib/ again, and the detector ---
# All objects become one, in which every reference to an interposed libc function is renamed to
# libc's own (detector/interpose/gen.sh).

$(BUILD)/race/lib/%.c.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(RACE_LIB_FLAGS) -c $< -o $@
$(BUILD)/race/lib/%.S.o: lib/%.S
	@mkdir -p $(@D)
	$(CC) $(RACE_LIB_FLAGS) -c $< -o $@
$(BUILD)/race/detector/%.c.o: detector/%.c
	@mkdir -p $(@D)
	$(CC) $(RACE_DET_FLAGS) -c $< -o $@
$(BUILD)/race/analysis/%.c.o: analysis/%.c
	@mkdir -p $(@D)
	$(CC) $(RACE_DET_FLAGS) -c $< -o $@
$(BUILD)/race/stubs.S: $(RACE_OBJ) detector/interpose/gen.sh
	sh detector/interpose/gen.sh stubs $(RACE_OBJ) > $@.tmp && mv $@.tmp $@
$(BUILD)/race/redirect.syms: $(RACE_OBJ) detector/interpose/gen.sh
	sh detector/interpose/gen.sh redirect $(RACE_OBJ) > $@.tmp && mv $@.tmp $@
$(BUILD)/race/stubs.o: $(BUILD)/race/stubs.S
	$(CC) -c $< -o $@
$(BUILD)/race/all.o: $(RACE_OBJ) $(BUILD)/race/redirect.syms
	ld -r -o $@.tmp $(RACE_OBJ)
	$(OBJCOPY) --redefine-syms=$(BUILD)/race/redirect.syms $@.tmp $@ && rm $@.tmp
$(LIBRACE): $(BUILD)/race/all.o $(BUILD)/race/stubs.o
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,libgorc_race.so.0 -Wl,--version-script=detector/exports.map -Wl,-z,now -Wl,-z,defs -Wl,-z,initfirst -o $@ $^ -pthread -lunwind
	ln -sf libgorc_race.so.0 $(BUILD)/lib/libgorc_race.so

# --- the command ---

$(BUILD)/tools/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(TOOL_FLAGS) -c $< -o $@
$(GORC): $(TOOL_OBJ)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ -ldw -lelf -ljansson

clean:
	rm -rf $(BUILD)

include $(wildcard mk/*.mk)

-include $(PLAIN_OBJ:.o=.d) $(RACE_OBJ:.o=.d) $(TOOL_OBJ:.o=.d)
