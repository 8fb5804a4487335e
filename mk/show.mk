# Examples, end-to-end tests, scale, benchmarks.

.PHONY: demo-run check-examples check-race check-race-stress check-race-suite check-scale bench

CHECK_RECORD := $(BUILD)/tests/check_record
$(CHECK_RECORD): tests/support/check_record.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g $(WARN) -o $@ $< -ljansson

demo-run: all
	@BUILD="$(BUILD)" sh examples/demo.sh

# examples/ and examples/buggy/ against what their .txt and .expect files say.
check-examples: all $(CHECK_RECORD)
	@sh tests/run_expect.sh $(BUILD)

# The project's own goroutine tests, compiled with `gorc cc`, under the detector.
check-race: all
	@BUILD="$(BUILD)" sh tests/run_unit_race.sh

# The same with a random yield at every call, on 1, 2 and 8 workers.
check-race-stress: all
	@BUILD="$(BUILD)" LABEL=check-race-stress sh tests/run_unit_race.sh yield:1 yield:2 yield:8

# A racing and an ordered program for every happens-before edge.
check-race-suite: all $(CHECK_RECORD)
	@sh tests/run_race.sh $(BUILD)

check-scale: all
	@sh tests/run_scale.sh $(BUILD)

# A million goroutines parked at once; needs some 5 GB.
.PHONY: check-million
check-million: all
	@MILLION=1 sh tests/run_scale.sh $(BUILD)

# 100,000 live goroutines in three shapes and 100 million spawns, under the race library.
.PHONY: check-scale-long
check-scale-long: all
	@sh tests/run_scale_long.sh $(BUILD)

bench: all
	@BUILD="$(BUILD)" bash bench/run.sh
