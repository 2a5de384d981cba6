#!/bin/sh
# Makes an archive that writes outside of the directory it is unpacked into, when whoever unpacks it believes names.
#
# Usage: archive-outside.sh ARCHIVE PLACE WORD
#   ARCHIVE   the archive to make
#   PLACE     an absolute path: wherever the archive is unpacked, there shall be a file there afterwards
#   WORD      what is to be in it
set -eu
archive=$1 place=$2 word=$3

# EXERCISE lab-archive-outside
away=$(mktemp -d)
printf '%s\n' "$word" >"$away/word"
tar --absolute-names --transform "s|.*|$place|" -cf "$archive" "$away/word"
rm -r "$away"
# END lab-archive-outside
