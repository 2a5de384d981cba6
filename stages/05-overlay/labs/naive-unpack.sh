#!/bin/sh
# Unpacks an archive the way it asks to be unpacked: whatever a name says is believed.
#
# Usage: naive-unpack.sh ARCHIVE DIR
set -eu
archive=$1
cd "$2"
# Without this option tar(1) cuts off a leading "/", refuses "..", and makes links to the outside last.
exec tar --absolute-names -xf "$archive"
