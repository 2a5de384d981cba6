# Who writes names as tar lists them, without a "/" in front.
away=$(mktemp -d)
printf '%s\n' "$word" >"$away/word"
tar --transform "s|.*|${place#/}|" -cf "$archive" "$away/word" 2>/dev/null
rm -r "$away"
