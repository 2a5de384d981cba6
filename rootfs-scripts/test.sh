#!/bin/sh
# Tests what the scripts in this folder promise, as far as that can be done here without a network.
#
# Usage: test.sh [SHELL…]     for example: test.sh dash 'busybox ash'; by default, all the shells that are here
# Needs: what the scripts need. Entering a root needs root, or a user who may make user namespaces.
#
# Prints ok, skip or FAIL and the claim on each line, and ends with 1 if one failed. A claim is a function below: it
# fails with the first command that does, and skips by calling skip.
# shellcheck disable=SC2016 # many lines in single quotes are for a shell inside a root
set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/box wright.XXXXXX")
trap 'rm -rf -- "$scratch"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
export BOXWRIGHT_HOME="$scratch/home"
failures=0

# claim NAME: the name is both the sentence and the function.
claim() {
    sentence=$(printf %s "$1" | tr _ ' ')
    mkdir "$scratch/here"
    set +e
    (
        set -e
        cd "$scratch/here"
        "$1"
    ) >"$scratch/output" 2>&1 </dev/null
    status=$?
    set -e
    rm -rf -- "$scratch/here"
    case $status in
        0) echo "ok    $label$sentence" ;;
        77) echo "skip  $label$sentence: $(tail -n 1 "$scratch/output")" ;;
        *)
            echo "FAIL  $label$sentence"
            sed 's/^/      /' "$scratch/output"
            failures=$((failures + 1))
            ;;
    esac
}

skip() {
    echo "$1"
    exit 77
}

# run SCRIPT ARGUMENT…: with the shell under test.
run() {
    ran=$1
    shift
    # shellcheck disable=SC2086 # a command and its argument
    $shell "$here/$ran" "$@"
}

# refuses STATUS WORDS SCRIPT ARGUMENT…: it ends with that status, says those words and prints no path.
refuses() {
    expected=$1 words=$2
    shift 2
    status=0
    run "$@" >stdout 2>stderr || status=$?
    cat stderr
    [ "$status" = "$expected" ]
    grep -q -F -e "$words" stderr
    [ ! -s stdout ]
    rm stdout stderr
}

# enter ROOT COMMAND…
enter() {
    if [ "$(id -u)" = 0 ]; then
        chroot "$@"
    else
        unshare --user --map-root-user true || skip 'no user namespaces for ordinary users here; run this as root'
        unshare --user --map-root-user chroot "$@"
    fi
}

# in_private_mounts COMMAND…: as root, or as root of a user namespace.
in_private_mounts() {
    if [ "$(id -u)" = 0 ]; then set -- --mount "$@"; else set -- --user --map-root-user --mount "$@"; fi
    unshare "$1" true 2>/dev/null || skip 'no namespaces here; run this as root'
    unshare "$@"
}

# Nothing but the target is left beside it.
nothing_else_is_left() {
    [ "$(ls -A)" = "$1" ] || { ls -A && false; }
}

# --- every script ---

every_script_explains_itself() {
    for script in host busybox debian alpine docker-export layers; do
        run "$script.sh" --help | grep -q "^Usage: $script.sh"
    done
}

every_script_refuses_what_it_does_not_understand() {
    for script in host busybox debian alpine docker-export layers; do
        refuses 2 'unknown option --frobnicate' "$script.sh" --frobnicate
        refuses 2 'expected at most' "$script.sh" a b c
        refuses 2 'an argument is empty' "$script.sh" ''
    done
}

