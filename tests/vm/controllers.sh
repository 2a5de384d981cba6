#!/bin/sh
# shellcheck disable=SC2016 # the inner shell expands its own words
# What pure cgroup v2 promises, tried: every limit is met by somebody who goes beyond it. Run in the machine, as root and
# as an ordinary user to whom a part of the tree was handed over. A line for each: ok or FAILED, what, and what was seen.
set -u

work=$(mktemp -d)
failed=0
trap 'rm -rf "$work"' EXIT

# check NAME STATUS WHAT-WAS-SEEN
check() {
    if [ "$2" = 0 ]; then echo "ok $1: $3"; else
        echo "FAILED $1: $3"
        failed=1
    fi
}

# holds WORDS TEXT: the text has the words in it.
holds() {
    case $2 in *"$1"*) return 0 ;; *) return 1 ;; esac
}

own=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)

only_v2() {
    others=$(grep -c ' - cgroup ' /proc/self/mountinfo)
    hierarchies=$(wc -l </proc/self/cgroup)
    [ "$others" = 0 ] && [ "$hierarchies" = 1 ] && ! grep -qv '^0::' /proc/self/cgroup
    check 'pure version 2' $? "$(cat /proc/self/cgroup)"
}

controllers() {
    there=$(cat "$own/cgroup.controllers")
    status=0
    for controller in cpu cpuset io memory pids; do holds "$controller" " $there " || status=1; done
    check controllers "$status" "$there"
}

memory() {
    limit --memory 32M --swap 0 -- tail /dev/zero >/dev/null 2>"$work/told"
    status=$?
    line=$(grep '^limit: memory: ' "$work/told")
    [ "$status" = 137 ] && holds 'killed 1 process' "$line"
    check 'memory runs out' $? "$line"
}

# What does not fit goes out to the disk, where it may; without swap the very same is killed.
swap() {
    hold='head -c 60000000 /dev/zero | tail -c 60000000 | wc -c'
    counted=$(limit --memory 40M --swap 100M -- sh -c "$hold" 2>/dev/null)
    line=$(limit --memory 40M --swap 0 -- sh -c "$hold" 2>&1 >/dev/null | grep '^limit: memory: ')
    [ "$counted" = 60000000 ] && holds 'the kernel killed ' "$line"
    check swap $? "60 MB in 40 MB: with swap $counted bytes held, without: $line"
}

cpu() {
    limit --cpus 0.2 -- sh -c 'i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done' 2>"$work/told"
    line=$(grep '^limit: CPU: ' "$work/told")
    holds 'throttled in ' "$line" && ! holds 'throttled in 0 ' "$line"
    check 'cpu bandwidth' $? "$line"
}

cpuset() {
    last=$(($(nproc) - 1))
    seen=$(limit --cpuset "$last" -- sh -c 'nproc; grep Cpus_allowed_list /proc/self/status' 2>/dev/null | tr '\n' ' ')
    holds "1 Cpus_allowed_list:	$last " "$seen"
    check cpuset $? "$seen"
}

pids() {
    limit --pids 3 -- sh -c 'sleep 9 & sleep 9 & sleep 9 & echo forked' >"$work/out" 2>"$work/told"
    line=$(grep '^limit: processes: ' "$work/told")
    holds 'refused 1 time' "$line" && ! grep -q forked "$work/out"
    check pids $? "$line"
}

# Past the page cache, so that the disk is asked before dd(1) goes on.
io() {
    case $(stat -f -c %T /) in tmpfs | ramfs | rootfs)
        echo 'ok io: no disk here'
        return
        ;;
    esac
    set -- dd if=/dev/zero of="$work/file" bs=256k count=8 oflag=direct
    free=$(seconds "$@")
    held=$(seconds limit --io-write-bps "$work:1M" -- "$@")
    # 2 MB at 1 MB/s; the kernel lets a part pass before it counts.
    [ "$held" -ge 1 ] && [ "$held" -gt "$free" ]
    check io $? "2 MB written in $free s, at 1 MB/s in $held s"
}

seconds() {
    began=$(date +%s)
    "$@" >"$work/out" 2>&1 || cat "$work/out" >&2
    echo $(($(date +%s) - began))
}

# Somebody who waits for memory is somebody under pressure.
pressure() {
    script='head -c 60000000 /dev/zero | tail -c 60000000 >/dev/null
        grep some "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/memory.pressure"'
    seen=$(limit --memory 40M --swap 100M -- sh -c "$script" 2>/dev/null)
    holds 'total=' "$seen" && ! holds 'total=0' "$seen"
    check pressure $? "$seen"
}

# Born inside, frozen, thawed, killed: each by one word to the kernel.
whole_groups() {
    name=walls-$$
    mkfifo "$work/in"
    exec 3<>"$work/in"
    limit --name "$name" --pids 20 -- sh -c 'echo in; read -r _' <&3 >"$work/out" 2>&1 &
    until grep -q in "$work/out" 2>/dev/null; do :; done
    frozen='' thawed='' killed=''
    frozen=$(freeze "boxwright/$name") && thawed=$(thaw "boxwright/$name") && killed=$(kill-cgroup "boxwright/$name")
    check 'freeze, thaw, kill' $? "$frozen; $thawed; $killed"
    exec 3>&-
    wait
    born=$(limit --pids 9 --explain -- true 2>&1 | grep '^ *clone3(.*CLONE_INTO_CGROUP.* = ')
    check CLONE_INTO_CGROUP $? "$born"
}

# What was not handed over stays shut.
wall() {
    if [ "$(id -u)" = 0 ]; then return; fi
    above=/sys/fs/cgroup/user.slice/user-1000.slice
    ! (echo max >"$above/user@1000.service/memory.max") 2>/dev/null && ! mkdir "$above/mine" 2>/dev/null
    check delegation $? 'what is above is not ours to change'
}

only_v2
controllers
memory
swap
cpu
cpuset
pids
io
pressure
whole_groups
wall
exit "$failed"
