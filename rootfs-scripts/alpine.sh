#!/bin/sh
# Makes a root file system from Alpine Linux's published mini root file system, after checking its sum.
#
# Usage: alpine.sh [--force] [TARGET]
# Needs: the network, and curl or wget; or the file, named in ALPINE_TARBALL. Always tar, gzip and sha256sum. No root.
set -eu
me=alpine.sh
. "$(dirname -- "$0")/shared.sh"

# The release, and the SHA-256 of its file for each architecture, as published by Alpine.
release=3.22.5
sum_x86_64=4b4daa9fe2fc696c4919c4412a4c3d3e770d8fb70292a004a2c72f5096175282
sum_aarch64=3fbc6285032ed46821b511292633d7b2a6306a2e254f590e92bdafff56cf2f70

usage() {
    cat <<END
Makes a root file system from the mini root file system of Alpine Linux $release.

Usage: alpine.sh [--force] [TARGET]

  TARGET          the directory to make; by default rootfs/alpine below \$BOXWRIGHT_HOME,
                  or below /var/lib/boxwright for root,
                  or below \${XDG_DATA_HOME:-~/.local/share}/boxwright for everybody else
  --force         replace a TARGET that this script made before

In the environment:
  ALPINE_TARBALL  a file already here, instead of the download; it is checked all the same
  ALPINE_SHA256   the sum it must have, if it is of another release or architecture
  ALPINE_MIRROR   where to download from instead of https://dl-cdn.alpinelinux.org/alpine

Needs the network unless ALPINE_TARBALL is set. Needs no root.
The last line on standard output is the path made.
END
}

main() {
    read_arguments 1 "$@"
    find_sum
    tarball=${ALPINE_TARBALL:-}
    [ -z "$tarball" ] || [ -r "$tarball" ] || fail "cannot read $tarball" 'ALPINE_TARBALL must name a file you may read'
    command -v sha256sum >/dev/null || fail 'sha256sum is missing, so nothing could be checked' 'install coreutils or busybox'
    [ -n "$tarball" ] || find_downloader
    open_target "$first" rootfs/alpine

    [ -n "$tarball" ] || fetch
    step 'checking the sum'
    check_sum
    step 'unpacking'
    unpack -z <"$tarball" || fail "cannot unpack $tarball" "see whether the disk is full: df -h '$parent'"
    forget_host

    say "Alpine Linux $(cat "$tree/etc/alpine-release" 2>/dev/null || echo 'of unknown release'), $(size)"
    close_target
}

# Sets machine and sum.
find_sum() {
    machine=$(uname -m)
    case $machine in
        x86_64 | amd64) machine=x86_64 sum=$sum_x86_64 ;;
        aarch64 | arm64) machine=aarch64 sum=$sum_aarch64 ;;
        *) sum='' ;;
    esac
    sum=${ALPINE_SHA256:-$sum}
    [ -n "$sum" ] || fail "no sum is known here for $machine" \
        'download the file for it yourself, and set ALPINE_TARBALL and ALPINE_SHA256'
}

# Sets download to a command that takes a file and an address.
find_downloader() {
    if command -v curl >/dev/null; then
        download='curl --fail --silent --show-error --location --connect-timeout 20 --output'
    elif command -v wget >/dev/null; then
        download='wget -q -T 20 -O'
    else
        fail 'neither curl nor wget is here' 'install one, or download the file yourself and set ALPINE_TARBALL'
    fi
}

fetch() {
    tarball=$work/alpine.tar.gz
    from=${ALPINE_MIRROR:-https://dl-cdn.alpinelinux.org/alpine}
    from=${from%/}/v${release%.*}/releases/$machine/alpine-minirootfs-$release-$machine.tar.gz
    step "downloading $from"
    # shellcheck disable=SC2086 # a command and its options
    $download "$tarball" "$from" ||
        fail "cannot download $from" 'this needs the network; without it, use host.sh, busybox.sh or ALPINE_TARBALL'
}

check_sum() {
    real=$(sha256sum <"$tarball")
    real=${real%% *}
    [ "$real" = "$sum" ] || fail "the SHA-256 of $tarball is $real, not $sum" \
        'the file is damaged, or of another release (then set ALPINE_SHA256 to the sum Alpine publishes for it)'
}

main "$@" </dev/null
