#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what is missing of scripts/packages.txt from Debian's packages, as root or with sudo.
# With NO_SETUP=1 it installs nothing and names what is missing with status 1.
set -eu

list=${GORC_PACKAGES:-$(dirname "$0")/packages.txt}

say() {
    echo "setup: $*"
}

fail() {
    echo "setup: $*" >&2
    exit 1
}

[ -r "$list" ] || fail "cannot read the package list '$list'"
wanted=$(sed 's/#.*//' "$list" | tr -s ' \t\n' '\n' | sed '/^$/d')

if ! command -v dpkg-query >/dev/null 2>&1; then
    fail "no dpkg here: only Debian 12 is set up by this script; install by hand:" $wanted
fi

# What of the list is not installed, one a line. Packages of another name that provide one count.
missing() {
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package} ${Provides}\n' |
        sed -n 's/^installed //p' | sed 's/([^)]*)//g; s/,/ /g' | tr -s ' ' '\n')
    printf '%s\n' "$wanted" | while read -r name; do
        printf '%s\n' "$installed" | grep -qxF -- "$name" || echo "$name"
    done
}

need=$(missing | tr '\n' ' ')
need=${need% }
if [ -z "$need" ]; then
    say "all $(printf '%s\n' "$wanted" | wc -l) packages are there, nothing to install"
    exit 0
fi

if [ -n "${NO_SETUP:-}" ] && [ "$NO_SETUP" != 0 ]; then
    fail "NO_SETUP is set, not installing what is missing: $need"
fi

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    fail "neither root nor sudo; as root: apt-get install --no-install-recommends $need"
fi

say "installing $(printf '%s\n' $need | wc -l) packages: $need"
# A package list that is too old names versions that are gone: always a fresh one before installing.
$as_root apt-get update -q || say "apt-get update failed, trying with the lists that are there"
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends $need </dev/null ||
    fail "apt-get could not install: $need"
need=$(missing | tr '\n' ' ')
[ -z "$need" ] || fail "still missing after installing: $need"
say "done"
