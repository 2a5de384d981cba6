# Who packs the file by its last name, and expects whoever unpacks it to know the rest.
away=$(mktemp -d)
printf '%s\n' "$word" >"$away/$(basename "$place")"
tar -C "$away" -cf "$archive" "$(basename "$place")"
rm -r "$away"
