#!/bin/sh
# A fork bomb with a fuse: every process makes two others, and they do the same, for so many generations and no more.
#
# Usage: fork-bomb.sh GENERATIONS
# All of them stay for five seconds. With 5 generations there are 63 of them: more is for a machine that nobody needs.
set -eu
generations=$1

# EXERCISE lab-fork-bomb
bomb() {
    if [ "$1" -gt 0 ]; then
        bomb $(($1 - 1)) &
        bomb $(($1 - 1)) &
    fi
    exec sleep 5
}
bomb "$generations"
# END lab-fork-bomb
