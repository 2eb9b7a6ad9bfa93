# What the peers' scripts share. Sourced; the contract stands in README.md.
#
# shellcheck shell=bash
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

readonly EXIT_SKIPPED=77 EXIT_LIMIT=124

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

skip() {
    printf '%s\n' "$*" >&2
    exit "$EXIT_SKIPPED"
}

: "${INSIDE_PCI:=}" "${OUTSIDE_PCI:=}"
required=(PREFIX INSIDE_PCI OUTSIDE_PCI)
[[ -n $INSIDE_PCI$OUTSIDE_PCI ]] || required=(PREFIX GENERATOR INSIDE)
for variable in "${required[@]}"; do
    [[ -n ${!variable:-} ]] || die "$variable is not set: see README.md"
done
: "${GENERATOR:=}" "${INSIDE:=}" "${OUTSIDE:=}" "${FLOOD:=}" "${ENTRIES:=65536}" "${LIMIT_SECONDS:=600}"
: "${WORKER_CPU:=$(($(nproc) - 1))}" "${CONTROL_CPU:=0}"
[[ $PREFIX =~ ^[a-z0-9-]{1,32}$ ]] || die "PREFIX=$PREFIX: must be 1 to 32 of a-z, 0-9 and -"
readonly PROCESSOR='(0|[1-9][0-9]{0,3})'
[[ $WORKER_CPU =~ ^$PROCESSOR(,$PROCESSOR)*$ ]] || die "WORKER_CPU=$WORKER_CPU: must be processors (0 to 9999) separated by commas"
[[ $CONTROL_CPU =~ ^$PROCESSOR$ ]] || die "CONTROL_CPU=$CONTROL_CPU: must be a processor (0 to 9999)"
[[ $LIMIT_SECONDS =~ ^[1-9][0-9]{0,6}$ ]] || die "LIMIT_SECONDS=$LIMIT_SECONDS: must be 1 to 9999999"
if [[ -n $INSIDE_PCI ]]; then
    readonly PCI='^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$'
    for variable in INSIDE_PCI OUTSIDE_PCI; do
        [[ ${!variable} =~ $PCI ]] || die "$variable=${!variable}: must be a PCI address like 0000:3b:00.0"
    done
    [[ $INSIDE_PCI != "$OUTSIDE_PCI" ]] || die "INSIDE_PCI and OUTSIDE_PCI are the same device"
    [[ -z $INSIDE$OUTSIDE$FLOOD ]] || die "INSIDE, OUTSIDE and FLOOD are of generators: with NICs the traffic comes from outside"
else
    [[ -r $GENERATOR ]] || die "$GENERATOR does not exist: ./build.sh bench compare makes it"
fi
[[ $(id -u) -eq 0 ]] || skip "needs root"

# Files of this run; DPDK puts its own, the telemetry socket among them, below /var/run/dpdk.
readonly RUNTIME=/var/run/dpdk/$PREFIX
[[ ! -e $RUNTIME/dpdk_telemetry.v2 ]] || rm -rf "$RUNTIME"
work=$(mktemp -d -t "$PREFIX.XXXXXX")
exec 3<&0
started=()

# DPDK loads no driver from below a directory that everybody may write to, a checkout in /tmp for example: a copy then.
copied=/run/dataplane-bench/$PREFIX
if [[ $GENERATOR != "$copied"/* ]]; then # else a script that began anew has copied it already
    directory=$(dirname "$(readlink -f "${GENERATOR:-/}")")
    while [[ $directory != / ]] && ! (($(stat -c '0%a' "$directory") & 2)); do
        directory=$(dirname "$directory")
    done
    if [[ $directory == / ]]; then
        copied=
    else
        mkdir -p "$copied"
        cp "$GENERATOR" "$copied/"
        GENERATOR=$copied/$(basename "$GENERATOR")
    fi
fi

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
    rm -rf "$work" "$RUNTIME" ${copied:+"$copied"}
    exit "$code"
}
trap finish EXIT
trap 'exit 0' TERM INT HUP

# Descriptors of every queue, in each direction: as many as the router's ports have.
# shellcheck disable=SC2034 # for those who source this
readonly DESCRIPTORS=1024

# How many threads are to poll: WORKER_CPU names a processor for each.
worker_count() {
    local cpus
    IFS=, read -ra cpus <<<"$WORKER_CPU"
    echo "${#cpus[@]}"
}

# choose_eal MIB: EAL's options into `eal`. Memory is in hugepages when enough are free, and without a file system for
# them anonymous; NICs are not given ordinary pages. The generators are devices of this run, physical ports are allowed
# one by one, and how they address memory is for EAL to find out.
choose_eal() {
    local free=0 pool=/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages
    [[ ! -r $pool ]] || free=$(<"$pool")
    eal=(--file-prefix "$PREFIX" -m "$1")
    if ((free * 2 >= $1)); then
        eal+=(--in-memory)
    elif [[ -n $INSIDE_PCI ]]; then
        skip "NICs need $1 MiB of free hugepages, of which there are $((free * 2)): sysctl vm.nr_hugepages=1024"
    else
        eal+=(--no-huge)
    fi
    if [[ -n $INSIDE_PCI ]]; then
        eal+=(-a "$INSIDE_PCI" -a "$OUTSIDE_PCI")
        return
    fi
    eal+=(--no-pci --iova-mode va -d "$GENERATOR" --vdev "net_generator0,$INSIDE"
        --vdev "net_generator1,peer=net_generator0${OUTSIDE:+,$OUTSIDE}")
    [[ -z $FLOOD ]] || eal+=(--vdev "net_generator2,$FLOOD" --vdev "net_generator3,peer=net_generator2")
}

# serve PROCESS: until the caller closes our standard input; that the process ends by itself or the time is up is a failure.
serve() {
    local ended code=0
    timeout "$LIMIT_SECONDS" cat <&3 >/dev/null &
    started+=("$!")
    wait -n -p ended "$1" "$!" || code=$?
    [[ ${ended:-} != "$1" ]] || die "the program under test ended by itself"
    ((code != EXIT_LIMIT)) || { # as timeout says it
        printf 'ended after LIMIT_SECONDS (%s)\n' "$LIMIT_SECONDS" >&2
        exit "$EXIT_LIMIT"
    }
}
