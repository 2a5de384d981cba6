#!/bin/sh
# Makes the smallest root file system worth entering: one static busybox and a link for each thing it can do.
#
# Usage: busybox.sh [--force] [TARGET]
# Needs: a statically linked busybox. No network, no root.
set -eu
me=busybox.sh
. "$(dirname -- "$0")/shared.sh"

usage() {
    cat <<'END'
Makes a root file system from a static busybox: the program, and a link for each thing it can do.

Usage: busybox.sh [--force] [TARGET]

  TARGET    the directory to make; by default rootfs/busybox below $BOXWRIGHT_HOME,
            or below /var/lib/boxwright for root,
            or below ${XDG_DATA_HOME:-~/.local/share}/boxwright for everybody else
  --force   replace a TARGET that this script made before
  BUSYBOX   in the environment: the busybox to use

Needs no network and no root. The last line on standard output is the path made.
END
}

main() {
    read_arguments 1 "$@"
    find_busybox
    open_target "$first" rootfs/busybox

    step "copying $busybox"
    mkdir "$tree/bin"
    cp -L -- "$busybox" "$tree/bin/busybox" || fail "cannot copy $busybox" "see whether the disk is full: df -h '$parent'"
    chmod 755 "$tree/bin/busybox"
    step 'making the links'
    link_applets
    furnish

    say "$busybox with $applets applets, $(size)"
    close_target
}

# Sets busybox to the first that is static: in a box there is no library it could load.
find_busybox() {
    dynamic=''
    for busybox in ${BUSYBOX:+"$BUSYBOX"} busybox-static busybox.static busybox /bin/busybox /sbin/busybox; do
        busybox=$(command -v -- "$busybox") || continue
        # A shell that is itself busybox may answer with the bare name.
        case $busybox in
            */*) ;;
            *) continue ;;
        esac
        if is_static "$busybox"; then return; fi
        dynamic=$busybox
        [ -z "${BUSYBOX:-}" ] || break
    done
    package='apt install busybox-static (Debian, Ubuntu), apk add busybox-static (Alpine), dnf install busybox (Fedora)'
    [ -z "$dynamic" ] || fail "$dynamic needs libraries, and a box made of it would have none" "install a static one: $package"
    fail 'there is no busybox on this machine' "install a static one: $package"
}

is_static() {
    command -v ldd >/dev/null || return 0
    case $(ldd "$1" 2>&1) in
        *' (0x'*) return 1 ;;
    esac
}

# Sets applets to their number. busybox knows where each belongs, if it was built to tell.
link_applets() {
    list=$("$busybox" --list-full 2>/dev/null) || list=$("$busybox" --list) || fail "$busybox does not list its applets"
    applets=0
    while read -r applet; do
        case $applet in
            busybox | */busybox) continue ;;
            bin/* | sbin/* | usr/bin/* | usr/sbin/*) ;;
            *) applet=bin/${applet##*/} ;;
        esac
        case $applet in
            bin/*) to=busybox ;;
            sbin/*) to=../bin/busybox ;;
            *) to=../../bin/busybox ;;
        esac
        [ -d "$tree/${applet%/*}" ] || mkdir -p "$tree/${applet%/*}"
        ln -s "$to" "$tree/$applet"
        applets=$((applets + 1))
    done <<END
$list
END
    [ -e "$tree/bin/sh" ] || fail "$busybox has no shell in it" 'use another busybox: BUSYBOX=PATH'
}

main "$@" </dev/null
