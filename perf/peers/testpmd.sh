#!/usr/bin/env bash
# DPDK's testpmd in io mode: a packet goes from one port to the other without being looked at. What the ports cost.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v dpdk-testpmd >/dev/null || skip "dpdk-testpmd is not installed (Debian: dpdk)"
[[ -z $FLOOD ]] || skip "testpmd keeps no connections that a flood could harm"
queues=$(worker_count) lcores=0@$CONTROL_CPU lcore=0
for cpu in ${WORKER_CPU//,/ }; do
    lcores+=,$((++lcore))@$cpu
done
mbufs=$((queues > 2 ? 8192 * queues : 16384)) # the queues of both ports can hold half of them
choose_eal $((mbufs / 64))

taskset -c "$CONTROL_CPU" dpdk-testpmd --lcores "$lcores" "${eal[@]}" -- --auto-start --forward-mode=io \
    --total-num-mbufs="$mbufs" --nb-cores="$queues" --rxq="$queues" --txq="$queues" --rxd="$DESCRIPTORS" --txd="$DESCRIPTORS" \
    <&3 >&2 &
started+=("$!")
serve "$!"
