#!/bin/sh
# What every script here does around its one job: read the arguments, check TARGET, build beside it, move it into place.
#
# Usage: . shared.sh, after setting me to the script's name and defining usage.
# Needs: a POSIX shell, mkdir, chmod, mv, rm, id.
#
# host.sh must work alone, so it carries the part between the two lines "shared: …" below; test.sh compares the copies.
set -eu
: "${me:?}"

# shared: begin

# A progress line on stderr. On a terminal it takes the place of the step before it.
say() {
    printf '%s%s: %s\n' "$clear" "$me" "$1" >&2
}

# What is being done now: one line that is overwritten on a terminal, nothing in a pipe.
step() {
    [ -z "$clear" ] || printf '%s%s: %.66s' "$clear" "$me" "$1" >&2
}

# fail WHAT [HINT]: says what was wrong and what to do, and ends.
fail() {
    say "$1"
    [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

# Like fail, for a command line that cannot be understood.
misuse() {
    say "$1"
    printf 'hint: --help shows what %s takes\n' "$me" >&2
    exit 2
}

# read_arguments MOST ARGUMENT…: sets force, and first and second to at most MOST positional arguments.
read_arguments() {
    clear='' force=no first='' second='' work='' newline='
'
    [ ! -t 2 ] || clear=$(printf '\r\033[K')
    # What other programs say is read here, and must be said in English; their settings must not change what they do.
    export LC_ALL=C
    unset TAR_OPTIONS GREP_OPTIONS POSIXLY_CORRECT
    most=$1 given=0
    shift
    for argument in "$@"; do
        case $argument in
            -h | --help) usage && exit 0 ;;
            -f | --force) force=yes && continue ;;
            -*) misuse "unknown option $argument" ;;
            '') misuse 'an argument is empty: is a variable unset?' ;;
            *"$newline"*) misuse 'an argument has a line break in it' ;;
        esac
        given=$((given + 1))
        # shellcheck disable=SC2034 # each script takes the arguments it has
        case $given in
            1) first=$argument ;;
            2) second=$argument ;;
        esac
    done
    [ "$given" -le "$most" ] || misuse "expected at most $most arguments, got $given"
}

# Sets store, the folder that holds what these scripts make when no TARGET is named.
find_store() {
    if [ -n "${BOXWRIGHT_HOME:-}" ]; then
        store=$BOXWRIGHT_HOME
    elif [ "$(id -u)" = 0 ]; then
        store=/var/lib/boxwright
    elif [ -n "${XDG_DATA_HOME:-}" ]; then
        store=$XDG_DATA_HOME/boxwright
    elif [ -n "${HOME:-}" ]; then
        store=$HOME/.local/share/boxwright
    else
        fail 'HOME is not set, so there is no default folder' "name a target: $me TARGET"
    fi
}

# open_target TARGET DEFAULT: sets target (absolute), work (a folder beside it) and tree (what is built, inside work).
#
# The tree is built beside the target because a rename is atomic only within one file system: whoever looks at the
# target sees a whole tree or none.
open_target() {
    target=$1
    if [ -z "$target" ]; then
        find_store
        target=$store/$2
        if [ "$force" = no ] && [ -e "$target/.boxwright" ]; then
            # Nobody asked for a new one, and this one is whole.
            printf '%s\n' "$target"
            exit
        fi
    fi
    while [ "$target" != "${target%/}" ]; do target=${target%/}; done
    case ${target##*/} in
        '' | . | ..) fail "the target $1 does not end in a name" "name a new directory, for example: $me /tmp/box-root" ;;
    esac
    case $target in
        /*) ;;
        *) target=./$target ;;
    esac
    folder=${target%/*}/
    reason=$(mkdir -p -- "$folder" 2>&1) ||
        fail "cannot make the folder $folder: ${reason##*: }" 'choose a target below a folder you may write to'
    parent=$(CDPATH='' cd -- "$folder" 2>/dev/null && pwd -P) ||
        fail "cannot enter the folder $folder" 'choose a target below a folder you may write to'
    target=${parent%/}/${target##*/}
    check_target

    umask 022
    trap close_work EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    work=$target.tmp.$$ tree=$target.tmp.$$/tree
    reason=$(mkdir -- "$work" 2>&1) || {
        work=''
        fail "cannot make $target.tmp.$$: ${reason##*: }" 'choose a target below a folder you may write to'
    }
    mkdir -- "$tree"
    say "building $target"
}

