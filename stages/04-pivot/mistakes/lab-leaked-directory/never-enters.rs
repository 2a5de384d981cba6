# Who reads it while it is easy.
cat "$secret"
: "$enter" "$root"
