/*
 * Receive bursts of the device under test: packets are generated here.
 *
 * A burst goes in passes, so that the memory of many flows is fetched at once: choose the flows and prefetch what
 * is kept of them; take mbufs; copy the template and patch what varies, with the checksums put together from the
 * template's sum and the words that vary. One function is compiled for each family and kind of traffic.
 */
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "gen_choose.h"

/* What varies in a packet; network order. */
struct varying {
	uint32_t source, destination;
	uint64_t destination6[2]; /* an IPv6 reply's */
	uint16_t sport, dport;
	uint32_t sequence, acknowledgment;
	uint64_t tag; /* in its first six bytes */
};

/* ---- what ---- */

static inline uint64_t tag_of(uint32_t flow, uint32_t stamp)
{
	return rte_cpu_to_be_64(((uint64_t)flow << 24 | stamp) << 16);
}

static inline bool read_endpoint6(const struct gen_endpoint6 *endpoint, struct varying *packet)
{
	uint32_t version = __atomic_load_n(&endpoint->version, __ATOMIC_ACQUIRE);

	packet->destination6[0] = __atomic_load_n(&endpoint->address[0], __ATOMIC_RELAXED);
	packet->destination6[1] = __atomic_load_n(&endpoint->address[1], __ATOMIC_RELAXED);
	packet->dport = (uint16_t)__atomic_load_n(&endpoint->port, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return (version & 1) == 0 && __atomic_load_n(&endpoint->version, __ATOMIC_RELAXED) == version;
}

/* Where a flow's replies go. False: it is being written at this moment. */
static inline bool read_endpoint(const struct gen_shared *shared, uint32_t flow, uint32_t family,
				 struct varying *packet)
{
	if (family == 6)
		return read_endpoint6(&shared->endpoints6[flow], packet);
	uint64_t word = __atomic_load_n(&shared->endpoints4[flow], __ATOMIC_RELAXED);
	struct gen_endpoint4 endpoint;

	memcpy(&endpoint, &word, sizeof(endpoint));
	packet->destination = endpoint.address;
	packet->dport = endpoint.port;
	return true;
}

/* TCP's part of an established flow's packet: which segment, its numbers, and the state that sending it leads to.
 */
static inline const struct gen_template *next_segment(const struct gen_rx_queue *queue, uint32_t flow,
						      enum gen_kind kind, struct varying *packet)
{
	struct gen_numbers *numbers = &queue->side->numbers[flow];
	uint8_t state = gen_state_of(queue->side, flow);
	uint32_t received = __atomic_load_n(&numbers->received, __ATOMIC_RELAXED);
	bool syn = kind == GEN_KIND_FORWARD ? state <= GEN_SENT : state < GEN_OPEN;
	const struct gen_template *template = &queue->templates[GEN_TEMPLATE_DATA];
	uint32_t sequence = numbers->next, advance = template->payload;

	if (unlikely(syn)) {
		sequence = gen_first_sequence(flow, kind != GEN_KIND_FORWARD);
		advance = 1;
		template = &queue->templates[kind == GEN_KIND_FORWARD ? GEN_TEMPLATE_SYN : GEN_TEMPLATE_SYN_ACK];
		if (kind == GEN_KIND_FORWARD)
			received = 0;
	}
	if (unlikely(kind == GEN_KIND_FORWARD && state == GEN_CLOSED))
		gen_set_state(queue->side, flow, GEN_SENT);
	if (unlikely(kind == GEN_KIND_FORWARD && state == GEN_ANSWERED))
		gen_set_state(queue->side, flow, GEN_OPEN);
	if (unlikely(kind == GEN_KIND_REPLY && state == GEN_HEARD))
		gen_set_state(queue->side, flow, GEN_ANSWERED);
	__atomic_store_n(&numbers->next, sequence + advance, __ATOMIC_RELAXED); /* a receiver may verify by it */
	packet->sequence = rte_cpu_to_be_32(sequence);
	packet->acknowledgment = rte_cpu_to_be_32(received);
	return template;
}

/* The next tuple that was not used yet; its number's low 24 bits are the flow. */
static inline uint32_t next_new(struct gen_rx_queue *queue, struct varying *packet)
{
	const struct gen_traffic *traffic = &queue->shared->traffic;
	uint32_t flow = (uint32_t)queue->walk & (GEN_FLOWS_MAX - 1);

	packet->source = rte_cpu_to_be_32(traffic->source.low + queue->walk_host);
	packet->sport = rte_cpu_to_be_16((uint16_t)queue->walk_port);
	packet->destination = gen_flow_destination(queue->shared, flow);
	if (unlikely(++queue->walk == queue->walk_end)) {
		gen_walk_to(queue, queue->walk_first);
	} else if (unlikely(++queue->walk_host == traffic->source.count)) {
		queue->walk_host = 0;
		queue->walk_port++;
	}
	return flow;
}

static inline uint32_t next_flood(struct gen_rx_queue *queue, struct varying *packet)
{
	const struct gen_traffic *traffic = &queue->shared->traffic;
	uint64_t first = gen_random(&queue->random), second = gen_random(&queue->random);
	uint32_t flow = (uint32_t)second & (GEN_FLOWS_MAX - 1);

	packet->source = rte_cpu_to_be_32(traffic->source.low + gen_below(first, traffic->source.count));
	packet->sport =
		rte_cpu_to_be_16((uint16_t)(traffic->sport_first + gen_below(second, traffic->sport_count)));
	packet->destination = gen_flow_destination(queue->shared, flow);
	return flow;
}

/* Copies the template, short ones in whole lines, and patches what varies. */
static __rte_always_inline void write_frame(uint8_t *frame, const struct gen_template *template,
					    const struct varying *packet, uint32_t family, uint32_t protocol,
					    enum gen_kind kind)
{
	uint8_t *l4 = frame + gen_l4_offset(family);
	uint64_t sum = packet->source;

	if (likely(template->length <= RTE_CACHE_LINE_SIZE))
		memcpy(frame, template->bytes, RTE_CACHE_LINE_SIZE);
	else if (template->length <= 2 * RTE_CACHE_LINE_SIZE)
		memcpy(frame, template->bytes, 2 * RTE_CACHE_LINE_SIZE);
	else
		memcpy(frame, template->bytes, template->length);

	gen_store32(frame + gen_source_offset(family), packet->source);
	if (family == 6 && kind == GEN_KIND_REPLY) {
		memcpy(frame + gen_destination_offset(6) - 12, packet->destination6, 16);
		sum += gen_sum((const uint8_t *)packet->destination6, 16);
	} else {
		gen_store32(frame + gen_destination_offset(family), packet->destination);
		sum += packet->destination;
	}
	if (family == 4)
		gen_store16(frame + GEN_L3 + 10, gen_fold(template->ip_sum + sum));

	gen_store16(l4, packet->sport);
	gen_store16(l4 + 2, packet->dport);
	sum += template->l4_sum + packet->sport + packet->dport;
	if (protocol == IPPROTO_TCP) {
		gen_store32(l4 + 4, packet->sequence);
		gen_store32(l4 + 8, packet->acknowledgment);
		sum += (uint64_t)packet->sequence + packet->acknowledgment;
	}
	if (protocol == IPPROTO_UDP || template->payload > 0) {
		uint8_t *tag = l4 + gen_l4_bytes(protocol);

		gen_store32(tag, (uint32_t)packet->tag);
		gen_store16(tag + 4, (uint16_t)(packet->tag >> 32));
		sum += (packet->tag & UINT32_MAX) + (packet->tag >> 32);
	}
	uint16_t checksum = gen_fold(sum);
	if (protocol == IPPROTO_UDP)
		gen_store16(l4 + 6, checksum == 0 ? UINT16_MAX : checksum); /* RFC 768: 0 says "none" */
	else
		gen_store16(l4 + 16, checksum);
}

/* The state of a UDP flow moves by sending in its opening only; a reply may have moved it since it was chosen. */
static inline void note_sent(const struct gen_rx_queue *queue, uint32_t flow, enum gen_kind kind)
{
	uint8_t state = gen_state_of(queue->side, flow);

	if (kind == GEN_KIND_FORWARD && state == GEN_CLOSED)
		gen_set_state(queue->side, flow, GEN_SENT);
	if (kind == GEN_KIND_REPLY && state == GEN_HEARD)
		gen_set_state(queue->side, flow, GEN_ANSWERED);
}

/* Makes one packet. False: it cannot be made now, and the mbuf is as it was. */
static __rte_always_inline bool generate(struct gen_rx_queue *queue, struct rte_mbuf *mbuf, uint32_t flow,
					 uint32_t stamp, uint32_t family, uint32_t protocol, enum gen_kind kind)
{
	const struct gen_shared *shared = queue->shared;
	const struct gen_template *template =
		&queue->templates[protocol == IPPROTO_UDP ? GEN_TEMPLATE_DATA : GEN_TEMPLATE_SYN];
	struct varying packet = {.dport = rte_cpu_to_be_16(shared->traffic.dport)};

	if (kind == GEN_KIND_NEW || kind == GEN_KIND_FLOOD) {
		flow = kind == GEN_KIND_NEW ? next_new(queue, &packet) : next_flood(queue, &packet);
		packet.sequence = rte_cpu_to_be_32(flow << 8);
	} else if (kind == GEN_KIND_FORWARD) {
		struct gen_tuple tuple = gen_flow_tuple(shared, flow);

		packet.source = tuple.source;
		packet.destination = tuple.destination;
		packet.sport = tuple.sport;
	} else {
		packet.source = gen_flow_destination(shared, flow);
		packet.sport = packet.dport;
		if (!read_endpoint(shared, flow, family, &packet))
			return false;
	}
	if (protocol == IPPROTO_TCP && (kind == GEN_KIND_FORWARD || kind == GEN_KIND_REPLY))
		template = next_segment(queue, flow, kind, &packet);
	else if (kind != GEN_KIND_NEW && kind != GEN_KIND_FLOOD && unlikely(queue->opening))
		note_sent(queue, flow, kind);
	packet.tag = tag_of(flow, stamp);

	memcpy(gen_rearm(mbuf), &queue->rearm, sizeof(queue->rearm));
	mbuf->ol_flags = queue->ol_flags;
	mbuf->packet_type = template->packet_type;
	mbuf->pkt_len = template->length;
	mbuf->data_len = template->length;
	mbuf->vlan_tci = 0;
	mbuf->hash.rss =
		(packet.source ^ packet.destination ^ (uint32_t)packet.sport << 16 ^ packet.dport) * 0x9e3779b1u;
	write_frame(rte_pktmbuf_mtod(mbuf, uint8_t *), template, &packet, family, protocol, kind);
	return true;
}

/* Whether a transmit queue whose answers this queue gives has made one. */
static inline bool answers_wait(const struct gen_rx_queue *queue)
{
	const struct gen_port *port = queue->port;
	bool wait = false;

	for (uint16_t from = queue->id; from < port->tx_queues; from += port->rx_queues)
		wait |= gen_answers_wait(&port->tx[from]->answers);
	return wait;
}

static __rte_always_inline uint16_t send_burst(struct gen_rx_queue *queue, struct rte_mbuf **mbufs, uint16_t count,
					       uint32_t family, uint32_t protocol, enum gen_kind kind)
{
	uint32_t flows[GEN_BURST];
	uint64_t now = rte_rdtsc();
	uint64_t bytes = 0;
	uint16_t made = 0;

	gen_obey(queue, now);
	if (unlikely(answers_wait(queue)))
		return gen_answers_take(queue, mbufs, count);
	if (unlikely(queue->interval == GEN_PAUSED))
		return 0;
	bool paced = queue->interval != 0 && !queue->opening;
	count = RTE_MIN(count, GEN_BURST);
	if (paced)
		count = gen_due_by(queue, now, count);
	count = gen_choose(queue, flows, count, now, family, protocol, kind);
	if (count == 0)
		return 0;
	if (unlikely(rte_mempool_get_bulk(queue->pool, (void **)mbufs, count) != 0)) {
		gen_count(&queue->counters[GEN_RX_NO_MBUF], count);
		return 0;
	}
	uint32_t stamp = gen_stamp(queue->shared, now);
	for (uint16_t index = 0; index < count; index++) {
		if (paced) {
			stamp = gen_stamp(queue->shared, queue->pace_base + (queue->due >> 16));
			queue->due += queue->interval;
		}
		struct rte_mbuf *mbuf = mbufs[made];
		if (unlikely(!generate(queue, mbuf, flows[index], stamp, family, protocol, kind)))
			continue;
		bytes += mbuf->data_len;
		made++;
	}
	if (unlikely(made < count))
		rte_mempool_put_bulk(queue->pool, (void **)&mbufs[made], count - made);
	gen_count(&queue->counters[GEN_RX_SENT], made);
	gen_count(&queue->counters[GEN_RX_BYTES], bytes);
	return made;
}

/* ---- one function for each kind ---- */

#define SEND(name, family, protocol, kind)                                                                        \
	static uint16_t name(void *queue, struct rte_mbuf **mbufs, uint16_t count)                                \
	{                                                                                                         \
		return send_burst(queue, mbufs, count, family, protocol, kind);                                   \
	}

SEND(send_udp4_forward, 4, IPPROTO_UDP, GEN_KIND_FORWARD)
SEND(send_udp4_reply, 4, IPPROTO_UDP, GEN_KIND_REPLY)
SEND(send_tcp4_forward, 4, IPPROTO_TCP, GEN_KIND_FORWARD)
SEND(send_tcp4_reply, 4, IPPROTO_TCP, GEN_KIND_REPLY)
SEND(send_udp4_new, 4, IPPROTO_UDP, GEN_KIND_NEW)
SEND(send_tcp4_new, 4, IPPROTO_TCP, GEN_KIND_NEW)
SEND(send_tcp4_flood, 4, IPPROTO_TCP, GEN_KIND_FLOOD)
SEND(send_udp6_forward, 6, IPPROTO_UDP, GEN_KIND_FORWARD)
SEND(send_udp6_reply, 6, IPPROTO_UDP, GEN_KIND_REPLY)
SEND(send_tcp6_forward, 6, IPPROTO_TCP, GEN_KIND_FORWARD)
SEND(send_tcp6_reply, 6, IPPROTO_TCP, GEN_KIND_REPLY)
SEND(send_udp6_new, 6, IPPROTO_UDP, GEN_KIND_NEW)
SEND(send_tcp6_new, 6, IPPROTO_TCP, GEN_KIND_NEW)
SEND(send_tcp6_flood, 6, IPPROTO_TCP, GEN_KIND_FLOOD)

/* The outside of traffic that gets no replies: only answers to ARP and ND. */
static uint16_t send_nothing(void *queue, struct rte_mbuf **mbufs, uint16_t count)
{
	gen_obey(queue, rte_rdtsc());
	return gen_answers_take(queue, mbufs, count);
}

gen_burst gen_send_function(const struct gen_port *port)
{
	const struct gen_traffic *traffic = &port->shared->traffic;
	bool outside = port->role == GEN_OUTSIDE, four = traffic->family == 4;

	switch (traffic->mode) {
	case GEN_UDP:
		return outside ? (four ? send_udp4_reply : send_udp6_reply)
			       : (four ? send_udp4_forward : send_udp6_forward);
	case GEN_TCP:
		return outside ? (four ? send_tcp4_reply : send_tcp6_reply)
			       : (four ? send_tcp4_forward : send_tcp6_forward);
	case GEN_NEW:
		if (outside)
			return send_nothing;
		return traffic->protocol == IPPROTO_UDP ? (four ? send_udp4_new : send_udp6_new)
							: (four ? send_tcp4_new : send_tcp6_new);
	case GEN_SYNFLOOD:
	default:
		return outside ? send_nothing : four ? send_tcp4_flood : send_tcp6_flood;
	}
}
