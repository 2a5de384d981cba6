#!/bin/sh
# shared-leak.sh FOLDER NAME: in a mount namespace of its own, mounts a tmpfs called NAME where the host sees it too.
# Below FOLDER there are several mounts; each has a folder `place` in it to mount on.
set -eu

# EXERCISE lab-shared-leak
# The fields after the options say with whom a mount shares: "shared:N" has peers, "master:N" only listens to some.
while read -r _ _ _ _ place _ fields; do
    case "$place $fields" in
        "$1"/*" shared:"*)
            mount -t tmpfs "$2" "$place/place"
            break
            ;;
    esac
done < /proc/self/mountinfo
# END lab-shared-leak
