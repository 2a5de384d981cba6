# Who makes a row of processes.
bomb() {
    if [ "$1" -gt 0 ]; then
        bomb $(($1 - 1)) &
    fi
    exec sleep 5
}
bomb "$generations"
