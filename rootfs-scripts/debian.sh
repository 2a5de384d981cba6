#!/bin/sh
# Makes a minimal Debian, with apt in it, from a Debian mirror.
#
# Usage: debian.sh [--force] [TARGET] [SUITE]
# Needs: the network, and debootstrap or mmdebstrap. Root, or a user who may make user namespaces and has subordinate
#        ids (uidmap, /etc/subuid, and util-linux 2.38 or newer for debootstrap).
set -eu
me=debian.sh
. "$(dirname -- "$0")/shared.sh"

usage() {
    cat <<'END'
Makes a minimal Debian, with apt in it, from a Debian mirror.

Usage: debian.sh [--force] [TARGET] [SUITE]

  TARGET         the directory to make; by default rootfs/debian below $BOXWRIGHT_HOME,
                 or below /var/lib/boxwright for root,
                 or below ${XDG_DATA_HOME:-~/.local/share}/boxwright for everybody else
  SUITE          the release, such as trixie; by default the one this machine runs, or stable
  --force        replace a TARGET that this script made before
  DEBIAN_MIRROR  in the environment: the mirror; by default the one apt uses here, or http://deb.debian.org/debian

Needs the network, and debootstrap or mmdebstrap. Takes a minute or more.
Needs no root: an ordinary user needs subordinate ids, and all the files belong to that user in the end.
The last line on standard output is the path made.
END
}

main() {
    read_arguments 2 "$@"
    # An ordinary user's PATH may lack the folder debootstrap lives in.
    PATH=$PATH:/usr/sbin:/sbin
    builder=''
    find_suite
    find_mirror
    find_way
    open_target "$first" rootfs/debian

    say "Debian $suite from $mirror, by $way"
    mkfifo "$work/progress"
    "build_by_$way" >"$work/progress" 2>&1 &
    builder=$!
    follow <"$work/progress"
    wait "$builder" || show_failure
    builder=''
    [ "$way" != mmdebstrap ] || unpack <"$work/debian.tar" || fail "cannot unpack what $way made"
    forget_host
    # In a box with one user, apt cannot become the user it downloads as.
    [ "$(id -u)" = 0 ] || echo 'APT::Sandbox::User "root";' >"$tree/etc/apt/apt.conf.d/99boxwright"

    say "Debian $(cat "$tree/etc/debian_version"), $(size)"
    close_target
}

find_suite() {
    suite=$second
    [ -n "$suite" ] || suite=$(release_of_host VERSION_CODENAME)
    case ${suite:=stable} in
        *[!a-z0-9-]*) misuse "$suite is not the name of a Debian release" ;;
    esac
}

# release_of_host FIELD: from os-release, if this is a Debian.
release_of_host() {
    [ -r /etc/os-release ] || return 0
    (
        ID=''
        # shellcheck disable=SC1091 # the host's
        . /etc/os-release
        [ "$ID" != debian ] || eval "printf %s \"\${$1:-}\""
    )
}

# The mirror apt uses here, if it is a plain one. An address with a password in it is not handed on.
find_mirror() {
    mirror=${DEBIAN_MIRROR:-}
    if [ -z "$mirror" ] && [ -n "$(release_of_host ID)" ]; then
        mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
            sed -n -e 's/^deb  *\(\[[^]]*]  *\)\{0,1\}\([^ ]*\) .*/\2/p' -e 's/^URIs: *\([^ ]*\).*/\1/p' |
            grep '^https\{0,1\}://[^@]*/debian/*$' | head -n 1) || mirror=''
    fi
    mirror=${mirror:-http://deb.debian.org/debian}
}

# Sets way, and namespaces to the options of unshare.
#
# Root has every right debootstrap wants; its mounts still go into namespaces of their own, so that they end with it. An
# ordinary user borrows those rights in a user namespace, one with many users in it, because dpkg gives files to
# several. mmdebstrap makes such a namespace itself.
find_way() {
    # In a namespace of its own, the builder is init, and hears nothing but KILL.
    namespaces='--mount --pid --fork --kill-child' stop=KILL
    if [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then
        way=debootstrap
    elif command -v mmdebstrap >/dev/null; then
        way=mmdebstrap stop=TERM
    elif command -v debootstrap >/dev/null; then
        way=debootstrap
        namespaces="--user --map-root-user --map-auto $namespaces"
        try_namespaces
    else
        fail 'neither debootstrap nor mmdebstrap is here' 'install one: sudo apt install debootstrap uidmap'
    fi
}

in_namespaces() {
    # shellcheck disable=SC2086 # options
    unshare $namespaces "$@"
}

# The whole chain is tried: some systems let the namespace be made, and refuse the next step.
try_namespaces() {
    reason=$(in_namespaces mount -t tmpfs none /mnt 2>&1) && return
    user=$(id -un)
    command -v newuidmap >/dev/null || fail 'newuidmap is missing' 'install it: sudo apt install uidmap'
    grep -q -e "^$user:" -e "^$(id -u):" /etc/subuid 2>/dev/null || fail "$user has no subordinate ids in /etc/subuid" \
        "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $user"
    fail "no user namespace with many users can be made here: ${reason##*: }" \
        'this needs util-linux 2.38 or newer and a system that lets ordinary users make namespaces; or install mmdebstrap'
}

# debootstrap would make devices and then try them. In "lxc" it binds the host's instead, which needs no right that a
# user namespace lacks; what it bound is gone with the namespace, and leaves empty files. It cannot work in a path with
# a space in it either, hence /mnt.
build_by_debootstrap() {
    # shellcheck disable=SC2016,SC2086 # for the inner shell; options
    exec unshare $namespaces sh -c '
        set -eu
        mount --bind "$1" /mnt
        container=lxc debootstrap --variant=minbase --force-check-gpg "$3" /mnt "$4"
        umount -l /mnt/proc /mnt/sys /mnt/dev/* 2>/dev/null || :
        rm -rf /mnt/dev/* /mnt/var/cache/apt/archives/*.deb
        [ "$2" = 0 ] || {
            chown -hR 0:0 /mnt
            chmod -R u+rwX,ug-s /mnt
        }
    ' sh "$tree" "$(id -u)" "$suite" "$mirror"
}

# A tar and not a directory, because unpacking it makes all the files the user's.
build_by_mmdebstrap() {
    TMPDIR=$work exec mmdebstrap --variant=minbase --format=tar "$suite" "$work/debian.tar" "$mirror"
}

# follow: shows the last line of what is being done, and keeps them all.
follow() {
    while IFS= read -r line; do
        step "$line"
        printf '%s\n' "$line" >>"$work/log"
    done
}

show_failure() {
    builder=''
    cat "$work/log" "$tree/debootstrap/debootstrap.log" 2>/dev/null | grep -v '^I: ' | tail -n 5 | sed "s/^/$me:   /" >&2
    fail "$way did not make Debian $suite" \
        "see whether the mirror can be reached and has that release: $mirror/dists/$suite/Release"
}

# Ends what is still being done, and removes what it made. Until the end, some of that belongs to other ids, and then only
# the namespace they are from may remove it.
remove() {
    if [ -n "$builder" ]; then
        kill -s "$stop" "$builder" 2>/dev/null || :
        wait "$builder" 2>/dev/null || :
        builder=''
    fi
    rm -rf -- "$1" 2>/dev/null || in_namespaces rm -rf -- "$1"
}

main "$@" </dev/null
