/*
 * Transmit bursts of the device under test: what was generated comes back here.
 *
 * First pass: what is the frame, of which flow; prefetch what is kept of the flow. Second pass: check it if asked
 * to, learn from it, measure its latency. Every mbuf is freed, so the device under test never sees a full ring.
 */
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mempool.h>
#include <rte_prefetch.h>

#include "gen_frame.h"

static inline uint32_t load24(const uint8_t *at)
{
	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

/* Ours by its headers: the family, the protocol, a first fragment that is whole, no options or extensions. */
static __rte_always_inline bool is_ours(const uint8_t *frame, uint32_t bytes, uint32_t family, uint32_t protocol)
{
	uint32_t l4 = gen_l4_offset(family);
	uint16_t type = rte_be_to_cpu_16(gen_load16(frame + 2 * RTE_ETHER_ADDR_LEN));
	const uint8_t *ip = frame + GEN_L3;

	if (bytes < l4 + gen_l4_bytes(protocol))
		return false;
	if (family == 4)
		return type == RTE_ETHER_TYPE_IPV4 && ip[0] == 0x45 && ip[9] == protocol &&
		       (gen_load16(ip + 6) & rte_cpu_to_be_16(0x3fff)) == 0;
	return type == RTE_ETHER_TYPE_IPV6 && ip[0] >> 4 == 6 && ip[6] == protocol;
}

/* Reads what the frame says of itself. False: it is none of ours. */
static __rte_always_inline bool read_frame(const struct gen_shared *shared, const struct rte_mbuf *mbuf,
					   struct gen_seen *seen, uint32_t family, uint32_t protocol)
{
	const struct gen_traffic *traffic = &shared->traffic;
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	const uint8_t *l4 = frame + gen_l4_offset(family);
	uint32_t bytes = mbuf->data_len;

	if (unlikely(mbuf->nb_segs != 1 || bytes < RTE_ETHER_HDR_LEN || !is_ours(frame, bytes, family, protocol)))
		return false;
	*seen = (struct gen_seen){.l4_bytes = 8};
	if (protocol == IPPROTO_TCP) {
		seen->l4_bytes = (uint16_t)(l4[12] >> 4) * 4;
		seen->tcp_flags = l4[13];
		seen->sequence = rte_be_to_cpu_32(gen_load32(l4 + 4));
		if (seen->tcp_flags & GEN_TCP_RST)
			return false;
		if (seen->tcp_flags & GEN_TCP_SYN) {
			uint32_t isn =
				seen->tcp_flags & GEN_TCP_ACK ? seen->sequence ^ GEN_REPLY_ISN : seen->sequence;
			seen->flow = isn >> 8;
			return traffic->mode >= GEN_NEW || seen->flow < traffic->flows;
		}
	}
	const uint8_t *tag = l4 + seen->l4_bytes;
	if (tag + GEN_TAG_BYTES > frame + bytes)
		return false;
	seen->flow = load24(tag);
	seen->stamp = load24(tag + 3);
	seen->stamped = true;
	return traffic->mode >= GEN_NEW || seen->flow < traffic->flows;
}

static inline void prefetch_flow(const struct gen_tx_queue *queue, uint32_t flow)
{
	const struct gen_shared *shared = queue->shared;

	if (shared->mapping == NULL || queue->port->role == GEN_ALONE)
		return;
	rte_prefetch0(&queue->side->state[flow]);
	if (shared->traffic.mode == GEN_TCP)
		rte_prefetch0(&queue->side->numbers[flow]);
	if (queue->port->role == GEN_INSIDE)
		return;
	if (shared->traffic.family == 4)
		rte_prefetch0(&shared->endpoints4[flow]);
	else
		rte_prefetch0(&shared->endpoints6[flow]);
}

/* True when the translation was known and differs. */
static bool learn4(uint64_t *known, const uint8_t *frame)
{
	struct gen_endpoint4 endpoint = {
		.address = gen_load32(frame + gen_source_offset(4)),
		.port = gen_load16(frame + gen_l4_offset(4)),
		.known = 1,
	};
	uint64_t word, before = __atomic_load_n(known, __ATOMIC_RELAXED);

	memcpy(&word, &endpoint, sizeof(word));
	if (word == before)
		return false;
	__atomic_store_n(known, word, __ATOMIC_RELAXED);
	return before != 0;
}

/* As above. A second queue that learns of the same flow at the same time leaves it to the first. */
static bool learn6(struct gen_endpoint6 *known, const uint8_t *frame)
{
	uint64_t address[2];
	uint32_t port = gen_load16(frame + gen_l4_offset(6));
	uint32_t version = __atomic_load_n(&known->version, __ATOMIC_RELAXED);

	memcpy(address, frame + gen_source_offset(6) - 12, sizeof(address));
	if (version != 0 && __atomic_load_n(&known->port, __ATOMIC_RELAXED) == port &&
	    __atomic_load_n(&known->address[0], __ATOMIC_RELAXED) == address[0] &&
	    __atomic_load_n(&known->address[1], __ATOMIC_RELAXED) == address[1])
		return false;
	if ((version & 1) != 0 || !__atomic_compare_exchange_n(&known->version, &version, version + 1, false,
							       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&known->address[0], address[0], __ATOMIC_RELAXED);
	__atomic_store_n(&known->address[1], address[1], __ATOMIC_RELAXED);
	__atomic_store_n(&known->port, port, __ATOMIC_RELAXED);
	__atomic_store_n(&known->version, version + 2, __ATOMIC_RELEASE);
	return version != 0;
}

/* Moves a flow on and counts that, once also when two queues get packets of it. */
static __rte_noinline void move(struct gen_tx_queue *queue, uint32_t flow, enum gen_state state,
				enum gen_tx_counter counter)
{
	if (__atomic_exchange_n(&queue->side->state[flow], (uint8_t)state, __ATOMIC_ACQ_REL) != state)
		gen_count(&queue->counters[counter], 1);
}

/* The segment that a TCP side has now received: its numbers tell what to acknowledge. */
static inline void receive_segment(struct gen_tx_queue *queue, const struct rte_mbuf *mbuf,
				   const struct gen_seen *seen)
{
	const struct gen_traffic *traffic = &queue->shared->traffic;
	uint32_t *received = &queue->side->numbers[seen->flow].received;
	uint32_t header = gen_l4_offset(traffic->family) + seen->l4_bytes;
	bool syn = (seen->tcp_flags & GEN_TCP_SYN) != 0;
	uint32_t end = seen->sequence + (syn ? 1 : mbuf->data_len - header);

	if (syn || (int32_t)(end - __atomic_load_n(received, __ATOMIC_RELAXED)) > 0)
		__atomic_store_n(received, end, __ATOMIC_RELAXED);
}

/* A forward packet at the outside. */
static inline void learn(struct gen_tx_queue *queue, const struct rte_mbuf *mbuf, const struct gen_seen *seen)
{
	struct gen_shared *shared = queue->shared;
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	bool tcp = shared->traffic.mode == GEN_TCP;
	uint8_t state = __atomic_load_n(&queue->side->state[seen->flow], __ATOMIC_RELAXED);
	bool remapped = shared->traffic.family == 4 ? learn4(&shared->endpoints4[seen->flow], frame)
						    : learn6(&shared->endpoints6[seen->flow], frame);

	if (unlikely(remapped))
		gen_count(&queue->counters[GEN_TX_REMAPPED], 1);
	if (tcp)
		receive_segment(queue, mbuf, seen);
	if (unlikely(state == GEN_CLOSED && (!tcp || (seen->tcp_flags & GEN_TCP_SYN) != 0)))
		move(queue, seen->flow, GEN_HEARD, GEN_TX_LEARNED);
	else if (unlikely(tcp && state == GEN_ANSWERED && (seen->tcp_flags & GEN_TCP_SYN) == 0))
		move(queue, seen->flow, GEN_OPEN, GEN_TX_OPENED);
}

/* A reply at the inside. */
static inline void receive_reply(struct gen_tx_queue *queue, const struct rte_mbuf *mbuf,
				 const struct gen_seen *seen)
{
	uint8_t state = __atomic_load_n(&queue->side->state[seen->flow], __ATOMIC_RELAXED);

	if (queue->shared->traffic.mode == GEN_UDP) {
		if (unlikely(state != GEN_OPEN))
			move(queue, seen->flow, GEN_OPEN, GEN_TX_OPENED);
		return;
	}
	receive_segment(queue, mbuf, seen);
	if (unlikely(state == GEN_SENT && (seen->tcp_flags & GEN_TCP_SYN) != 0))
		__atomic_store_n(&queue->side->state[seen->flow], (uint8_t)GEN_ANSWERED, __ATOMIC_RELEASE);
}

static inline uint32_t bucket_of(uint32_t latency)
{
	if (latency < 32)
		return latency;
	uint32_t exponent = 31 - (uint32_t)__builtin_clz(latency);
	return (exponent - 4) * 32 + (latency >> (exponent - 5) & 31);
}

static inline void handle(struct gen_tx_queue *queue, const struct rte_mbuf *mbuf, const struct gen_seen *seen,
			  uint32_t now)
{
	const struct gen_shared *shared = queue->shared;

	if (shared->traffic.verify && unlikely(!gen_verify(queue, mbuf, seen)))
		return;
	if (shared->mapping != NULL && queue->port->role == GEN_OUTSIDE)
		learn(queue, mbuf, seen);
	else if (shared->mapping != NULL && queue->port->role == GEN_INSIDE)
		receive_reply(queue, mbuf, seen);
	if (shared->traffic.latency && seen->stamped)
		gen_count(&queue->latency[bucket_of((now - seen->stamp) & GEN_STAMP_MASK)], 1);
}

static __rte_always_inline uint16_t return_burst(struct gen_tx_queue *queue, struct rte_mbuf **mbufs,
						 uint16_t count, uint32_t family, uint32_t protocol)
{
	uint32_t now = gen_stamp(queue->shared, rte_rdtsc());
	struct gen_seen seen[GEN_BURST];
	const struct rte_mbuf *ours[GEN_BURST];
	uint64_t bytes = 0;
	uint16_t kept = 0;

	count = RTE_MIN(count, GEN_BURST);
	for (uint16_t index = 0; index < count; index++) {
		bytes += mbufs[index]->pkt_len;
		if (unlikely(!read_frame(queue->shared, mbufs[index], &seen[kept], family, protocol))) {
			gen_other_frame(queue, mbufs[index]);
			continue;
		}
		prefetch_flow(queue, seen[kept].flow);
		ours[kept++] = mbufs[index];
	}
	for (uint16_t index = 0; index < kept; index++)
		handle(queue, ours[index], &seen[index], now);
	gen_count(&queue->counters[GEN_TX_RETURNED], kept);
	gen_count(&queue->counters[GEN_TX_BYTES], bytes);
	if (queue->port->fast_free && count > 0)
		rte_mempool_put_bulk(mbufs[0]->pool, (void **)mbufs, count);
	else
		rte_pktmbuf_free_bulk(mbufs, count);
	return count;
}

/* A burst of any length is taken whole, in passes. */
#define RETURN(name, family, protocol)                                                                            \
	static uint16_t name(void *queue, struct rte_mbuf **mbufs, uint16_t count)                                \
	{                                                                                                         \
		uint16_t taken = 0;                                                                               \
		while (taken < count)                                                                             \
			taken += return_burst(queue, mbufs + taken, count - taken, family, protocol);             \
		return taken;                                                                                     \
	}

RETURN(return_udp4, 4, IPPROTO_UDP)
RETURN(return_tcp4, 4, IPPROTO_TCP)
RETURN(return_udp6, 6, IPPROTO_UDP)
RETURN(return_tcp6, 6, IPPROTO_TCP)

gen_burst gen_return_function(const struct gen_port *port)
{
	bool udp = port->shared->traffic.protocol == IPPROTO_UDP;

	return port->shared->traffic.family == 4 ? (udp ? return_udp4 : return_tcp4)
						 : (udp ? return_udp6 : return_tcp6);
}
