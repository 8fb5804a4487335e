#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The table of docs/options.md, from detector/base/flags.def.
cd "$(dirname "$0")/.." || exit 1
echo '| option | default | what |'
echo '|---|---|---|'
tr '\n' ' ' <detector/base/flags.def | sed 's/FLAG(/\n&/g' |
    sed -nE 's/^FLAG\(([a-z]+), ([a-z_0-9]+), ("[^"]*"|[^,]+), +"(.*)"\) *$/| `\2` | \3 | \4 |/p' |
    sed 's/| "" |/| (empty) |/; s/| "\([^"]*\)" |/| `\1` |/; s/" *"//g'
echo
