#!/bin/sh
# SPDX-License-Identifier: MIT
#
# zstd.sh PROGRAM CORPUS: compresses with two threads, prints the checksum of the result.
set -u
"$1" -T2 -B262144 -3 -q -c "$2" | cksum
