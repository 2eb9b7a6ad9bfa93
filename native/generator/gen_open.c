/* How a queue begins: its part of the flows, and the rounds in which every flow is opened before any is chosen. */
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "gen_choose.h"

#define ROUND_MS	2u   /* between the end of a round and the next */
#define REPEAT_ROUNDS	8u   /* rounds without progress before what was sent is repeated */
#define IDLE_ROUNDS_MAX 100u /* and before the rest of the flows stay closed */
#define SCAN_MAX	512u /* flows that one poll looks at while opening: bounds the time it takes */

static void end_round(struct gen_rx_queue *queue, uint64_t now)
{
	/* An outside that has heard of nothing yet waits: the inside may not have been started. */
	bool waits = queue->pending == queue->count && queue->send_state == GEN_HEARD;

	bool idle = queue->pending == queue->pending_before && queue->fresh == 0 && !waits;

	queue->idle_rounds = idle ? queue->idle_rounds + 1 : 0;
	queue->repeats = queue->idle_rounds > 0 && queue->idle_rounds % REPEAT_ROUNDS == 0;
	queue->opening = queue->pending > 0 && queue->idle_rounds < IDLE_ROUNDS_MAX;
	queue->pending_before = queue->pending;
	queue->pending = queue->fresh = 0;
	queue->cursor = 0;
	queue->round_due = now + rte_get_tsc_hz() / 1000 * ROUND_MS;
	queue->pace_base = now;
	queue->due = 0;
}

uint16_t gen_choose_opening(struct gen_rx_queue *queue, uint32_t *flows, uint16_t count, uint64_t now)
{
	uint16_t chosen = 0;

	if (queue->cursor == 0 && now < queue->round_due)
		return 0;
	for (uint32_t seen = 0; seen < SCAN_MAX && chosen < count && queue->cursor < queue->count; seen++) {
		uint32_t flow = queue->first + queue->cursor++;
		uint8_t state = gen_state_of(queue->side, flow);

		if (state >= queue->done_state)
			continue;
		queue->pending++;
		if (state < queue->send_state || (state == queue->wait_state && !queue->repeats))
			continue;
		queue->fresh += state != queue->wait_state;
		flows[chosen++] = flow;
	}
	if (queue->cursor == queue->count)
		end_round(queue, now);
	return chosen;
}

void gen_walk_to(struct gen_rx_queue *queue, uint64_t walk)
{
	const struct gen_traffic *traffic = &queue->shared->traffic;

	queue->walk = walk;
	queue->walk_host = (uint32_t)(walk % traffic->source.count);
	queue->walk_port = traffic->sport_first + (uint32_t)(walk / traffic->source.count);
}

static uint8_t done_state(const struct gen_port *port)
{
	if (port->role == GEN_ALONE)
		return GEN_SENT;
	return port->role == GEN_OUTSIDE && port->shared->traffic.mode == GEN_UDP ? GEN_ANSWERED : GEN_OPEN;
}

uint64_t gen_interval(const struct gen_port *port, uint64_t rate)
{
	if (rate == 0 || rate == GEN_RATE_PAUSED)
		return rate == 0 ? 0 : GEN_PAUSED;
	return (uint64_t)((double)rte_get_tsc_hz() * 65536 * port->rx_queues / (double)rate);
}

void gen_send_prepare(struct gen_rx_queue *queue)
{
	const struct gen_port *port = queue->port;
	const struct gen_traffic *traffic = &port->shared->traffic;
	bool outside = port->role == GEN_OUTSIDE;
	uint32_t part = (queue->id + (outside ? port->options.cross : 0)) % port->rx_queues;
	struct rte_mbuf rearm = {.data_off = RTE_PKTMBUF_HEADROOM, .nb_segs = 1, .port = port->id};

	rte_mbuf_refcnt_set(&rearm, 1);
	memcpy(&queue->rearm, gen_rearm(&rearm), sizeof(queue->rearm));
	queue->ol_flags = port->rss ? RTE_MBUF_F_RX_RSS_HASH : 0;
	if ((port->rx_offloads & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) != 0 && traffic->family == 4)
		queue->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	if ((port->rx_offloads & (RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM)) != 0)
		queue->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;

	queue->shared = port->shared;
	queue->side = &port->shared->sides[outside];
	queue->templates = port->templates;
	queue->alias = port->alias;
	queue->random = traffic->seed * 0x9e3779b97f4a7c15ull + queue->id * 2u + outside;
	queue->count = traffic->flows / port->rx_queues;
	queue->first = part * queue->count;
	queue->opening = traffic->mode == GEN_UDP || traffic->mode == GEN_TCP;
	queue->done_state = done_state(port);
	queue->send_state = outside ? GEN_HEARD : GEN_CLOSED;
	queue->wait_state = outside ? GEN_ANSWERED : GEN_SENT;
	queue->repeats = false;
	queue->cursor = queue->pending = queue->pending_before = queue->fresh = queue->idle_rounds = 0;
	queue->round_due = 0;
	queue->ahead_next = 0;
	if (queue->opening) /* established flows are drawn */
		gen_draw(queue, queue->ahead, GEN_BURST);
	queue->interval = queue->interval_wanted = gen_interval(port, port->options.rate);
	queue->pace_base = rte_rdtsc();
	queue->due = 0;
	queue->polled = queue->gap_max = 0;
	queue->reset_seen = queue->reset_at;

	uint64_t tuples = traffic->mode == GEN_NEW && traffic->flows != 0 ? traffic->flows : gen_tuples(traffic);
	queue->walk_first = tuples / port->rx_queues * part;
	queue->walk_end = queue->walk_first + tuples / port->rx_queues;
	gen_walk_to(queue, queue->walk_first);
}
