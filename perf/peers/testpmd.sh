#!/usr/bin/env bash
# DPDK's testpmd in io mode: a packet goes from one port to the other without being looked at. What the ports cost.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v dpdk-testpmd >/dev/null || skip "dpdk-testpmd is not installed (Debian: dpdk)"
[[ -z $FLOOD ]] || skip "testpmd keeps no connections that a flood could harm"
queues=$(worker_count) lcores=0@$CONTROL_CPU lcore=0
for cpu in ${WORKER_CPU//,/ }; do
    lcores+=,$((++lcore))@$cpu
done
read -r -a memory < <(memory_options 256)

taskset -c "$CONTROL_CPU" dpdk-testpmd --lcores "$lcores" "${memory[@]}" --no-pci --iova-mode va \
    --file-prefix "$PREFIX" -d "$GENERATOR" --vdev "net_generator0,$INSIDE" \
    --vdev "net_generator1,peer=net_generator0${OUTSIDE:+,$OUTSIDE}" -- --auto-start --forward-mode=io --total-num-mbufs=16384 \
    --nb-cores="$queues" --rxq="$queues" --txq="$queues" <&3 >&2 &
started+=("$!")
serve "$!"
