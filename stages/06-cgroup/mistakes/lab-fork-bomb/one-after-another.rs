# Who calls the function twice, and forgets that the first call comes back only when all is over.
bomb() {
    if [ "$1" -gt 0 ]; then
        bomb $(($1 - 1))
        bomb $(($1 - 1))
    fi
    exec sleep 5
}
bomb "$generations"
