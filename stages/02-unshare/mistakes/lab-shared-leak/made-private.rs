// Who has learnt the line by heart, and writes it before every mount.
# The fields after the options say with whom a mount shares: "shared:N" has peers, "master:N" only listens to some.
while read -r _ _ _ _ place _ fields; do
    case "$place $fields" in
        "$1"/*" shared:"*)
            mount --make-private "$place"
            mount -t tmpfs "$2" "$place/place"
            break
            ;;
    esac
done < /proc/self/mountinfo
