/*
 * Checks of what comes back: checksums, the header that a translation must leave alone or restore, the payload.
 *
 * A translation changes addresses, ports and checksums, and a router one field more: all else has to be as it was
 * sent. TCP's numbers are compared with those that their sender has reached by now, so that they need not be in
 * the packet a second time: a segment begins and acknowledges at a whole number of payloads behind that, which no
 * other number than a right one does except by the same multiple.
 */
#include <inttypes.h>
#include <stdio.h>

#include "gen_frame.h"

#define SHOWN_MAX 4u /* wrong packets of a queue that are logged */

static __rte_cold bool wrong(struct gen_tx_queue *queue, const struct rte_mbuf *mbuf, enum gen_tx_counter counter,
			     const char *what)
{
	gen_count(&queue->counters[counter], 1);
	if (queue->shown++ >= SHOWN_MAX)
		return false;

	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	uint32_t bytes = RTE_MIN((uint32_t)mbuf->data_len, 80u);
	char text[3 * 80 + 1];

	for (uint32_t index = 0; index < bytes; index++)
		snprintf(text + 3 * index, 4, " %02x", frame[index]);
	GEN_LOG(WARNING, "port %u got a packet with a wrong %s:%s\n", queue->port->id, what, text);
	return false;
}

static bool in_range(const struct gen_range *range, uint32_t family, const uint8_t *last_word)
{
	uint32_t low = rte_be_to_cpu_32(gen_load32(last_word));

	return low - range->low < range->count && (family == 4 || memcmp(last_word - 12, range->high, 12) == 0);
}

static bool is_host(const struct gen_range *range, uint32_t family, const uint8_t *last_word, uint32_t address)
{
	return gen_load32(last_word) == address && (family == 4 || memcmp(last_word - 12, range->high, 12) == 0);
}

static bool is_forward(const struct gen_traffic *traffic, const uint8_t *frame, const struct gen_tuple *tuple)
{
	const uint8_t *l4 = frame + gen_l4_offset(traffic->family);

	if (!is_host(&traffic->destination, traffic->family, frame + gen_destination_offset(traffic->family),
		     tuple->destination) ||
	    gen_load16(l4 + 2) != rte_cpu_to_be_16(traffic->dport) || gen_load16(l4) == 0)
		return false;
	return !traffic->has_nat ||
	       in_range(&traffic->nat, traffic->family, frame + gen_source_offset(traffic->family));
}

static bool is_reply(const struct gen_traffic *traffic, const uint8_t *frame, const struct gen_tuple *tuple)
{
	const uint8_t *l4 = frame + gen_l4_offset(traffic->family);

	return is_host(&traffic->destination, traffic->family, frame + gen_source_offset(traffic->family),
		       tuple->destination) &&
	       is_host(&traffic->source, traffic->family, frame + gen_destination_offset(traffic->family),
		       tuple->source) &&
	       gen_load16(l4) == rte_cpu_to_be_16(traffic->dport) && gen_load16(l4 + 2) == tuple->sport;
}

/* What a router does to a packet besides: the link's addresses, one hop less. */
static bool is_routed(const struct gen_port *port, const uint8_t *frame)
{
	uint8_t hops = frame[GEN_L3 + (port->shared->traffic.family == 4 ? 8 : 7)];

	return memcmp(frame, &port->options.remote_mac, RTE_ETHER_ADDR_LEN) == 0 &&
	       memcmp(frame + RTE_ETHER_ADDR_LEN, &port->options.mac, RTE_ETHER_ADDR_LEN) == 0 &&
	       hops == GEN_TTL - 1;
}

/* The rest of the IP header as it was sent: services, identification and fragmentation, or the flow label. */
static bool ip_is_untouched(const struct gen_traffic *traffic, const uint8_t *frame)
{
	const uint8_t *ip = frame + GEN_L3;

	if (traffic->family == 6)
		return gen_load32(ip) == rte_cpu_to_be_32(6u << 28);
	return ip[1] == 0 && gen_load32(ip + 4) == rte_cpu_to_be_32(GEN_FRAGMENT);
}

/* Whether a number is whole payloads behind another, from `least` bytes to half of all numbers. */
static bool is_behind(uint32_t limit, uint32_t number, uint32_t payload, uint32_t least)
{
	uint32_t distance = limit - number;

	return distance >= least && distance <= INT32_MAX && distance % payload == 0;
}

/* The numbers of a segment, which the senders of both sides know; `outside` is the side that it came to. */
static bool numbers_are_right(const struct gen_shared *shared, const struct gen_seen *seen, const uint8_t *tcp,
			      enum gen_template_kind kind, bool outside)
{
	const struct gen_traffic *traffic = &shared->traffic;
	uint32_t acknowledgment = rte_be_to_cpu_32(gen_load32(tcp + 8));

	if (kind == GEN_TEMPLATE_SYN)
		return seen->sequence == gen_first_sequence(seen->flow, false) && acknowledgment == 0;

