#!/bin/sh
# Makes three small layers to learn with: what an image starts from, what a build adds, what somebody edits.
#
# Usage: layers.sh [--force] [TARGET]
# Needs: find, sort, od, tr, wc, dd, mknod; setfattr if it is there. No network, no root.
#
# Each layer comes twice. The tar is the form layers travel in (OCI): a deletion is an empty file .wh.NAME, and a folder
# that hides all below it holds .wh..wh..opq. The folder is the form overlayfs stacks: a deletion is a character device
# 0:0, and a folder that hides all below it has the attribute overlay.opaque.
set -eu
me=layers.sh
. "$(dirname -- "$0")/shared.sh"

usage() {
    cat <<'END'
Makes three small layers of a kitchen's menu to learn with, each as a tar and as a folder.

Usage: layers.sh [--force] [TARGET]

  base    the menu program, and the dishes of an ordinary day
  app     changes one dish and adds another
  edits   deletes one dish, and replaces a whole folder of them

  TARGET    the directory to make; by default layers below $BOXWRIGHT_HOME,
            or below /var/lib/boxwright for root,
            or below ${XDG_DATA_HOME:-~/.local/share}/boxwright for everybody else
  --force   replace a TARGET that this script made before

The tars are the same, bit by bit, wherever and by whomever they are made.
Put a root file system below them, and run menu in it.

Needs no network and no root. The last line on standard output is the path made.
END
}

main() {
    read_arguments 1 "$@"
    open_target "$first" layers

    mkdir "$tree/base" "$tree/app" "$tree/edits"
    make_base
    make_app
    make_edits
    for layer in base app edits; do pack "$layer"; done
    stack_edits

    say "3 layers, $(size)"
    close_target
}

# file PATH LINE…
file() {
    mkdir -p "$tree/${1%/*}"
    made=$tree/$1
    shift
    printf '%s\n' "$@" >"$made"
}

make_base() {
    file base/etc/motd 'Welcome to the kitchen. It has everything but a kernel.'
    file base/srv/menu/bread 'bread, baked this morning'
    file base/srv/menu/soup 'soup of the day'
    file base/srv/menu/season/asparagus 'asparagus, while it is spring'
    file base/srv/menu/season/strawberries 'strawberries, while it is spring'
    # usr/bin and not bin: where bin is a link to usr/bin, a layer with a folder bin would hide it, and sh with it.
    mkdir -p "$tree/base/usr/bin"
    cat >"$tree/base/usr/bin/menu" <<'END'
#!/bin/sh
# Prints the dishes of the day: what the layers show, all together.
cat /etc/motd
for dish in /srv/menu/* /srv/menu/season/*; do
    [ ! -f "$dish" ] || echo "- $(cat "$dish")"
done
END
    chmod 755 "$tree/base/usr/bin/menu"
}

make_app() {
    file app/srv/menu/soup 'lentil soup'
    file app/srv/menu/pie 'spinach pie'
}

make_edits() {
    file edits/srv/menu/.wh.bread
    file edits/srv/menu/season/.wh..wh..opq
    for mark in .wh.bread season/.wh..wh..opq; do : >"$tree/edits/srv/menu/$mark"; done
    file edits/srv/menu/season/pumpkin 'pumpkin, now that it is autumn'
}

# pack LAYER: writes the tar by hand, the names in order. Two tar programs would write two slightly different files, and
# the sum of a layer is its name: here it is the same on every machine.
pack() {
    find "$tree/$1" | LC_ALL=C sort >"$work/names"
    while IFS= read -r path; do
        [ "$path" = "$tree/$1" ] || write_entry "$path" "${path#"$tree/$1/"}"
    done <"$work/names" >"$tree/$1.tar"
    # Two empty blocks end a tar, and more follow until it is whole records of 20, as GNU tar writes it.
    blocks=$(($(wc -c <"$tree/$1.tar") / 512))
    dd if=/dev/zero bs=512 count=$(((blocks + 2 + 19) / 20 * 20 - blocks)) 2>/dev/null >>"$tree/$1.tar"
}

# write_entry FILE NAME: a header of 512 bytes, then the content up to the next multiple of 512. A ~ stands for a zero
# byte, which no shell can keep in a variable.
write_entry() {
    name=$2 mode=644 type=0 length=0
    [ ! -x "$1" ] || mode=755
    if [ -d "$1" ]; then name=$2/ type=5; else length=$(($(wc -c <"$1"))); fi

    # The name, then mode, user, group, size and time (2020-01-01) in octal.
    start=$(pad "$name" 100)$(printf '%07o~%07o~%07o~%011o~%011o~' "0$mode" 0 0 "$length" 1577836800)
    # Type and link, format, names of user and group, device numbers, start of a long name.
    end=$(pad "$type" 101)'ustar~00'$(pad '' 64)$(printf '%07o~%07o~' 0 0)$(pad '' 167)
    # The check sum lies between them, and counts itself as eight spaces.
    sum=0
    for byte in $(printf %s "$start        $end" | tr '~' '\000' | od -A n -v -t u1); do sum=$((sum + byte)); done

    printf '%s%06o~ %s' "$start" "$sum" "$end" | tr '~' '\000'
    [ "$length" = 0 ] || cat "$1"
    pad '' $(((512 - length % 512) % 512)) | tr '~' '\000'
}

# pad TEXT LENGTH
pad() {
    padded=$1
    while [ "${#padded}" -lt "$2" ]; do padded=$padded~; done
    printf %s "$padded"
}

# Turns the marks of the tar form in edits into those of overlayfs.
stack_edits() {
    menu=$tree/edits/srv/menu
    rm "$menu/.wh.bread" "$menu/season/.wh..wh..opq"
    white_out "$menu/bread"
    # With userxattr, which a mount in a user namespace needs, overlayfs reads the user's attribute; else root's.
    if setfattr -n user.overlay.opaque -v y "$menu/season" 2>/dev/null; then
        [ "$(id -u)" != 0 ] || setfattr -n trusted.overlay.opaque -v y "$menu/season" 2>/dev/null || :
    else
        # Without setfattr, or a file system that keeps attributes, hiding each dish comes to the same.
        for dish in asparagus strawberries; do white_out "$menu/season/$dish"; done
    fi
}

# Since Linux 5.8 everybody may make this one device, which leads nowhere.
white_out() {
    mknod "$1" c 0 0 2>/dev/null ||
        say "edits/${1#"$tree/edits/"} cannot be made here as a deletion; edits.tar has it all the same"
}

main "$@" </dev/null
