#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   fetch.sh PACKAGE DIR
#
# Unpacks Debian's source package PACKAGE into DIR/PACKAGE. The source lists are the system's own,
# read as deb-src, with lists, cache and state in DIR/apt: nothing of the system's configuration
# is touched and no server is named here. Status 77 when the source cannot be had.
set -u
package=$1 dir=$2
mkdir -p "$dir" || exit 1
dir=$(cd "$dir" && pwd)
apt=$dir/apt
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

skip() {
    echo "fetch: $package: $*"
    exit 77
}

[ ! -e "$dir/$package/.unpacked" ] || exit 0
command -v apt-get >/dev/null && command -v dpkg-source >/dev/null ||
    skip "no apt-get or dpkg-source here"

# The system's lists as deb-src, in both formats. A stanza that is switched off stays off.
derive() {
    local list parts file
    eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    mkdir -p "$apt/parts"
    rm -f "$apt"/parts/*
    for file in "$list" "$parts"/*.list; do
        [ -r "$file" ] || continue
        sed -nE 's/^[[:blank:]]*deb(-src)?([[:blank:]])/deb-src\2/p' "$file" | sort -u \
            >"$apt/parts/$(basename "$file" .list).list"
    done
    for file in "$parts"/*.sources; do
        [ -r "$file" ] || continue
        sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$apt/parts/$(basename "$file")"
    done
    [ -n "$(cat "$apt"/parts/* 2>/dev/null)" ]
}

private() { # TOOL WORD...: apt-get or apt-cache
    local tool=$1
    shift
    timeout 300 "$tool" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/parts" \
        -o Dir::State="$apt/state" -o Dir::State::lists="$apt/lists" \
        -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
        -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=2 -o Acquire::http::Timeout=30 "$@" \
        </dev/null
}

mkdir -p "$apt"/{state,lists/partial,cache/archives/partial}
touch "$apt/status"
if [ ! -e "$apt/updated" ]; then
    derive || skip "no source list to derive from"
    private apt-get update >"$apt/update.log" 2>&1 && touch "$apt/updated"
fi
# Newest first; a list may name what its server does not have.
versions() {
    private apt-cache showsrc "$package" 2>/dev/null | sed -n 's/^Version: //p' | sort -Vru
}

download() {
    local version
    for version in $(versions); do
        rm -rf "$dir/$package.download" "$dir/$package"
        mkdir -p "$dir/$package.download"
        (cd "$dir/$package.download" && private apt-get source --download-only "$package=$version") \
            >"$apt/$package.log" 2>&1 && return
    done
    return 1
}

download ||
    skip "apt-get source: $(grep -a '^E:' "$apt/$package.log" 2>/dev/null | head -n 1)"
dsc=$(ls "$dir/$package.download"/*.dsc 2>/dev/null) || skip "no .dsc came"
# apt has checked the .dsc against the signed list; dpkg-source checks the files against the .dsc.
dpkg-source --no-copy -x "$dsc" "$dir/$package" >>"$apt/$package.log" 2>&1 || {
    echo "fetch: dpkg-source failed, see $apt/$package.log" >&2
    exit 1
}
touch "$dir/$package/.unpacked"
