#!/usr/bin/env bash
# Linux as the router, between two veth pairs in a network namespace.
# FEED is the traffic source (netfilter_feed), which makes packets and counts what comes back.
#
#   netfilter.sh nat        netfilter: tracked, filtered, source NAT by nft; the default
#   netfilter.sh forward    the same namespace, routes and traffic without any of that: what routing and the veths cost
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

variant=${1:-nat}
[[ $# -le 1 && $variant =~ ^(nat|forward)$ ]] || die "usage: netfilter.sh [nat|forward]"
[[ -z $INSIDE_PCI ]] || skip "the kernel's traffic source feeds veth pairs, not NICs: see perf/README.md"
[[ -x ${FEED:-} ]] || skip "netfilter_feed has not been built: make -C perf/peers"
[[ $variant == forward ]] || command -v nft >/dev/null || skip "nft is not installed (Debian: nftables)"

[[ -z ${FLOOD:-} ]] || skip "the kernel's traffic source has no second interface for a flood"
[[ $WORKER_CPU != *,* ]] || skip "the kernel's traffic source has one thread"

# The driver's arguments, as far as the source can do the same; addresses are built into it, and they are these.
mode=udp protocol=udp flows=65536 size=64 verify=() translation=()
IFS=, read -r -a arguments <<<"$INSIDE"
for argument in "${arguments[@]}"; do
    case $argument in
        mode=udp | mode=tcp | mode=new | mode=synflood) mode=${argument#*=} ;;
        protocol=udp | protocol=tcp) protocol=${argument#*=} ;;
        flows=*) flows=${argument#*=} ;;
        size=*) size=${argument#*=} ;;
        verify=1) verify=(verify) ;;
        src=10.0.0.0/16 | dst=198.18.0.0/16 | nat=203.0.113.1-203.0.113.254 | routed=1) ;;
        *) die "the kernel's traffic source has no $argument" ;;
    esac
done
[[ -z $OUTSIDE ]] || die "the kernel's traffic source has no $OUTSIDE at the outside"
[[ $mode != new ]] || mode=new-$protocol
if [[ $variant == forward ]]; then
    [[ $mode == udp || $mode == tcp ]] || skip "nothing is opened where nothing is tracked: forward takes mode=udp and tcp"
    translation=(untranslated)
fi

# The table's size belongs to the whole machine: it is set for this run and put back. What is not tracked needs none.
readonly LIMIT=/proc/sys/net/netfilter/nf_conntrack_max BUCKETS=/sys/module/nf_conntrack/parameters/hashsize
readonly TRACKED=/proc/sys/net/netfilter/nf_conntrack_count

# Entries in memory, those of namespaces that are being taken down included; nothing where the kernel does not say.
entries_in_memory() { awk '$1 == "nf_conntrack" { print $2 }' /proc/slabinfo 2>/dev/null || true; }

# A deleted namespace's connections are freed by a kernel thread, which would disturb the next measurement; the driver waits half
# a minute for this script. What a processor keeps in reserve counts as in use.
wait_for_teardown() {
    local reserve=$(($(nproc) * 128))
    for ((look = 0; look < 100; look++)); do
        (($(entries_in_memory) > entries + reserve)) || break
        sleep 0.2
    done
}

made=
delete_namespace() { [[ -z $made ]] || ip netns delete "$PREFIX" || true; }

size_table() {
    modprobe nf_conntrack 2>/dev/null || true
    [[ -w $LIMIT && -w $BUCKETS ]] || skip "the kernel has no nf_conntrack whose size can be set"
    limit=$(original_of "$LIMIT") buckets=$(original_of "$BUCKETS")
    wanted=$ENTRIES # exactly: a flood is to find it full
    [[ $mode == synflood ]] || wanted=$((ENTRIES > limit ? ENTRIES : limit))
    ((wanted >= limit || $(<"$TRACKED") <= wanted / 2)) ||
        skip "the machine tracks $(<"$TRACKED") connections of its own, for which a limit of $wanted would hold, too"
    entries=$(entries_in_memory)

    # The limit first, which may be low; the buckets last: with few of them the kernel takes long to find what it has to free.
    clean_up() {
        put_back "$LIMIT" "$limit"
        delete_namespace
        [[ -z $entries ]] || wait_for_teardown
        put_back "$BUCKETS" "$buckets"
    }
    change "$LIMIT" "$limit" "$wanted"
    change "$BUCKETS" "$buckets" $((ENTRIES > buckets ? ENTRIES : buckets))
}

clean_up() { delete_namespace; }
[[ $variant == forward ]] || size_table

ip netns add "$PREFIX" 2>/dev/null || skip "network namespaces cannot be made, or $PREFIX is one"
made=yes
inside() { ip netns exec "$PREFIX" "$@"; }
inside sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
    net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1

for side in in out; do
    inside ip link add "${side}0" type veth peer name "${side}1"
    inside ip link set "${side}1" arp off up
    inside ip link set "${side}0" up
done
inside ip address add 192.168.0.1/30 dev in0
inside ip address add 198.51.100.2/30 dev out0
inside ip neighbour add 192.168.0.2 lladdr 02:00:00:00:00:01 dev in0 nud permanent
inside ip neighbour add 198.51.100.1 lladdr 02:00:00:00:00:02 dev out0 nud permanent
inside ip route add 10.0.0.0/8 via 192.168.0.2
inside ip route add default via 198.51.100.1

translate() {
    # Checksums have been looked at by a NIC, where there is one. In a check netfilter looks as well, and drops what is wrong.
    inside sysctl -q net.netfilter.nf_conntrack_checksum=${#verify[@]}

    # As long as this router's: of ten million connections one is seen again after half a minute.
    inside sysctl -q net.netfilter.nf_conntrack_udp_timeout=300 net.netfilter.nf_conntrack_udp_timeout_stream=300
    inside nft -f - <<'NFT'
table ip compare {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "in0" ct state new accept
    }
    chain source {
        type nat hook postrouting priority srcnat;
        iifname "in0" oifname "out0" snat to 203.0.113.1-203.0.113.254
    }
}
NFT
}

# The kernel hooks connection tracking into a namespace when a rule there asks for it. None does; should it be hooked
# nevertheless, the traffic is in the namespace's table.
expect_untracked() {
    local tracked=0
    ! inside test -r "$TRACKED" || tracked=$(inside cat "$TRACKED")
    ((tracked == 0)) || die "the kernel tracked $tracked connections of a namespace without rules: this is not its floor"
}

[[ $variant == forward ]] || translate
mkdir -p "$RUNTIME"

# Not by the function: what is started has to be the program itself, which is to be ended.
ip netns exec "$PREFIX" taskset -c "$WORKER_CPU" "$FEED" in0 in1 out0 out1 \
    "$RUNTIME/dpdk_telemetry.v2" "$mode" "$flows" "$size" "${verify[@]}" "${translation[@]}" \
    </dev/null >&2 &
started+=("$!")
serve "$!"
[[ $variant == nat ]] || expect_untracked