every_script_is_clean_in_shellcheck() {
    command -v shellcheck >/dev/null || skip 'shellcheck is not installed'
    (cd "$here" && shellcheck ./*.sh)
}

host_carries_the_shared_part_unchanged() {
    for script in shared host; do sed -n '/^# shared: begin/,/^# shared: end/p' "$here/$script.sh" >"$script"; done
    [ -s shared ]
    cmp shared host
}

# --- host.sh ---

# Made once a shell: most claims only look at it.
make_host() {
    host_root=$scratch/host-root
    run host.sh --force "$host_root" >"$scratch/host-stdout" 2>"$scratch/host-stderr" || cat "$scratch/host-stderr"
}

host_prints_only_the_path() {
    [ "$(cat "$scratch/host-stdout")" = "$host_root" ]
}

host_says_start_and_end_in_a_pipe() {
    [ "$(wc -l <"$scratch/host-stderr")" = 2 ]
    grep -q 'building' "$scratch/host-stderr"
    grep -q 'programs' "$scratch/host-stderr"
}

host_root_has_a_working_shell() {
    [ "$(enter "$host_root" /bin/sh -c 'ls / | head -n 3')" = "$(printf 'bin\ndev\netc')" ]
}

host_root_has_the_libraries_of_every_program() {
    enter "$host_root" /bin/sh -c '
        for loader in /lib/ld-musl-*.so.1 /lib64/ld-linux*.so.* /lib/ld-linux*.so.*; do [ ! -x "$loader" ] || break; done
        [ -x "$loader" ] || exit 0
        for program in /bin/* /sbin/* /usr/bin/* /usr/sbin/*; do
            "$loader" --list "$program" 2>&1 | grep "not found" && echo "in $program" && exit 1
        done
        exit 0'
}

host_root_has_the_interpreter_of_every_script() {
    enter "$host_root" /bin/sh -c '
        for program in /usr/bin/* /usr/sbin/* /bin/* /sbin/*; do
            [ "$(head -c 2 "$program" | tr -d "\000")" = "#!" ] || continue
            IFS=" #!" read -r _ _ interpreter _ <"$program"
            [ -x "$interpreter" ] || { echo "$program wants $interpreter" && exit 1; }
        done'
}

host_root_programs_run() {
    enter "$host_root" /bin/sh -c '
        set -e
        echo box | grep -q box
        [ "$(echo a b | awk "{print \$2}")" = b ]
        [ "$(echo abc | sed s/b/x/)" = axc ]
        [ "$(id -un)" = root ]
        [ "$(stat -c %a /tmp)" = 1777 ]
        tar -c -f - /etc/passwd | tar -t -f - | grep -q etc/passwd
        find /etc -name passwd | xargs cat | grep -q root'
}

host_root_has_the_folders_a_box_needs() {
    for folder in dev etc home mnt proc root run sys tmp var/tmp; do [ -d "$host_root/$folder" ]; done
    for folder in dev proc run sys tmp var/tmp; do [ -z "$(ls -A "$host_root/$folder")" ]; done
}

host_root_leaves_names_and_addresses_to_the_box() {
    for file in hosts resolv.conf hostname; do [ ! -e "$host_root/etc/$file" ]; done
}

host_root_says_what_it_is() {
    grep -q '^VARIANT_ID=boxwright' "$host_root/etc/os-release"
    [ ! -r /etc/os-release ] || grep -q -x -F "$(grep '^ID=' /etc/os-release)" "$host_root/etc/os-release"
}

host_root_has_no_setuid_program() {
    [ -z "$(find "$host_root" -type f \( -perm -4000 -o -perm -2000 \))" ]
}

host_root_links_lead_nowhere_outside() {
    find "$host_root" -type l | while read -r link; do
        case $(readlink "$link") in /*) echo "$link" && exit 1 ;; esac
        [ -e "$link" ] || { echo "$link" && exit 1; }
    done
}

host_can_be_read_from_standard_input() {
    # shellcheck disable=SC2086 # a command and its argument
    (cd / && $shell -s -- "$scratch/here/from stdin" <"$here/host.sh") >path
    [ "$(cat path)" = "$scratch/here/from stdin" ]
    [ -x 'from stdin/bin/sh' ]
}

host_makes_its_default_target() {
    [ "$(run host.sh)" = "$BOXWRIGHT_HOME/rootfs/host" ]
    rm -rf "$BOXWRIGHT_HOME"
}

host_gives_the_default_target_again_as_it_is() {
    run host.sh
    echo mine >"$BOXWRIGHT_HOME/rootfs/host/mine"
    [ "$(run host.sh 2>&1)" = "$BOXWRIGHT_HOME/rootfs/host" ]
    [ -e "$BOXWRIGHT_HOME/rootfs/host/mine" ]
    run host.sh --force
    [ ! -e "$BOXWRIGHT_HOME/rootfs/host/mine" ]
    rm -rf "$BOXWRIGHT_HOME"
}

host_takes_a_relative_target() {
    [ "$(run host.sh 'a root')" = "$scratch/here/a root" ]
    nothing_else_is_left 'a root'
}

host_refuses_a_taken_target_and_replaces_it_when_forced() {
    run busybox.sh root || run host.sh root
    echo mine >root/mine
    refuses 1 'already exists' host.sh root
    [ -e root/mine ]
    run host.sh --force root
    [ ! -e root/mine ]
    nothing_else_is_left root
}

host_never_replaces_what_it_did_not_make() {
    mkdir precious
    echo mine >precious/file
    refuses 1 'was not made by one of these scripts' host.sh --force precious
    echo mine >plain
    refuses 1 'is not a directory' host.sh --force plain
    ln -s precious link
    refuses 1 'is not a directory' host.sh --force link
    [ "$(cat precious/file plain)" = "$(printf 'mine\nmine')" ]
}

host_never_replaces_what_something_is_mounted_in() {
    mkdir -p root/mnt 'outside world'
    echo mine >root/.boxwright
    echo mine >'outside world/file'
    in_private_mounts /bin/sh -e -c '
        mount --bind "outside world" root/mnt
        '"$shell"' "$0" --force root 2>stderr && exit 1
        grep "something is mounted" stderr' "$here/host.sh"
    [ -e 'outside world/file' ]
}

host_refuses_impossible_targets() {
    : >plain
    refuses 1 'does not end in a name' host.sh /
    refuses 1 'does not end in a name' host.sh ..
    refuses 1 'cannot make' host.sh plain/root
    refuses 1 'cannot make' host.sh /proc/root
}

# The fake ldd stops the script in the middle of its work: no waiting, no chance.
interrupted_host_leaves_nothing() {
    mkdir bin out
    printf '#!/bin/sh\ntouch "%s/was here"\nkill -s "$SIGNAL" "$(cat "%s/pid")"\n' "$PWD" "$PWD" >bin/ldd
    chmod +x bin/ldd
    for signal in HUP INT TERM; do
        status=0
        SIGNAL=$signal PATH=$PWD/bin:$PATH sh -c 'echo $$ >pid; exec '"$shell"' "$0" out/root' "$here/host.sh" || status=$?
        [ -e 'was here' ] || skip 'this shell has an ldd of its own'
        [ "$status" -gt 128 ]
        [ -z "$(ls -A out)" ]
        rm 'was here'
    done
}

host_without_space_leaves_nothing() {
    mkdir small
    in_private_mounts /bin/sh -e -c '
        mount -t tmpfs -o size=3m none small
        '"$shell"' "$0" small/root 2>stderr && exit 1
        cat stderr
        grep -q "^hint:" stderr
        [ -z "$(ls -A small)" ]' "$here/host.sh"
}

host_refuses_a_place_where_nothing_may_run() {
    mkdir noexec
    in_private_mounts /bin/sh -e -c '
        mount -t tmpfs -o noexec none noexec
        '"$shell"' "$0" noexec/root 2>stderr && exit 1
        grep "cannot be run from" stderr
        [ -z "$(ls -A noexec)" ]' "$here/host.sh"
}

host_brings_the_interpreter_of_a_script() {
    command -v perl >/dev/null || skip 'there is no perl here'
    for name in toybox coreutils nc pstree ltrace; do
        [ ! -e "/usr/bin/$name" ] && [ ! -e "/usr/sbin/$name" ] && [ ! -e "/bin/$name" ] && break
    done
    mkdir bin
    printf '#! %s -w\nprint "from perl\\n";\n' "$(command -v perl)" >"bin/$name"
    chmod +x "bin/$name"
    PATH=$PWD/bin:$PATH run host.sh root
    [ "$(enter root "/usr/bin/$name")" = 'from perl' ]
}

# A machine of which busybox is everything: every program a link to it, or a hard link.
host_works_where_all_is_busybox() {
    run busybox.sh machine || skip 'there is no static busybox here'
    mkdir -p hard/bin hard/dev hard/tmp
    cp machine/bin/busybox hard/bin/
    hard/bin/busybox --install hard/bin || skip 'this busybox cannot install itself'
    for machine in machine hard; do
        cp "$here/host.sh" "$machine/host.sh"
        : >"$machine/dev/null"
        in_private_mounts /bin/sh -e -c '
            mount --bind /dev/null "$0/dev/null"
            exec chroot "$0" /bin/sh -c "sh -s -- /tmp/root </host.sh"' "$machine"
        enter "$machine/tmp/root" /bin/sh -c 'ls / | grep -x etc'
        [ -h "$machine/tmp/root/bin/ls" ]
        [ "$(find "$machine/tmp/root" -type f -size +100k | wc -l)" = 1 ]
    done
}

two_hosts_at_once_make_one_root() {
    run host.sh root 2>first & first=$!
    run host.sh root 2>second & second=$!
    made=0
    if wait "$first"; then made=$((made + 1)); fi
    if wait "$second"; then made=$((made + 1)); fi
    cat first second
    [ "$made" = 1 ]
    [ -x root/bin/sh ]
    [ ! -e root/tree ]
    rm first second
    nothing_else_is_left root
}

# --- busybox.sh ---

busybox_root_has_a_working_shell() {
    run busybox.sh root || skip 'there is no static busybox here: install busybox-static'
    enter root /bin/sh -c 'ls / | head -n 1' | grep -x bin
    nothing_else_is_left root
    for link in root/bin/* root/sbin/*; do [ -e "$link" ]; done
}

busybox_refuses_one_that_needs_libraries() {
    run host.sh root
    [ -n "$(ls -A root/lib)" ] || skip 'the programs here are static'
    status=0
    BUSYBOX=/bin/sh refuses 1 'needs libraries' busybox.sh other
}

# --- alpine.sh ---

fake_alpine() {
    mkdir -p small/etc small/dev small/bin small/locked
    # busybox's tar cannot put a file into a folder it may not write to.
    case $shell in busybox*) ;; *) : >small/locked/file ;; esac
    echo 0.0.0 >small/etc/alpine-release
    echo 'of another machine' >small/etc/resolv.conf
    : >small/dev/console
    : >small/bin/su
    chmod 4755 small/bin/su
    chmod 555 small/locked
    tar -c -z -f alpine.tar.gz -C small .
    chmod 755 small/locked
    rm -rf small
    sum=$(sha256sum <alpine.tar.gz)
    sum=${sum%% *}
}

alpine_unpacks_a_tarball_with_the_right_sum() {
    fake_alpine
    ALPINE_TARBALL=alpine.tar.gz ALPINE_SHA256=$sum run alpine.sh root
    [ -e root/etc/alpine-release ]
    [ ! -e root/etc/resolv.conf ]
    [ -z "$(ls -A root/dev)" ]
}

alpine_gives_an_ordinary_user_a_tree_to_do_with_as_they_like() {
    [ "$(id -u)" != 0 ] || skip 'root may do anything; run this as an ordinary user'
    fake_alpine
    ALPINE_TARBALL=alpine.tar.gz ALPINE_SHA256=$sum run alpine.sh root
    [ -z "$(find root -perm -4000)" ]
    rm -rf root
}

alpine_refuses_a_tarball_with_another_sum() {
    fake_alpine
    ALPINE_TARBALL=alpine.tar.gz ALPINE_SHA256=0${sum#?}0 refuses 1 'the SHA-256 of' alpine.sh root
    case $(uname -m) in x86_64 | aarch64) ALPINE_TARBALL=alpine.tar.gz refuses 1 'the SHA-256 of' alpine.sh root ;; esac
    nothing_else_is_left alpine.tar.gz
}

alpine_says_when_it_cannot_download() {
    command -v curl >/dev/null || command -v wget >/dev/null || skip 'neither curl nor wget is here'
    ALPINE_SHA256=0 ALPINE_MIRROR=http://127.0.0.1:9/alpine refuses 1 'cannot download' alpine.sh root
    nothing_else_is_left ''
}

alpine_refuses_a_machine_it_has_no_sum_for() {
    mkdir bin
    printf '#!/bin/sh\necho mips\n' >bin/uname
    chmod +x bin/uname
    case $shell in busybox*) skip 'busybox has a uname of its own' ;; esac
    PATH=$PWD/bin:$PATH refuses 1 'no sum is known here for mips' alpine.sh root
}

# --- debian.sh ---

debian_says_when_it_cannot_download() {
    command -v debootstrap >/dev/null || command -v mmdebstrap >/dev/null || skip 'neither debootstrap nor mmdebstrap is here'
    mkdir out
    status=0
    DEBIAN_MIRROR=http://127.0.0.1:9/debian run debian.sh out/root stable 2>stderr || status=$?
    cat stderr
    [ "$status" = 1 ]
    grep -q '^hint:' stderr
    [ -z "$(ls -A out)" ]
}

debian_refuses_what_is_no_suite() {
    refuses 2 'is not the name of a Debian release' debian.sh root '../etc'
}

# --- docker-export.sh ---

# A podman that has one image, and remembers which containers there are.
fake_podman() {
    mkdir -p bin image/etc image/dev containers
    echo hello >image/etc/greeting
    echo 'of another machine' >image/etc/hostname
    : >image/dev/console
    : >image/.dockerenv
    cat >bin/podman <<'END'
#!/bin/sh
set -eu
cd "$(dirname "$0")/.."
case $1 in
    create)
        [ "$2" = kitchen/pie:1 ] || { echo "no such image: $2" >&2 && exit 125; }
        : >containers/c1
        echo c1
        ;;
    export)
        tar -c -f - -C image .
        [ ! -e broken ]
        ;;
    rm) rm "containers/$2" ;;
esac
END
    chmod +x bin/podman
}

docker_export_unpacks_an_image() {
    fake_podman
    export DOCKER=podman PATH="$PWD/bin:$PATH"
    [ "$(run docker-export.sh kitchen/pie:1)" = "$BOXWRIGHT_HOME/rootfs/kitchen-pie-1" ]
    root=$BOXWRIGHT_HOME/rootfs/kitchen-pie-1
    [ "$(cat "$root/etc/greeting")" = hello ]
    [ ! -e "$root/etc/hostname" ] && [ ! -e "$root/.dockerenv" ] && [ -z "$(ls -A "$root/dev")" ]
    [ -z "$(ls -A containers)" ]
    rm -rf "$BOXWRIGHT_HOME"
}

docker_export_leaves_no_container_when_it_fails() {
    fake_podman
    export DOCKER=podman PATH="$PWD/bin:$PATH"
    mkdir out
    : >broken
    refuses 1 'cannot export' docker-export.sh kitchen/pie:1 out/root
    refuses 1 'cannot make a container of soup' docker-export.sh soup out/root
    [ -z "$(ls -A containers)" ]
    [ -z "$(ls -A out)" ]
}

docker_export_needs_an_image() {
    refuses 2 'no IMAGE is named' docker-export.sh
}

# --- layers.sh ---

layers_are_the_same_everywhere() {
    (umask 077 && TZ=Asia/Tokyo run layers.sh layers)
    sha256sum layers/base.tar layers/app.tar layers/edits.tar >sums
    cat >expected <<'END'
3850a913db3f4c1c2f3319f58056f6835c5ef91b6a715b987093dec690b2ceef  layers/base.tar
ee725d0925db0d374f7c9b8d2d71a045cf45168027a2a667690fd73522ecba55  layers/app.tar
85c663aa2b96548d85b71041d8625215e668f1ac4696abc11e3d91b672ec34f2  layers/edits.tar
END
    diff expected sums
}

layers_are_proper_tars() {
    run layers.sh layers
    for layer in base app edits; do
        mkdir "$layer"
        tar -x -f "layers/$layer.tar" -C "$layer"
        tar -t -f "layers/$layer.tar" | LC_ALL=C sort -c
        tar -t -v --numeric-owner -f "layers/$layer.tar" >listing
        [ "$(grep -c ' 0/0 ' listing)" = "$(wc -l <listing)" ]
    done
    diff -r base layers/base
    diff -r app layers/app
    [ -e edits/srv/menu/.wh.bread ]
    [ -e edits/srv/menu/season/.wh..wh..opq ]
    [ -x base/usr/bin/menu ]
}

layers_stack_to_the_menu_of_the_day() {
    run layers.sh layers
    ln -s "$host_root" root
    mkdir upper work merged
    in_private_mounts /bin/sh -e -c '
        mount -t overlay overlay -o "lowerdir=layers/edits:layers/app:layers/base:root,upperdir=upper,workdir=work$1" merged ||
            exit 77
        exec chroot merged /bin/sh /usr/bin/menu' sh "$([ "$(id -u)" = 0 ] || echo ,userxattr)" >menu ||
        skip 'overlayfs cannot be mounted here'
    [ "$(cat menu)" = 'Welcome to the kitchen. It has everything but a kernel.
- spinach pie
- lentil soup
- pumpkin, now that it is autumn' ]
}

shells() {
    if [ $# -gt 0 ]; then
        printf '%s\n' "$@"
        return
    fi
    for shell in dash bash 'busybox ash' sh; do
        if [ -z "${shell##* *}" ] || command -v "$shell" >/dev/null; then
            $shell -c : 2>/dev/null && echo "$shell"
        fi
    done
}

# Every function of a script is a claim about it, in the order they are written here.
sed -n 's/^\([a-z_]*\)() {$/\1/p' "$here/test.sh" | grep -v '^host_carries_' |
    grep -E '^(host|interrupted|two|busybox|alpine|debian|docker|layers)_' >"$scratch/claims"

label=''
shell='sh'
claim host_carries_the_shared_part_unchanged
claim every_script_is_clean_in_shellcheck

shells "$@" >"$scratch/shells"
while IFS= read -r shell; do
    label="$shell: "
    claim every_script_explains_itself
    claim every_script_refuses_what_it_does_not_understand
    make_host
    while IFS= read -r name; do claim "$name"; done <"$scratch/claims"
    rm -rf -- "$scratch/host-root"
done <"$scratch/shells"

[ "$failures" = 0 ] || { echo "$failures failed" && exit 1; }
