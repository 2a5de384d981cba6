# Who copies the famous line, in which nobody ever stays.
bomb() {
    if [ "$1" -gt 0 ]; then
        bomb $(($1 - 1)) &
        bomb $(($1 - 1)) &
    fi
}
bomb "$generations"
