# Who hopes that a path that worked a moment ago still works.
exec "$enter" "$root" -- cat "$secret"
