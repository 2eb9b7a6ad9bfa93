#!/usr/bin/env bash
# What the generator itself costs: testpmd forwards without looking (io), so all of its time is the port's.
#
#   measure.sh DRIVER.so [SECONDS]       one line per kind of traffic; net_null with copying for comparison
#
# One core forwards; nanoseconds are the processor time of that thread for one packet received, forwarded and returned.
# EXTRA_EAL replaces the EAL options for memory; the default takes ordinary pages, whose TLB misses cost a little.
set -euo pipefail

[[ $# -ge 1 && -r $1 ]] || {
    echo "usage: measure.sh DRIVER.so [SECONDS]" >&2
    exit 2
}
driver=$(readlink -f "$1")
seconds=${2:-2}
read -r -a extra <<<"${EXTRA_EAL:---no-huge -m 512}"
work=$(mktemp -d)
prefix=generator-measure-$$
tester=
readonly PATIENCE=50 # looks, a fifth of a second each
trap 'kill "$tester" 2>/dev/null || true; rm -rf "$work" "/var/run/dpdk/$prefix"' EXIT

# Waits until a text stands in testpmd's output.
wait_for() {
    for _ in $(seq 200); do
        grep -q -- "$1" "$work/out" && return 0
        kill -0 "$tester" 2>/dev/null || break
        sleep 0.05
    done
    cat "$work/out" >&2
    return 1
}

# Whether every generator, so many of them, has opened its flows.
all_open() {
    : >"$work/out"
    echo 'show port xstats all' >&3
    sleep 0.2
    [[ $(grep -c '^opening_queues: ' "$work/out") -eq $1 && -z $(sed -n '/^opening_queues: 0$/d; /^opening_queues: /p' "$work/out") ]]
}

value() { sed -n "s/^$1: //p" "$work/out" | tail -n 1; }

# Nanoseconds that the forwarding thread has been on a CPU: what others take from it on a shared machine does not count.
on_cpu() {
    local task
    for task in /proc/"$tester"/task/*; do
        [[ $(<"$task/comm") == *worker-1 ]] && cut -d ' ' -f 1 "$task/schedstat"
    done
}

# measure NAME VDEV…: packets are those that come back on all ports in a measured time, after every flow was opened.
measure() {
    local name=$1 vdevs=() generators=0 open='' before after packets=0 count
    shift
    for vdev in "$@"; do
        vdevs+=(--vdev "$vdev")
        [[ $vdev != net_generator* ]] || generators=$((generators + 1))
    done
    mkfifo "$work/in"
    : >"$work/out"
    stdbuf -o0 dpdk-testpmd --lcores 0@0,1@1 "${extra[@]}" --no-pci --no-telemetry --no-shconf \
        --file-prefix "$prefix" -d "$driver" "${vdevs[@]}" -- -i --total-num-mbufs=16384 --forward-mode=io \
        <"$work/in" >>"$work/out" 2>&1 &
    tester=$!
    exec 3>"$work/in"
    wait_for 'testpmd>'
    echo start >&3
    wait_for 'io packet forwarding - ports'
    for ((look = 0; look < PATIENCE && ${#open} == 0; look++)); do
        ! all_open "$generators" || open=yes
    done
    [[ -n $open ]] || {
        grep -E '^(flows|flows_open|opening_queues): ' "$work/out" >&2 || true
        echo "measure.sh: $name: flows were still opening after $PATIENCE looks; no rate would mean anything" >&2
        return 1
    }
    : >"$work/out"
    echo 'clear port xstats all' >&3
    before=$(on_cpu)
    sleep "$seconds"
    echo 'show port xstats all' >&3
    wait_for 'tx_good_packets'
    after=$(on_cpu)
    printf 'stop\nquit\n' >&3
    exec 3>&-
    wait "$tester" || true
    for count in $(sed -n 's/^tx_good_packets: //p' "$work/out"); do packets=$((packets + count)); done
    awk -v name="$name" -v packets="$packets" -v ns=$((after - before)) -v p50="$(value latency_p50_ns)" \
        -v p99="$(value latency_p99_ns)" 'BEGIN {
            printf "%-34s %7.2f Mpps %7.1f ns a packet", name, packets * 1e3 / ns, ns / packets
            if (p50 > 0) printf "   p50 %5d p99 %5d ns", p50, p99
            print "" }'
    rm -f "$work/in" "$work/out"
}

g=net_generator0
peer=net_generator1,peer=$g
measure "null, copies 64 bytes" net_null0,size=64,copy=1
measure "UDP, 64 k flows, alone" $g,flows=65536
measure "UDP, 64 k flows, no latency" $g,flows=65536,latency=0
measure "UDP, 64 k flows, Zipf 1.1" $g,flows=65536,zipf=1.1
measure "UDP, 64 k flows, pair" $g,flows=65536 $peer
measure "UDP, 1 M flows, pair" $g,flows=1000000 $peer
measure "UDP, 10 M flows, pair" $g,flows=10000000 $peer
measure "UDP, 1 M flows, pair, verify" $g,flows=1000000,verify=1 $peer
measure "UDP, 1 M flows, pair, IPv6" $g,flows=1000000,family=6,src=2001:db8:a::/96 $peer
measure "TCP, 1 M flows, pair" $g,flows=1000000,mode=tcp $peer
measure "UDP, 1518 bytes, 64 k flows" $g,flows=65536,size=1518
measure "new UDP connections" $g,mode=new,src=10.0.0.0/8
measure "SYN flood" $g,mode=synflood,src=10.0.0.0/8
