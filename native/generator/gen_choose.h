/* Which flows a burst is of, and how many packets are due: the first pass of gen_send.c. */
#ifndef GEN_CHOOSE_H
#define GEN_CHOOSE_H

#include <rte_cycles.h>
#include <rte_prefetch.h>

#include "gen_frame.h"

/* What a function of gen_send.c makes. */
enum gen_kind { GEN_KIND_FORWARD, GEN_KIND_REPLY, GEN_KIND_NEW, GEN_KIND_FLOOD };

static inline uint8_t gen_state_of(const struct gen_side *side, uint32_t flow)
{
	return __atomic_load_n(&side->state[flow], __ATOMIC_ACQUIRE);
}

static inline void gen_set_state(const struct gen_side *side, uint32_t flow, enum gen_state state)
{
	__atomic_store_n(&side->state[flow], (uint8_t)state, __ATOMIC_RELEASE);
}

/* ---- which flows ---- */

static inline void gen_draw(struct gen_rx_queue *queue, uint32_t *flows, uint16_t count)
{
	uint64_t draws[GEN_BURST];

	if (queue->alias == NULL) {
		for (uint16_t index = 0; index < count; index++)
			flows[index] = queue->first + gen_below(gen_random(&queue->random), queue->count);
		return;
	}
	for (uint16_t index = 0; index < count; index++) {
		draws[index] = gen_random(&queue->random);
		rte_prefetch0(&queue->alias[gen_below(draws[index], queue->count)]);
	}
	for (uint16_t index = 0; index < count; index++) {
		uint32_t rank = gen_below(draws[index], queue->count);
		const struct gen_alias *column = &queue->alias[rank];

		flows[index] = queue->first + ((uint32_t)draws[index] < column->threshold ? rank : column->alias);
	}
}

static __rte_always_inline void gen_prefetch_flow(const struct gen_rx_queue *queue, uint32_t flow, uint32_t family,
						  uint32_t protocol, enum gen_kind kind)
{
	if (kind == GEN_KIND_REPLY) {
		rte_prefetch0(&queue->side->state[flow]);
		if (family == 4)
			rte_prefetch0(&queue->shared->endpoints4[flow]);
		else
			rte_prefetch0(&queue->shared->endpoints6[flow]);
	}
	if (protocol == IPPROTO_TCP) {
		rte_prefetch0(&queue->side->state[flow]);
		rte_prefetch0(&queue->side->numbers[flow]);
	}
}

/*
 * Flows to send a packet of, drawn one poll before, so that their memory comes while the device under test works.
 * Replies: only flows whose translation is known.
 */
static __rte_always_inline uint16_t gen_choose(struct gen_rx_queue *queue, uint32_t *flows, uint16_t count,
					       uint64_t now, uint32_t family, uint32_t protocol,
					       enum gen_kind kind)
{
	uint16_t chosen = 0;

	if (kind == GEN_KIND_NEW || kind == GEN_KIND_FLOOD)
		return count;
	if (unlikely(queue->opening))
		return gen_choose_opening(queue, flows, count, now);
	count = RTE_MIN(count, (uint16_t)(GEN_BURST - queue->ahead_next));
	memcpy(flows, &queue->ahead[queue->ahead_next], count * sizeof(*flows));
	queue->ahead_next += count;
	if (queue->ahead_next == GEN_BURST) {
		gen_draw(queue, queue->ahead, GEN_BURST);
		for (uint16_t index = 0; index < GEN_BURST; index++)
			gen_prefetch_flow(queue, queue->ahead[index], family, protocol, kind);
		queue->ahead_next = 0;
	}
	if (kind != GEN_KIND_REPLY)
		return count;
	for (uint16_t index = 0; index < count; index++) {
		flows[chosen] = flows[index];
		chosen += gen_state_of(queue->side, flows[index]) != GEN_CLOSED;
	}
	gen_count(&queue->counters[GEN_RX_UNLEARNED], count - chosen);
	return chosen;
}

/* ---- when ---- */

/*
 * What was ordered since the last poll, and how long ago that was. A new rate begins now. A reset that came while
 * nobody polled shortens the gap that ends now to what is left of it since then.
 */
static inline void gen_obey(struct gen_rx_queue *queue, uint64_t now)
{
	uint64_t interval = __atomic_load_n(&queue->interval_wanted, __ATOMIC_RELAXED);
	uint64_t reset_at = __atomic_load_n(&queue->reset_at, __ATOMIC_RELAXED);
	uint64_t polled = queue->polled, longest = queue->gap_max;
	bool reset = reset_at != queue->reset_seen;

	if (unlikely(interval != queue->interval)) {
		queue->interval = interval;
		queue->pace_base = now;
		queue->due = 0;
	}
	if (unlikely(reset)) {
		polled = RTE_MAX(polled, reset_at);
		longest = 0;
	}
	if (unlikely(polled != 0 && now > polled && now - polled > longest))
		longest = now - polled;
	__atomic_store_n(&queue->gap_max, longest, __ATOMIC_RELAXED);
	__atomic_store_n(&queue->polled, now, __ATOMIC_RELAXED);
	if (unlikely(reset)) /* last: who sees it sees the new maximum */
		__atomic_store_n(&queue->reset_seen, reset_at, __ATOMIC_RELEASE);
}

/*
 * Packets that are due by now, at most `count`; they were due at even distances, whether or not anybody polled,
 * and carry those moments as stamps: a device under test that stays away finds its ring filled and its latency
 * grown. What exceeds the ring is missed, as it would be in a NIC.
 */
static inline uint16_t gen_due_by(struct gen_rx_queue *queue, uint64_t now, uint16_t count)
{
	queue->pace_base += queue->due >> 16;
	queue->due &= UINT16_MAX;
	if (now < queue->pace_base)
		return 0;
	uint64_t elapsed = (now - queue->pace_base) << 16;
	if (elapsed < queue->due)
		return 0;
	uint64_t waiting = (elapsed - queue->due) / queue->interval + 1;
	if (waiting > queue->room) {
		gen_count(&queue->counters[GEN_RX_MISSED], waiting - queue->room);
		queue->due += (waiting - queue->room) * queue->interval;
		waiting = queue->room;
	}
	return (uint16_t)RTE_MIN(waiting, count);
}

#endif
