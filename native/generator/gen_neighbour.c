/*
 * Answers to ARP (RFC 826) and neighbour solicitations (RFC 4861) for the hosts that the port stands for, so that
 * a router under test finds them as it would find real ones. A transmit queue makes the answer, a receive queue of
 * the same port gives it.
 */
#include <rte_arp.h>

#include "gen_frame.h"

#define ARP_BYTES	 (RTE_ETHER_HDR_LEN + (uint32_t)sizeof(struct rte_arp_hdr))
#define ND_TARGET	 8u /* offsets and lengths in the ICMPv6 message */
#define ND_OPTION	 24u
#define ND_BYTES	 32u
#define ND_SOLICITATION	 135u
#define ND_ADVERTISEMENT 136u
#define ND_FLAGS	 0x60u /* solicited, override: RFC 4861 section 7.2.4 */
#define ND_FLAGS_TO_ALL	 0x20u /* override: the answer to a duplicate address detection */
#define ND_OPTION_TARGET 2u
#define ND_HOPS		 255u

static bool within(const struct gen_range *range, uint32_t family, const uint8_t *address)
{
	uint32_t low = rte_be_to_cpu_32(gen_load32(address + (family == 4 ? 0 : 12)));

	return low - range->low < range->count &&
	       (family == 4 || memcmp(address, range->high, sizeof(range->high)) == 0);
}

/* Whether the port answers for an address: its side's hosts, and the next hop it was given. */
static bool stands_for(const struct gen_port *port, uint32_t family, const uint8_t *address)
{
	const struct gen_traffic *traffic = &port->shared->traffic;

	if (port->options.neighbour_family == family && within(&port->options.neighbour, family, address))
		return true;
	if (traffic->family != family)
		return false;
	return (port->role != GEN_OUTSIDE && within(&traffic->source, family, address)) ||
	       (port->role != GEN_INSIDE && within(&traffic->destination, family, address));
}

/* Space for an answer; NULL: too many wait, and whoever asked will ask again. */
static uint8_t *reserve(struct gen_answers *answers, uint16_t bytes)
{
	uint32_t tail = __atomic_load_n(&answers->tail, __ATOMIC_ACQUIRE);

	if (answers->head - tail == GEN_ANSWERS)
		return NULL;
	answers->slots[answers->head % GEN_ANSWERS].length = bytes;
	return answers->slots[answers->head % GEN_ANSWERS].bytes;
}

static void publish(struct gen_tx_queue *queue)
{
	__atomic_store_n(&queue->answers.head, queue->answers.head + 1, __ATOMIC_RELEASE);
}

static void write_link(uint8_t *answer, const struct gen_port *port, const uint8_t *to, uint16_t type)
{
	memcpy(answer, to, RTE_ETHER_ADDR_LEN);
	memcpy(answer + RTE_ETHER_ADDR_LEN, &port->options.remote_mac, RTE_ETHER_ADDR_LEN);
	gen_store16(answer + 2 * RTE_ETHER_ADDR_LEN, rte_cpu_to_be_16(type));
}

static bool answer_arp(struct gen_tx_queue *queue, const uint8_t *frame, uint32_t bytes)
{
	struct rte_arp_hdr arp;

	if (bytes < ARP_BYTES)
		return false;
	memcpy(&arp, frame + RTE_ETHER_HDR_LEN, sizeof(arp));
	if (arp.arp_hardware != rte_cpu_to_be_16(RTE_ARP_HRD_ETHER) ||
	    arp.arp_protocol != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) ||
	    arp.arp_opcode != rte_cpu_to_be_16(RTE_ARP_OP_REQUEST) ||
	    !stands_for(queue->port, 4, (const uint8_t *)&arp.arp_data.arp_tip))
		return false;

	uint8_t *answer = reserve(&queue->answers, 60);
	if (answer == NULL)
		return true;
	uint32_t asked = arp.arp_data.arp_tip;
	memset(answer, 0, 60);
	write_link(answer, queue->port, arp.arp_data.arp_sha.addr_bytes, RTE_ETHER_TYPE_ARP);
	arp.arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REPLY);
	arp.arp_data.arp_tha = arp.arp_data.arp_sha;
	arp.arp_data.arp_tip = arp.arp_data.arp_sip;
	arp.arp_data.arp_sha = queue->port->options.remote_mac;
	arp.arp_data.arp_sip = asked;
	memcpy(answer + RTE_ETHER_HDR_LEN, &arp, sizeof(arp));
	publish(queue);
	return true;
}