# Refuses a target that is taken. With --force, takes only what one of these scripts made, or an empty folder, and only
# if nothing is mounted in it: removing a tree removes what is mounted in it too.
check_target() {
    [ -e "$target" ] || [ -h "$target" ] || return 0
    if [ -h "$target" ] || [ ! -d "$target" ]; then
        fail "$target already exists and is not a directory" 'name a directory that does not exist yet'
    elif [ ! -e "$target/.boxwright" ] && [ -n "$(ls -A -- "$target" 2>&1)" ]; then
        fail "$target already exists and was not made by one of these scripts" 'name a directory that does not exist yet'
    elif [ "$force" = no ]; then
        fail "$target already exists" "add --force to replace it, or remove it first: rm -rf '$target'"
    fi
    [ -r /proc/self/mountinfo ] || return 0
    while read -r _ _ _ _ mounted _; do
        case $mounted in *\\*) mounted=$(printf '%b' "$mounted") ;; esac
        case $mounted/ in
            "$target"/*) fail "something is mounted on $mounted" "leave the boxes that use it, or: umount '$mounted'" ;;
        esac
    done </proc/self/mountinfo
}

# Moves the finished tree to the target and prints its path, which is what the caller reads.
close_target() {
    printf 'Made by %s of Boxwright; --force of the same script may replace it.\n' "$me" >"$tree/.boxwright"
    if [ -e "$target" ]; then
        [ "$force" = yes ] || lose_race
        reason=$(mv -- "$target" "$work/old" 2>&1) ||
            fail "cannot move the old $target aside: ${reason##*: }" 'whose is it? remove it yourself, or choose another target'
    fi
    mv -- "$tree" "$target" || fail "cannot move what was made to $target" 'choose another target'
    # A rename would say so itself; mv has put ours inside theirs.
    if [ -d "$target/tree" ]; then
        remove "$target/tree"
        lose_race
    fi
    close_work
    trap - EXIT
    printf '%s\n' "$target"
}

lose_race() {
    fail "$target was made by somebody else in the meantime" 'use that one, or run this again with --force'
}

# Takes the working folder away, however the script ends. An old tree moved aside goes back if no new one took its place.
close_work() {
    [ -n "$work" ] || return 0
    if [ -d "$work/old" ] && [ ! -e "$target" ]; then mv -- "$work/old" "$target"; fi
    remove "$work"
}

# rm cannot empty a folder its owner may not write to, and images have such folders.
remove() {
    rm -rf -- "$1" 2>/dev/null || {
        chmod -R u+rwX -- "$1"
        rm -rf -- "$1"
    }
}

# The folders and the few files of /etc that a root file system needs.
#
# /etc/hosts, /etc/resolv.conf and /etc/hostname are missing on purpose: they belong to one box, not to the image that
# many boxes share, so the runtime brings them in its init layer.
furnish() {
    for folder in dev etc home mnt proc root run sys tmp var var/tmp; do
        [ -d "$tree/$folder" ] || mkdir "$tree/$folder"
    done
    chmod 1777 "$tree/tmp" "$tree/var/tmp"
    chmod 700 "$tree/root"

    shell=/bin/sh
    [ ! -e "$tree/bin/bash" ] || shell=/bin/bash
    printf '%s\n' "root:x:0:0:root:/root:$shell" 'nobody:x:65534:65534:nobody:/:/bin/false' >"$tree/etc/passwd"
    printf '%s\n' 'root:x:0:' 'tty:x:5:' 'nogroup:x:65534:' >"$tree/etc/group"
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >"$tree/etc/nsswitch.conf"
    cat >"$tree/etc/profile" <<'END'
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The host name is in the prompt, so that you see in which box you are.
if [ -n "${BASH_VERSION:-}" ]; then
    PS1='\u@\h:\w\$ '
else
    PS1="$(hostname 2>/dev/null || echo box):\$PWD# "
fi
END
    echo '. /etc/profile' >"$tree/root/.bashrc"
    describe >"$tree/etc/os-release"
}

# The host's os-release with its ID kept, and a line that says what this really is.
describe() {
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
            VARIANT=* | VARIANT_ID=*) ;;
            *) printf '%s\n' "$line" ;;
        esac
    done <"$(release_file)"
    printf 'VARIANT="root file system made by Boxwright from the programs of this system"\nVARIANT_ID=boxwright\n'
}

release_file() {
    for file in /etc/os-release /usr/lib/os-release; do
        [ ! -r "$file" ] || { echo "$file" && return; }
    done
    printf 'ID=linux\nNAME=Linux\nPRETTY_NAME=Linux\n' >"$work/os-release"
    echo "$work/os-release"
}

# The size of the tree, for a person.
size() {
    kib=$(du -sk -- "$tree") kib=${kib%%[!0-9]*}
    if [ "$kib" -lt 1024 ]; then echo "$kib kB"; else echo "$(((kib + 512) / 1024)) MB"; fi
}

# shared: end

# unpack [OPTION…]: unpacks the tar on standard input into the tree, without what lies in /dev: devices belong to the
# box, and only root may make them. An ordinary user then owns every file, without setuid bits, and may write to each.
unpack() {
    case $(tar --version 2>&1) in
        *'GNU tar'*) set -- "$@" --anchored --exclude='./dev/?*' --exclude='dev/?*' ;;
    esac
    tar -x -p -f - --numeric-owner -C "$tree" "$@" || return
    rm -rf -- "${tree:?}/dev"
    mkdir "$tree/dev"
    [ "$(id -u)" = 0 ] || chmod -R u+rwX,ug-s -- "$tree"
}

# What is true of one machine or one box, and must not be in an image.
forget_host() {
    rm -f -- "$tree/etc/hosts" "$tree/etc/resolv.conf" "$tree/etc/hostname" "$tree/.dockerenv" "$tree/run/.containerenv"
}