	const struct gen_numbers *from = &shared->sides[!outside].numbers[seen->flow];
	const struct gen_numbers *to = &shared->sides[outside].numbers[seen->flow];
	uint32_t payload = traffic->frame - gen_l4_offset(traffic->family) - 20;
	bool follows = kind == GEN_TEMPLATE_SYN_ACK ? seen->sequence == gen_first_sequence(seen->flow, true)
						    : is_behind(__atomic_load_n(&from->next, __ATOMIC_RELAXED),
								seen->sequence, payload, payload);

	return follows && is_behind(__atomic_load_n(&to->next, __ATOMIC_RELAXED), acknowledgment, payload, 0);
}

/* The rest of the L4 header as it was sent: UDP's length; of TCP flags, header length, window, numbers. */
static bool l4_is_untouched(const struct gen_port *port, const uint8_t *frame, const struct gen_seen *seen,
			    uint32_t length)
{
	const struct gen_shared *shared = port->shared;
	const struct gen_traffic *traffic = &shared->traffic;
	const uint8_t *l4 = frame + gen_l4_offset(traffic->family);
	bool outside = port->role != GEN_INSIDE;

	if (traffic->protocol == IPPROTO_UDP)
		return gen_load16(l4 + 4) == rte_cpu_to_be_16((uint16_t)length);
	enum gen_template_kind kind = seen->stamped ? GEN_TEMPLATE_DATA
				      : outside	    ? GEN_TEMPLATE_SYN
						    : GEN_TEMPLATE_SYN_ACK;
	if (kind == GEN_TEMPLATE_DATA && traffic->mode != GEN_TCP)
		return false;
	return seen->tcp_flags == gen_tcp_flags(kind) && l4[12] == gen_tcp_bytes(traffic, kind) / 4 << 4 &&
	       gen_load16(l4 + 14) == GEN_WINDOW && gen_load16(l4 + 18) == 0 &&
	       numbers_are_right(shared, seen, l4, kind, outside);
}

static bool header_is_right(const struct gen_port *port, const uint8_t *frame, const struct gen_seen *seen,
			    uint32_t length)
{
	const struct gen_traffic *traffic = &port->shared->traffic;
	struct gen_tuple tuple = gen_flow_tuple(port->shared, seen->flow);
	bool right =
		port->role == GEN_INSIDE ? is_reply(traffic, frame, &tuple) : is_forward(traffic, frame, &tuple);

	return right && (!traffic->routed || is_routed(port, frame)) && ip_is_untouched(traffic, frame) &&
	       l4_is_untouched(port, frame, seen, length);
}

/* Bytes of the IP payload by its header; more than the frame holds: 0. */
static uint32_t l4_length(const struct gen_traffic *traffic, const uint8_t *frame, uint32_t frame_bytes)
{
	const uint8_t *ip = frame + GEN_L3;
	uint32_t field = rte_be_to_cpu_16(gen_load16(ip + (traffic->family == 4 ? 2 : 4)));
	uint32_t length = traffic->family == 4 ? field - 20 : field;

	return length <= frame_bytes - gen_l4_offset(traffic->family) ? length : 0;
}

static bool l4_sums_up(const struct gen_traffic *traffic, const uint8_t *frame, uint32_t length)
{
	uint32_t addresses = traffic->family == 4 ? GEN_L3 + 12 : GEN_L3 + 8;
	uint32_t l4 = gen_l4_offset(traffic->family);

	if (traffic->protocol == IPPROTO_UDP && gen_load16(frame + l4 + 6) == 0)
		return false; /* we send one, and a translation must keep it (RFC 3022 section 4.1) */
	return gen_fold(gen_sum(frame + addresses, traffic->family == 4 ? 8 : 32) + gen_sum(frame + l4, length) +
			gen_pseudo_sum(traffic->protocol, length)) == 0;
}

/* The pattern behind the tag, and the length that was sent. */
static bool payload_is_right(const struct gen_traffic *traffic, const uint8_t *l4, uint32_t length,
			     const struct gen_seen *seen)
{
	if (!seen->stamped)
		return length == seen->l4_bytes;
	if (length != traffic->frame - gen_l4_offset(traffic->family))
		return false;
	for (uint32_t offset = seen->l4_bytes + GEN_TAG_BYTES; offset < length; offset++)
		if (l4[offset] != (uint8_t)offset)
			return false;
	return true;
}

bool gen_verify(struct gen_tx_queue *queue, const struct rte_mbuf *mbuf, const struct gen_seen *seen)
{
	const struct gen_traffic *traffic = &queue->shared->traffic;
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	uint32_t length = l4_length(traffic, frame, mbuf->data_len);

	if (traffic->family == 4 && gen_fold(gen_sum(frame + GEN_L3, 20)) != 0)
		return wrong(queue, mbuf, GEN_TX_BAD_IP_CHECKSUM, "IP checksum");
	if (length < seen->l4_bytes || !l4_sums_up(traffic, frame, length))
		return wrong(queue, mbuf, GEN_TX_BAD_L4_CHECKSUM, "L4 checksum");
	if (!header_is_right(queue->port, frame, seen, length))
		return wrong(queue, mbuf, GEN_TX_BAD_HEADER, "header");
	if (!payload_is_right(traffic, frame + gen_l4_offset(traffic->family), length, seen))
		return wrong(queue, mbuf, GEN_TX_BAD_PAYLOAD, "payload");
	return true;
}