static bool answer_solicitation(struct gen_tx_queue *queue, const uint8_t *frame, uint32_t bytes)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1},
			     all_nodes_mac[RTE_ETHER_ADDR_LEN] = {0x33, 0x33, [5] = 1};
	static const uint8_t unspecified[16];
	const uint8_t *ip = frame + GEN_L3, *message = ip + 40;

	if (bytes < GEN_L3 + 40 + ND_OPTION || ip[0] >> 4 != 6 || ip[6] != IPPROTO_ICMPV6 || ip[7] != ND_HOPS ||
	    message[0] != ND_SOLICITATION || !stands_for(queue->port, 6, message + ND_TARGET))
		return false;

	uint8_t *answer = reserve(&queue->answers, GEN_L3 + 40 + ND_BYTES);
	if (answer == NULL)
		return true;
	bool to_all = memcmp(ip + 8, unspecified, sizeof(unspecified)) == 0;
	memset(answer, 0, GEN_L3 + 40 + ND_BYTES);
	write_link(answer, queue->port, to_all ? all_nodes_mac : frame + RTE_ETHER_ADDR_LEN, RTE_ETHER_TYPE_IPV6);
	uint8_t *to = answer + GEN_L3, *advertisement = to + 40;
	to[0] = 0x60;
	gen_store16(to + 4, rte_cpu_to_be_16(ND_BYTES));
	to[6] = IPPROTO_ICMPV6;
	to[7] = ND_HOPS;
	memcpy(to + 8, message + ND_TARGET, 16);
	memcpy(to + 24, to_all ? all_nodes : ip + 8, 16);
	advertisement[0] = ND_ADVERTISEMENT;
	advertisement[4] = to_all ? ND_FLAGS_TO_ALL : ND_FLAGS;
	memcpy(advertisement + ND_TARGET, message + ND_TARGET, 16);
	advertisement[ND_OPTION] = ND_OPTION_TARGET;
	advertisement[ND_OPTION + 1] = 1;
	memcpy(advertisement + ND_OPTION + 2, &queue->port->options.remote_mac, RTE_ETHER_ADDR_LEN);
	gen_store16(advertisement + 2, gen_fold(gen_sum(to + 8, 32) + gen_sum(advertisement, ND_BYTES) +
						gen_pseudo_sum(IPPROTO_ICMPV6, ND_BYTES)));
	publish(queue);
	return true;
}

void gen_other_frame(struct gen_tx_queue *queue, const struct rte_mbuf *mbuf)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	bool request = false;

	if (mbuf->nb_segs == 1 && mbuf->data_len >= RTE_ETHER_HDR_LEN) {
		uint16_t type = rte_be_to_cpu_16(gen_load16(frame + 2 * RTE_ETHER_ADDR_LEN));

		if (type == RTE_ETHER_TYPE_ARP)
			request = answer_arp(queue, frame, mbuf->data_len);
		else if (type == RTE_ETHER_TYPE_IPV6)
			request = answer_solicitation(queue, frame, mbuf->data_len);
	}
	gen_count(&queue->counters[request ? GEN_TX_REQUESTS : GEN_TX_OTHER], 1);
}

uint16_t gen_answers_take(struct gen_rx_queue *queue, struct rte_mbuf **mbufs, uint16_t count)
{
	const struct gen_port *port = queue->port;
	uint16_t taken = 0;

	for (uint16_t from = queue->id; from < port->tx_queues && taken < count; from += port->rx_queues) {
		struct gen_answers *answers = &port->tx[from]->answers;
		uint32_t head = __atomic_load_n(&answers->head, __ATOMIC_ACQUIRE);

		while (answers->tail != head && taken < count) {
			struct rte_mbuf *mbuf = rte_pktmbuf_alloc(queue->pool);
			if (mbuf == NULL) {
				gen_count(&queue->counters[GEN_RX_NO_MBUF], 1);
				return taken;
			}
			uint16_t length = answers->slots[answers->tail % GEN_ANSWERS].length;
			memcpy(rte_pktmbuf_append(mbuf, length), answers->slots[answers->tail % GEN_ANSWERS].bytes,
			       length);
			mbuf->port = port->id;
			__atomic_store_n(&answers->tail, answers->tail + 1, __ATOMIC_RELEASE);
			mbufs[taken++] = mbuf;
		}
	}
	gen_count(&queue->counters[GEN_RX_ANSWERS], taken);
	return taken;
}
