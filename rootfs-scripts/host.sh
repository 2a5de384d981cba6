#!/bin/sh
# Makes a root file system from this machine's own programs: a shell, the everyday tools, and the libraries they need.
#
# Usage: host.sh [--force] [TARGET]
# Needs: a POSIX shell, cp, mkdir, mv, rm, ln, ls, chmod, readlink, stat, tr, du, id, uname, and ldd if there is one.
#        No network, no root.
#
# The script may be read from standard input (sh -s -- TARGET <host.sh), so it depends on nothing beside it and never
# reads its own standard input. It has each program loaded, though not run, to learn which libraries it needs: that is
# right for the host's own programs, and wrong for programs you do not trust.
set -eu
me=host.sh

usage() {
    cat <<'END'
Makes a root file system from this machine's own programs and the libraries they need.

Usage: host.sh [--force] [TARGET]

  TARGET    the directory to make; by default rootfs/host below $BOXWRIGHT_HOME,
            or below /var/lib/boxwright for root,
            or below ${XDG_DATA_HOME:-~/.local/share}/boxwright for everybody else
  --force   replace a TARGET that this script made before

Needs no network and no root. The last line on standard output is the path made.
END
}

# Copied if the host has it; what it lacks is counted.
programs='
    busybox toybox coreutils sh dash bash
    [ arch b2sum base32 base64 basename cat chgrp chmod chown chroot cksum comm cp cut date dd df dir dircolors dirname du
    echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo
    mknod mktemp mv nice nl nohup nproc numfmt od paste pr printenv printf pwd readlink realpath rm rmdir seq sha1sum
    sha256sum sha512sum shred shuf sleep sort split stat stty sum sync tac tail tee test timeout touch tr true truncate
    tty uname unexpand uniq unlink uptime users wc who whoami yes
    free kill pgrep pidof pkill pmap ps pstree pwdx sysctl top vmstat w watch
    awk cmp diff egrep fgrep find grep less more sed vi which xargs
    bzip2 gunzip gzip tar unxz unzstd xz zcat zstd
    column dmesg fallocate findmnt flock getopt hexdump ionice ipcmk ipcrm ipcs losetup lsblk lscpu lsipc lsns mount
    mountpoint namei nsenter pivot_root prlimit renice rev script setarch setpriv setsid switch_root taskset umount
    unshare uuidgen
    bridge hostname ip nc ping ss
    capsh chattr clear file getcap getent getfacl getfattr getpcaps lsattr reset setcap setfacl setfattr strace tput
'
# Terminals a person is likely to sit at, and the one this is run from.
terminals="dumb linux screen screen-256color tmux tmux-256color vt100 xterm xterm-256color ${TERM:-dumb}"

# A program that needs more libraries than this is a desktop program under an everyday name: vi may be gvim.
most_libraries=30

main() {
    read_arguments 1 "$@"
    open_target "$first" rootfs/host
    # The host's own libraries are wanted, not those of one terminal. No name below is a pattern: one is [.
    unset LD_LIBRARY_PATH LD_PRELOAD LD_AUDIT LD_DEBUG
    set -f

    step 'looking for the programs'
    find_programs
    step 'asking the loader which libraries they need'
    find_libraries
    step 'copying'
    lay_out
    copy_programs
    copy_interpreters
    copy_libraries
    copy_terminals
    furnish
    copy_data
    check_tree

    say "$copied programs ($missing the host lacks, $unfit left out), $libraries_copied libraries, $(size)"
    close_target
}

# Sets files (lines of source, tab, place in the tree) and aliases (lines of place, tab, place of the file).
find_programs() {
    missing=0 tab='	'
    # shellcheck disable=SC2086 # the list is to be split
    set -- $programs
    IFS=$newline
    find_folders
    found=''
    for name in "$@"; do
        if look_for "$name"; then found=$found$path$newline; else missing=$((missing + 1)); fi
    done
    look_for sh || fail 'this machine has no sh that could be copied' 'use busybox.sh or alpine.sh instead'

    # shellcheck disable=SC2086 # one path a line, and IFS is a line break
    set -- $found
    inodes=$(stat -L -c %d:%i "$@" 2>/dev/null) || inodes=$found
    # Links come second, so that sh is a link to dash, as on the host, and not the other way round.
    files='' aliases='' held=$newline
    hold_each files "$@"
    hold_each links "$@"
}

# hold_each files|links PATH…: notes those of the paths.
hold_each() {
    kind=$1
    shift
    for inode in $inodes; do
        if [ -h "$1" ]; then is=links; else is=files; fi
        [ "$is" != "$kind" ] || hold "$inode" "$1"
        shift
    done
}

# hold INODE PATH: notes that the program goes into the tree, as a link if a program of the same inode is already going.
#
# So awk becomes the mawk behind /etc/alternatives, and a busybox with a hundred names, links or hard links, comes once.
hold() {
    place "$2"
    if contains "$held" "$newline$1$tab"; then
        first_place=${held#*"$newline$1$tab"}
        aliases=$aliases$placed$tab${first_place%%"$newline"*}$newline
    else
        held=$held$1$tab$placed$newline
        files=$files$2$tab$placed$newline
    fi
}

# Sets folders: where programs are looked for, the system's own first. A folder that is a link to another of them
# (/bin on a merged system) is passed over, so that each program has one path.
find_folders() {
    folders=$newline
    for folder in /usr/bin /bin /usr/sbin /sbin $(printf %s "$PATH" | tr : '\n'); do
        case $folder in
            /bin | /sbin | /usr/sbin) [ ! -h "$folder" ] || continue ;;
            /*) ;;
            *) continue ;;
        esac
        contains "$folders" "$newline$folder$newline" || folders=$folders$folder$newline
    done
}

# look_for NAME: sets path to the program of that name, or fails.
look_for() {
    for folder in $folders; do
        path=$folder/$1
        if [ -f "$path" ] && [ -x "$path" ] && [ -r "$path" ]; then return 0; fi
    done
    return 1
}

# place PATH: sets placed, its path in the tree: its own in a system folder, otherwise in /usr/bin.
place() {
    case ${1%/*} in
        /bin | /sbin | /usr/bin | /usr/sbin) placed=$1 ;;
        *) placed=/usr/bin/${1##*/} ;;
    esac
}

