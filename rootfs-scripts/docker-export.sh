#!/bin/sh
# Makes a root file system from an image of the docker or podman on this machine.
#
# Usage: docker-export.sh [--force] IMAGE [TARGET]
# Needs: docker or podman (and what it needs), tar. The network only if the image is not here yet. No root of its own.
set -eu
me=docker-export.sh
. "$(dirname -- "$0")/shared.sh"

usage() {
    cat <<'END'
Makes a root file system from an image: creates a container of it, exports its files, and removes it again.

Usage: docker-export.sh [--force] IMAGE [TARGET]

  IMAGE     the image, as docker or podman name it
  TARGET    the directory to make; by default rootfs/IMAGE below $BOXWRIGHT_HOME,
            or below /var/lib/boxwright for root,
            or below ${XDG_DATA_HOME:-~/.local/share}/boxwright for everybody else
  --force   replace a TARGET that this script made before
  DOCKER    in the environment: the command to use, such as "sudo docker"; otherwise docker, then podman

Needs no root of its own, and no network if the image is already here: otherwise docker or podman pulls it.
The last line on standard output is the path made.
END
}

main() {
    read_arguments 2 "$@"
    image=$first container=''
    [ -n "$image" ] || misuse 'no IMAGE is named'
    find_engine
    open_target "$second" "rootfs/$(printf %s "$image" | tr '/:@' '---')"
    trap 'remove_container; close_work' EXIT

    step "creating a container of $image"
    # The command is never run. An image that has none of its own could not be created without it. Some versions print
    # progress too, so the name is the last line.
    # shellcheck disable=SC2086 # DOCKER may be a command with arguments
    container=$($engine create "$image" /bin/sh) ||
        fail "$engine cannot make a container of $image" "see which images are here: $engine images"
    container=${container##*"$newline"}
    step 'unpacking'
    unpacked=yes
    export_container | unpack || unpacked=no
    [ ! -e "$work/failed" ] || fail "$engine cannot export the container of $image" "see whether it works at all: $engine info"
    [ "$unpacked" = yes ] || fail "cannot unpack $image" "see whether the disk is full: df -h '$parent'"
    remove_container
    forget_host

    say "$image, $(size)"
    close_target
}

find_engine() {
    engine=${DOCKER:-}
    [ -z "$engine" ] || return 0
    for engine in docker podman; do
        if command -v "$engine" >/dev/null; then return; fi
    done
    fail 'neither docker nor podman is here' 'install one, or set DOCKER to the command'
}

# A pipe forgets how its first command ended.
export_container() {
    # shellcheck disable=SC2086
    $engine export "$container" || : >"$work/failed"
}

remove_container() {
    [ -n "$container" ] || return 0
    # shellcheck disable=SC2086
    $engine rm "$container" >/dev/null || say "the container $container is left over: $engine rm $container"
    container=''
}

main "$@" </dev/null
