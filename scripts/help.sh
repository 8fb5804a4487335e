#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `make help`.
cat <<'TEXT'
make                 build the libraries and the command into build/
make demo            install what is missing, build, run the main job on examples/
make check           install what is missing, build, run every test; last line: N passed, N failed
make check-race      the project's goroutine tests and race tests, under the detector
make check-real      zstd and memcached from Debian's sources, under the detector, gcc and clang
make bench           measure against Go and the compilers' own race runtimes
make lint            format, dependencies, headers, sizes, banned functions
make format          format all C files with clang-format 14
make install         install to DESTDIR, PREFIX (default: the prefix /usr/local)
make setup           only install what is missing of scripts/packages.txt
make clean           remove build/

One suite of `make check`: lint, check-lint, check-setup, check-redirect, check-abi, check-unit,
check-cli, check-examples, check-race, check-race-suite-ci, check-scale, check-real-ci,
check-docs, check-install. `make check-race-suite` is the race suite at every level,
`make check-scale-long` 100,000 goroutines and 100 million spawns under the detector.

NO_SETUP=1           install nothing; name what is missing and stop
CC=clang-19          build with another compiler
BUILD=DIR            build elsewhere than build/
TEXT