contains() {
    case $1 in
        *"$2"*) ;;
        *) return 1 ;;
    esac
}

# Sets libraries, scripts and skipped: one path a line.
find_libraries() {
    libraries=$newline scripts='' skipped=$newline unfit=0
    find_loader
    set --
    for file in $files; do set -- "$@" "${file%%"$tab"*}"; done
    find_libraries_of "$@"
}

# Asks the loader; and ldd about what the loader knows nothing of: static programs, and those of another loader.
find_libraries_of() {
    read_libraries "$(ask_loader "$@")"
    set --
    for file in $unanswered; do
        IFS= read -r line <"$file" || line=''
        case $line in
            '#!'*) scripts=$scripts$file$newline ;;
            *) set -- "$@" "$file" ;;
        esac
    done
    [ $# -eq 0 ] || read_libraries "$(ask_ldd "$@")"
}

# Sets loader to that of sh, or to one that is installed, or to nothing: then no program here is dynamic.
find_loader() {
    loader=''
    look_for sh
    for line in $(ldd "$path" 2>/dev/null); do
        case $line in
            "$tab"/*/ld*.so*' (0x'*) loader=${line#"$tab"} loader=${loader% (0x*} ;;
        esac
    done
    [ -z "$loader" ] || return 0
    set +f
    for file in /lib/ld-musl-*.so.1 /lib64/ld-linux-*.so.* /lib/ld-linux*.so.*; do
        [ ! -x "$file" ] || loader=$file
    done
    set -f
}

# What ldd does too, but ldd is a shell script that starts itself and the loader several times for each file.
ask_loader() {
    for file in "$@"; do
        printf '%s:\n' "$file"
        [ -z "$loader" ] || "$loader" --list "$file" 2>&1 || :
    done
}

# glibc's ldd takes many files and names each, unless there is one. musl's takes one.
ask_ldd() {
    command -v ldd >/dev/null || return 0
    case $#$(ldd --version 2>&1) in
        1[!0-9]* | *musl*)
            for file in "$@"; do
                printf '%s:\n' "$file"
                ldd "$file" 2>&1 || :
            done
            ;;
        *) ldd "$@" 2>&1 || : ;;
    esac
}

# read_libraries ANSWER: reads what was said about each file.
#
#     /usr/bin/ls:
#         linux-vdso.so.1 (0x…)                                  the kernel's own, in no file
#         libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)
#         /lib64/ld-linux-x86-64.so.2 (0x…)                      the loader
read_libraries() {
    program='' needed='' needs=0 broken=no unanswered=''
    while IFS= read -r line; do
        case $line in
            /*:) next_program "${line%:}" ;;
            *'not found'* | *'Error loading shared library'*) broken=yes ;;
            *' => '*' (0x'*)
                asked=${line%% => *} answer=${line#* => }
                need "${asked#"$tab"}"
                need "${answer% (0x*}"
                ;;
            "$tab"/*' (0x'*)
                answer=${line#"$tab"}
                need "${answer% (0x*}"
                ;;
        esac
    done <<END
$1
END
    next_program ''
}

# need FILE: the program being read needs it. Names without a folder are not files: linux-vdso.so.1, libc.so.6.
need() {
    case $1 in
        /*) needed=$needed$1$newline needs=$((needs + 1)) ;;
    esac
}

# The loader has said all about one program: keeps or skips it, and goes on with the next.
next_program() {
    if [ -z "$program" ]; then
        :
    elif [ "$broken" = yes ] || [ "$needs" -gt "$most_libraries" ]; then
        skipped=$skipped$program$newline unfit=$((unfit + 1))
    elif [ "$needs" = 0 ]; then
        unanswered=$unanswered$program$newline
    else
        for library in $needed; do add_library "$library"; done
    fi
    program=$1 needed='' needs=0 broken=no
}

add_library() {
    contains "$libraries" "$newline$1$newline" || libraries=$libraries$1$newline
}

# The folders, with links where the host has them: on a merged system /lib64 must lead to usr/lib64, because the path of
# the loader is written into every program.
lay_out() {
    mkdir -p "$tree/usr" "$tree/etc"
    for folder in /usr/bin /usr/lib /usr/sbin /usr/lib32 /usr/lib64 /bin /lib /sbin /lib32 /lib64; do
        if [ -h "$folder" ]; then
            to=$(readlink "$folder")
            case $folder$to in
                /usr/*//*) to=..$to ;;
                *//*) to=${to#/} ;;
            esac
            ln -s "$to" "$tree$folder"
            (cd "$tree${folder%/*}" && mkdir -p "$to")
        elif [ -d "$folder" ]; then
            mkdir -p "$tree$folder"
        fi
    done
    for folder in /bin /sbin /usr/bin /usr/sbin; do [ -d "$tree$folder" ] || mkdir "$tree$folder"; done
}

# copy FILE… PLACE: the content of the files; their owner, capabilities and times stay behind.
copy() {
    # shellcheck disable=SC2086 # an option or nothing
    reason=$(cp $reflink -L "$@" 2>&1) ||
        fail "cannot copy into $work: ${reason##*: }" "see whether the disk is full: df -h '$parent'"
}

copy_programs() {
    copied=0 reflink=''
    if cp --reflink=auto /dev/null "$work/empty" 2>/dev/null; then reflink=--reflink=auto; fi
    for folder in /bin /sbin /usr/bin /usr/sbin; do
        set --
        for file in $files; do
            source=${file%%"$tab"*} placed=${file#*"$tab"}
            if [ "${placed%/*}" = "$folder" ] && ! contains "$skipped" "$newline$source$newline"; then
                set -- "$@" "$source"
            fi
        done
        copied=$((copied + $#))
        [ $# -eq 0 ] || copy "$@" "$tree$folder/"
    done
    # busybox's cp keeps the setuid bits of mount and the like: in your hands they would make the program yours.
    chmod -R ug-s "$tree"
    for alias in $aliases; do
        [ ! -e "$tree${alias#*"$tab"}" ] || link "${alias#*"$tab"}" "${alias%%"$tab"*}"
    done
    for name in sh bash; do
        if [ ! -e "$tree/bin/$name" ] && [ -e "$tree/usr/bin/$name" ]; then link "/usr/bin/$name" "/bin/$name"; fi
    done
}

# link FILE PLACE: a link at PLACE to FILE, both paths in the tree. Relative, so that it leads nowhere else when it is
# read from outside the box.
link() {
    text=${1##*/}
    if [ "${1%/*}" != "${2%/*}" ]; then
        text=${1#/} up=${2%/*}
        while [ -n "$up" ]; do text=../$text up=${up%/*}; done
    fi
    ln -s "$text" "$tree$2"
    copied=$((copied + 1))
}

# A script needs the program its first line names, at that path.
copy_interpreters() {
    for script in $scripts; do
        IFS= read -r line <"$script" || continue
        case $line in '#!'*) ;; *) continue ;; esac
        interpreter=${line#??}
        interpreter=${interpreter#"${interpreter%%[! "$tab"]*}"}
        rest=${interpreter#*[ "$tab"]}
        interpreter=${interpreter%%[ "$tab"]*}
        copy_interpreter "$interpreter"
        # #!/usr/bin/env NAME
        if [ "${interpreter##*/}" = env ] && look_for "${rest%%[ "$tab"]*}"; then copy_interpreter "$path"; fi
    done
}

