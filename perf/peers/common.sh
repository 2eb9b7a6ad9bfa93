# What the peers' scripts share. Sourced; the contract stands in README.md.
#
# shellcheck shell=bash
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

readonly EXIT_SKIPPED=77

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

skip() {
    printf '%s\n' "$*" >&2
    exit "$EXIT_SKIPPED"
}

for variable in GENERATOR INSIDE PREFIX; do
    [[ -n ${!variable:-} ]] || die "$variable is not set: see README.md"
done
: "${OUTSIDE:=}" "${FLOOD:=}" "${WORKER_CPU:=$(($(nproc) - 1))}" "${CONTROL_CPU:=0}" "${ENTRIES:=65536}" "${LIMIT_SECONDS:=600}"
[[ $PREFIX =~ ^[a-z0-9-]{1,32}$ ]] || die "PREFIX=$PREFIX: must be 1 to 32 of a-z, 0-9 and -"
[[ $WORKER_CPU =~ ^[0-9]+(,[0-9]+)*$ ]] || die "WORKER_CPU=$WORKER_CPU: must be processors separated by commas"
[[ -r $GENERATOR ]] || die "$GENERATOR does not exist: ./build.sh bench compare makes it"
[[ $(id -u) -eq 0 ]] || skip "needs root"

# Files of this run; DPDK puts its own, the telemetry socket among them, below /var/run/dpdk.
readonly RUNTIME=/var/run/dpdk/$PREFIX
[[ ! -e $RUNTIME/dpdk_telemetry.v2 ]] || rm -rf "$RUNTIME"
work=$(mktemp -d -t "$PREFIX.XXXXXX")
exec 3<&0
started=()

# What was started last is stopped first; one that does not end in five seconds is killed.
stop_started() {
    local index process
    for ((index = ${#started[@]} - 1; index >= 0; index--)); do
        process=${started[index]}
        kill -TERM "$process" 2>/dev/null || continue
        for _ in $(seq 100); do
            kill -0 "$process" 2>/dev/null || break
            sleep 0.05
        done
        kill -KILL "$process" 2>/dev/null || true
    done
    wait
}

# What a peer made besides files and processes; it redefines this.
clean_up() { :; }

finish() {
    local code=$?
    trap - EXIT
    trap '' TERM INT HUP # a second one would leave half of it
    stop_started
    clean_up
    rm -rf "$work" "$RUNTIME"
    exit "$code"
}
trap finish EXIT
trap 'exit 0' TERM INT HUP

# How many threads are to poll: WORKER_CPU names a processor for each.
worker_count() {
    local cpus
    IFS=, read -ra cpus <<<"$WORKER_CPU"
    echo "${#cpus[@]}"
}

# The options for MIB of DPDK's memory: hugepages when enough are free. Without a file system for them they are anonymous.
memory_options() {
    local free=0 pool=/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages
    [[ ! -r $pool ]] || free=$(<"$pool")
    if ((free * 2 >= $1)); then echo "--in-memory -m $1"; else echo "--no-huge -m $1"; fi
}

# serve PROCESS: until the caller closes our standard input, the process ends, or the time is up.
serve() {
    local ended
    timeout "$LIMIT_SECONDS" cat <&3 >/dev/null &
    started+=("$!")
    wait -n -p ended "$1" "$!" || true
    [[ ${ended:-} != "$1" ]] || die "the program under test ended by itself"
}
