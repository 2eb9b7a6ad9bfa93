#!/usr/bin/env bash
# Open vSwitch with DPDK, a poll mode thread on each of WORKER_CPU, connection tracking with source NAT in user space.
#
#   openvswitch.sh one-pass     a packet is tracked, translated and sent in one pass over the flow table
#   openvswitch.sh two-pass     its state is matched in a second pass, as firewalls are written
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly SWITCH=/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk
readonly SCHEMA=/usr/share/openvswitch/vswitch.ovsschema
[[ -x $SWITCH && -r $SCHEMA ]] || skip "Open vSwitch with DPDK is not installed (Debian: openvswitch-switch-dpdk)"
variant=${1:-one-pass}
nat='nat(src=203.0.113.1-203.0.113.254:1024-65535)'
case $variant in
    one-pass) flows=(
        "priority=10,in_port=inside,ip actions=ct(commit,zone=1,$nat),output:outside"
        "priority=10,in_port=outside,ip actions=ct(zone=1,nat),output:inside"
        ${FLOOD:+"priority=10,in_port=flood,ip actions=ct(commit,zone=1,$nat),output:flooded"}
    ) ;;
    two-pass) flows=(
        "table=0,priority=10,ip actions=ct(zone=1,nat,table=1)"
        "table=1,priority=10,in_port=inside,ip,ct_state=+trk+new actions=ct(commit,zone=1,$nat),output:outside"
        "table=1,priority=10,in_port=inside,ip,ct_state=+trk+est actions=output:outside"
        "table=1,priority=10,in_port=outside,ip,ct_state=+trk+est actions=output:inside"
        ${FLOOD:+"table=1,priority=10,in_port=flood,ip actions=ct(commit,zone=1,$nat),output:flooded"}
    ) ;;
    *) die "usage: openvswitch.sh one-pass|two-pass" ;;
esac

# A network namespace holds the bridge's own interface, a mount namespace nothing: sockets are found by path.
if [[ ${IN_NAMESPACE:-} != 1 ]]; then
    rm -rf "$work"
    trap - EXIT
    IN_NAMESPACE=1 exec unshare -n "$BASH" "${BASH_SOURCE[0]}" "$variant" <&3
fi

export OVS_RUNDIR=$work OVS_LOGDIR=$work OVS_DBDIR=$work OVS_SYSCONFDIR=$work
database=unix:$work/db.sock

# A mask of processors, separated by commas: hexadecimal digits of four processors each, the highest first, as many as
# there have to be. A shell's number would end at 64 of them.
mask() {
    local cpu last=0 digits=()
    for cpu in ${1//,/ }; do
        digits[cpu / 4]=$((${digits[cpu / 4]:-0} | 1 << cpu % 4))
        last=$((cpu / 4 > last ? cpu / 4 : last))
    done
    printf 0x
    for (( ; last >= 0; last--)); do printf '%x' "${digits[last]:-0}"; done
}

vsctl() { ovs-vsctl --db="$database" --timeout=60 "$@"; }

ovsdb-tool create "$work/conf.db" "$SCHEMA"
taskset -c "$CONTROL_CPU" ovsdb-server "$work/conf.db" --remote="punix:$work/db.sock" --unixctl="$work/db.ctl" --no-chdir \
    --log-file="$work/db.log" -vconsole:off </dev/null >&2 &
started+=("$!")
for _ in $(seq 100); do
    [[ -S $work/db.sock ]] && break
    sleep 0.05
done
vsctl --no-wait init

choose_eal 640

# The ports are made when DPDK starts: the outside has to find the inside before anybody starts that.
vsctl --no-wait set Open_vSwitch . other_config:dpdk-init=true other_config:dpdk-lcore-mask="$(mask "$CONTROL_CPU")" \
    other_config:pmd-cpu-mask="$(mask "$WORKER_CPU")" other_config:vlan-limit=0 \
    other_config:dpdk-extra="${eal[*]}"
taskset -c "$CONTROL_CPU" "$SWITCH" "$database" --pidfile="$work/switch.pid" --unixctl="$work/switch.ctl" --no-chdir \
    --log-file="$work/switch.log" -vconsole:off </dev/null >&2 &
switch=$!
started+=("$switch")

# Rules first, ports last: nothing must be seen by a switch that does not know what to do with it.
vsctl add-br br0 -- set bridge br0 datapath_type=netdev fail-mode=secure || {
    tail -n 20 "$work/switch.log" >&2
    die "the switch did not start"
}
ovs-appctl --target="$work/switch.ctl" dpctl/ct-set-maxconns "$ENTRIES" >&2

# As long as this router's: of ten million connections one is seen again after half a minute.
vsctl -- --id=@datapath create Datapath datapath_version=0 -- set Open_vSwitch . datapaths:netdev=@datapath >&2
vsctl add-zone-tp netdev zone=1 udp_first=300 udp_single=300 udp_multiple=300

# A port has no name before it exists; what it is called and its number are told here.
ports=(inside outside) devices=(net_generator0 net_generator1)
[[ -z $INSIDE_PCI ]] || devices=("$INSIDE_PCI" "$OUTSIDE_PCI")
[[ -z $FLOOD ]] || ports+=(flood flooded) devices+=(net_generator2 net_generator3)

# Queue q of every port belongs to thread q, as in the other peers.
queues=0 affinity=''
for cpu in ${WORKER_CPU//,/ }; do
    affinity+=${affinity:+,}$((queues++)):$cpu
done
add=() numbers=()
for index in "${!ports[@]}"; do
    port=${ports[index]}
    numbers+=(-e "s/\\(in_port=\\|output:\\)$port\\b/\\1$((index + 1))/")
    add+=(-- add-port br0 "$port" -- set Interface "$port" type=dpdk ofport_request=$((index + 1)) options:n_rxq="$queues"
        options:n_rxq_desc="$DESCRIPTORS" options:n_txq_desc="$DESCRIPTORS"
        options:dpdk-devargs="\"${devices[index]}\"" other_config:pmd-rxq-affinity="\"$affinity\"")
done
printf '%s\n' "${flows[@]}" | sed "${numbers[@]}" | ovs-ofctl add-flows "unix:$work/br0.mgmt" -
vsctl "${add[@]}"
error=$(vsctl --columns=error --bare find Interface type=dpdk)
[[ -z $error ]] || {
    tail -n 20 "$work/switch.log" >&2
    die "$error"
}
serve "$switch"
