# Who makes the file in order to pack it, and leaves it there.
printf '%s\n' "$word" >"$place"
tar --absolute-names -cf "$archive" "$place"
