#!/usr/bin/env bash
# This router: the same process and configuration file that routes between NICs, with generators as its ports.
# ROUTER is dataplane.dll.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[[ -r ${ROUTER:-} ]] || die "ROUTER=${ROUTER:-}: is not the router's assembly"

# A flood has ports of its own on both sides.
queues=$(worker_count) flood_ports='' flood_routes='' flood_filter='' flood_source=''
if [[ -n $FLOOD ]]; then
    flood_ports=",
    \"flood\": { \"Device\": \"vdev:net_generator2,neighbour=192.168.1.2,$FLOOD\", \"Addresses\": [\"192.168.1.1/30\"] },
    \"flooded\": { \"Device\": \"vdev:net_generator3,peer=net_generator2,neighbour=198.51.100.5\", \"Addresses\": [\"198.51.100.6/30\"] }"
    flood_routes='"10.1.0.0/16": { "Via": "192.168.1.2" }, "198.19.0.0/16": { "Via": "198.51.100.5" },'
    flood_filter=', "20": { "Match": { "In": "flood" }, "Do": "accept" }'
    flood_source=', "20": { "Match": { "In": "flood", "Out": "flooded" }, "To": "pool:public" }'
fi

inside="vdev:net_generator0,neighbour=192.168.0.2,$INSIDE" drivers="\"$GENERATOR\""
outside="vdev:net_generator1,peer=net_generator0,neighbour=198.51.100.1${OUTSIDE:+,$OUTSIDE}"
[[ -z $INSIDE_PCI ]] || inside=$INSIDE_PCI outside=$OUTSIDE_PCI drivers=''

# A gateway stands for all hosts of a side, so that neighbours are not what is measured.
cat >"$work/config.json" <<JSON
{
  "Cores": "$WORKER_CPU",
  "Drivers": [$drivers],
  "Ports": {
    "inside": { "Device": "$inside", "Addresses": ["192.168.0.1/30"], "Queues": $queues },
    "outside": { "Device": "$outside", "Addresses": ["198.51.100.2/30"], "Queues": $queues }$flood_ports
  },
  "Routes": { $flood_routes "10.0.0.0/8": { "Via": "192.168.0.2" }, "0.0.0.0/0": { "Via": "198.51.100.1" } },
  "Pools": { "public": { "Addresses": "203.0.113.1-203.0.113.254", "Ports": "1024-65535" } },
  "Filter": { "Default": "drop", "10": { "Match": { "In": "inside" }, "Do": "accept" }$flood_filter },
  "Source": { "10": { "Match": { "In": "inside", "Out": "outside" }, "To": "pool:public" }$flood_source },
  "Conntrack": {
    "MaxEntries": $ENTRIES, "Capacity": $ENTRIES,
    "Timeouts": { "UdpUnreplied": "5m", "UdpReplied": "5m", "UdpStream": "5m" }
  },
  "Control": { "Socket": "$work/control.sock", "FilePrefix": "$PREFIX" }
}
JSON
taskset -c "$CONTROL_CPU" dotnet "$ROUTER" run -c "$work/config.json" </dev/null >&2 &
started+=("$!")
serve "$!"
