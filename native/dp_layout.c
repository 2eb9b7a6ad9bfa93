/* The mbuf layout this shim was compiled with, under the names of the managed mirror. */
#include <stddef.h>

#include <rte_mbuf.h>

#include "dp_shim.h"

#define FIELD(managed, member)                                                                                    \
	{                                                                                                         \
		managed, offsetof(struct rte_mbuf, member), sizeof(((struct rte_mbuf *)NULL)->member)             \
	}

static const struct dp_layout_field fields[] = {
	FIELD("BufferAddress", buf_addr),
	FIELD("BufferIova", buf_iova),
	FIELD("DataOffset", data_off),
	FIELD("ReferenceCount", refcnt),
	FIELD("SegmentCount", nb_segs),
	FIELD("Port", port),
	FIELD("Flags", ol_flags),
	FIELD("PacketType", packet_type),
	FIELD("PacketLength", pkt_len),
	FIELD("DataLength", data_len),
	FIELD("VlanTci", vlan_tci),
	FIELD("RssHash", hash.rss),
	FIELD("VlanTciOuter", vlan_tci_outer),
	FIELD("BufferLength", buf_len),
	FIELD("Pool", pool),
	FIELD("Next", next),
	FIELD("TxOffload", tx_offload),
	FIELD("SharedInfo", shinfo),
	FIELD("PrivateSize", priv_size),
	FIELD("Timesync", timesync),
};

static const struct dp_layout_value values[] = {
	{"SizeBytes", sizeof(struct rte_mbuf)},
	{"HeadroomBytes", RTE_PKTMBUF_HEADROOM},
	{"RxVlanStripped", RTE_MBUF_F_RX_VLAN_STRIPPED},
	{"RxL4ChecksumBad", RTE_MBUF_F_RX_L4_CKSUM_BAD},
	{"RxIpChecksumBad", RTE_MBUF_F_RX_IP_CKSUM_BAD},
	{"RxIpChecksumGood", RTE_MBUF_F_RX_IP_CKSUM_GOOD},
	{"RxL4ChecksumGood", RTE_MBUF_F_RX_L4_CKSUM_GOOD},
};

const struct dp_layout_field *dp_layout_fields(uint32_t *count)
{
	*count = sizeof(fields) / sizeof(fields[0]);
	return fields;
}

const struct dp_layout_value *dp_layout_values(uint32_t *count)
{
	*count = sizeof(values) / sizeof(values[0]);
	return values;
}
