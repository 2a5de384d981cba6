#!/bin/sh
# stale-proc.sh MARK: in a PID namespace of its own, prints the secret of a process of the host.
# That process has MARK on its command line, and the secret is the word after it.
set -eu

# EXERCISE lab-stale-proc
for file in /proc/[0-9]*/cmdline; do
    # Whoever has ended by now has no file any more.
    words=$(2>/dev/null tr '\0' ' ' < "$file") || continue
    case "$words" in
        # Our own command line has the mark too, with nothing after it.
        *" $1 "?*)
            rest=${words##*" $1 "}
            echo "${rest%% *}"
            break
            ;;
    esac
done
# END lab-stale-proc