copy_interpreter() {
    if [ -e "$tree$1" ] || [ ! -f "$1" ]; then return 0; fi
    mkdir -p "$tree${1%/*}"
    copy "$1" "$tree$1"
    find_libraries_of "$1"
    copied=$((copied + 1))
}

copy_libraries() {
    add_name_services
    libraries_copied=0 seen=$newline
    for library in $libraries; do
        folder=${library%/*}
        if contains "$seen" "$newline$folder$newline"; then continue; fi
        seen=$seen$folder$newline
        set --
        for other in $libraries; do
            [ "${other%/*}" != "$folder" ] || set -- "$@" "$other"
        done
        mkdir -p "$tree$folder"
        copy "$@" "$tree$folder/"
        libraries_copied=$((libraries_copied + $#))
    done
}

# What glibc loads while a program runs, so that ldd does not know of it: name services, and the unwinder of threads.
add_name_services() {
    for library in $libraries; do
        case $library in
            */libc.so.6)
                for name in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2 libgcc_s.so.1; do
                    [ ! -e "${library%/*}/$name" ] || add_library "${library%/*}/$name"
                done
                ;;
        esac
    done
}

copy_terminals() {
    IFS=" $newline"
    for name in $terminals; do
        case $name in */*) continue ;; esac
        for folder in /etc/terminfo /lib/terminfo /usr/share/terminfo; do
            file=$folder/${name%"${name#?}"}/$name
            [ -r "$file" ] || continue
            [ -d "$tree${file%/*}" ] || mkdir -p "$tree${file%/*}"
            copy "$file" "$tree$file"
            break
        done
    done
    IFS=$newline
}

# Files that programs read: the UTF-8 locale, the time zone, where the loader finds libraries, the settings of vi.
copy_data() {
    if [ -d /usr/lib/locale/C.utf8 ]; then
        mkdir -p "$tree/usr/lib/locale"
        copy -R /usr/lib/locale/C.utf8 "$tree/usr/lib/locale/"
        echo 'export LANG=C.UTF-8' >>"$tree/etc/profile"
    fi
    for file in /etc/localtime /etc/ld.so.cache "/etc/ld-musl-$(uname -m).path"; do
        [ ! -r "$file" ] || copy "$file" "$tree$file"
    done
    # Without settings of yours, vim looks for its own, which are not here, and complains.
    echo '" Your settings for vi.' >"$tree/root/.exrc"
}

check_tree() {
    [ -e "$tree/bin/sh" ] || fail 'sh is not among the programs copied' 'use busybox.sh or alpine.sh instead'
    "$tree/bin/sh" -c : 2>/dev/null ||
        fail "programs cannot be run from $parent: is it mounted noexec?" 'choose a target on another file system'
}

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

main "$@" </dev/null
