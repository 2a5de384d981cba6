// Who asks about those processes only that can be signalled from in here.
for file in /proc/[0-9]*/cmdline; do
    kill -0 "$(basename "$(dirname "$file")")" 2>/dev/null || continue
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
