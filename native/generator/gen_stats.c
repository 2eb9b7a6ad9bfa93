/* Counters for whoever asks: sums over the queues, percentiles computed when they are read. */
#include <errno.h>
#include <stdio.h>

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include "gen_frame.h"

struct sums {
	uint64_t rx[GEN_RX_COUNTERS], tx[GEN_TX_COUNTERS], latency[GEN_BUCKETS];
};

static uint64_t since(const uint64_t *counter, uint64_t base)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED) - base;
}

static void sum_rx(const struct gen_port *port, struct sums *sums)
{
	for (uint16_t queue = 0; queue < port->rx_queues; queue++)
		for (uint32_t counter = 0; port->rx[queue] != NULL && counter < GEN_RX_COUNTERS; counter++)
			sums->rx[counter] +=
				since(&port->rx[queue]->counters[counter], port->rx[queue]->base[counter]);
}

static void sum_tx(const struct gen_port *port, struct sums *sums)
{
	for (uint16_t queue = 0; queue < port->tx_queues; queue++) {
		const struct gen_tx_queue *from = port->tx[queue];

		for (uint32_t counter = 0; from != NULL && counter < GEN_TX_COUNTERS; counter++)
			sums->tx[counter] += since(&from->counters[counter], from->base[counter]);
		for (uint32_t bucket = 0; from != NULL && bucket < GEN_BUCKETS; bucket++)
			sums->latency[bucket] += since(&from->latency[bucket], from->latency_base[bucket]);
	}
}

/* Sent by a port and not returned where it should, since the queues were made. In flight counts as lost. */
static uint64_t lost_ever(const struct gen_port *port)
{
	const struct gen_port *other =
		port->role == GEN_ALONE ? port : port->shared->ports[port->role == GEN_INSIDE];
	uint64_t sent = 0, returned = 0;

	for (uint16_t queue = 0; queue < port->rx_queues; queue++)
		if (port->rx[queue] != NULL)
			sent += since(&port->rx[queue]->counters[GEN_RX_SENT], 0);
	for (uint16_t queue = 0; other != NULL && queue < other->tx_queues; queue++)
		if (other->tx[queue] != NULL)
			returned += since(&other->tx[queue]->counters[GEN_TX_RETURNED], 0);
	return sent > returned ? sent - returned : 0;
}

/* Flows counted by both ports of a pair: the outside learns, either may be the one that sees a flow open. */
static uint64_t of_pair(const struct gen_port *port, enum gen_tx_counter counter)
{
	uint64_t sum = 0;

	for (uint32_t index = 0; index < RTE_DIM(port->shared->ports); index++) {
		const struct gen_port *one = port->shared->ports[index];

		for (uint16_t queue = 0; one != NULL && queue < one->tx_queues; queue++)
			if (one->tx[queue] != NULL)
				sum += since(&one->tx[queue]->counters[counter], 0);
	}
	return sum;
}

static uint32_t bucket_end(uint32_t bucket)
{
	if (bucket < 32)
		return bucket;
	uint32_t shift = bucket / 32 - 1;
	return ((32 + bucket % 32 + 1) << shift) - 1;
}

/* Nanoseconds within which a share of the samples lies: the end of the bucket that holds it; 0 without samples. */
static uint64_t percentile(const struct gen_port *port, const uint64_t *latency, uint64_t samples, double share)
{
	uint64_t wanted = (uint64_t)((double)samples * share), seen = 0;
	uint32_t bucket = 0;

	if (samples == 0)
		return 0;
	wanted = RTE_MAX(wanted, 1ull);
	while (bucket < GEN_BUCKETS - 1 && (seen += latency[bucket]) < wanted)
		bucket++;
	return (uint64_t)((double)bucket_end(bucket) * port->shared->stamp_ns);
}

static uint32_t opening_queues(const struct gen_port *port)
{
	uint32_t opening = 0;

	for (uint16_t queue = 0; queue < port->rx_queues; queue++)
		opening += port->rx[queue] != NULL && __atomic_load_n(&port->rx[queue]->opening, __ATOMIC_RELAXED);
	return opening;
}

/*
 * Cycles of the longest time between two polls of a queue since the last reset, one that lasts counted as it
 * stands: a thread that never comes back is seen as well.
 */
static uint64_t longest_gap(const struct gen_port *port)
{
	uint64_t longest = 0;

	for (uint16_t index = 0; index < port->rx_queues; index++) {
		const struct gen_rx_queue *queue = port->rx[index];

		if (queue == NULL)
			continue;
		bool obeyed = __atomic_load_n(&queue->reset_seen, __ATOMIC_ACQUIRE) == queue->reset_at;
		uint64_t polled = __atomic_load_n(&queue->polled, __ATOMIC_RELAXED);
		uint64_t gap = obeyed ? __atomic_load_n(&queue->gap_max, __ATOMIC_RELAXED) : 0;
		uint64_t now = rte_rdtsc();

		if (!obeyed)
			polled = RTE_MAX(polled, queue->reset_at);
		if (port->started && polled != 0 && now > polled)
			gap = RTE_MAX(gap, now - polled);
		longest = RTE_MAX(longest, gap);
	}
	return longest;
}

enum value {
	VALUE_SENT,
	VALUE_RETURNED,
	VALUE_LOST,
	VALUE_MISSED,
	VALUE_NO_MBUF,
	VALUE_REQUESTS,
	VALUE_ANSWERS,
	VALUE_OTHER,
	VALUE_BAD_IP_CHECKSUM,
	VALUE_BAD_L4_CHECKSUM,
	VALUE_BAD_HEADER,
	VALUE_BAD_PAYLOAD,
	VALUE_FLOWS,
	VALUE_LEARNED,
	VALUE_OPEN,
	VALUE_REMAPPED,
	VALUE_UNLEARNED,
	VALUE_OPENING,
	VALUE_SAMPLES,
	VALUE_P50,
	VALUE_P99,
	VALUE_P999,
	VALUE_MAX,
	VALUE_GAP,
	VALUES
};

static const char *const names[VALUES] = {
	[VALUE_SENT] = "sent_packets",
	[VALUE_RETURNED] = "returned_packets",
	[VALUE_LOST] = "lost_packets",
	[VALUE_MISSED] = "missed_packets",
	[VALUE_NO_MBUF] = "no_mbuf_packets",
	[VALUE_REQUESTS] = "neighbour_requests",
	[VALUE_ANSWERS] = "neighbour_answers",
	[VALUE_OTHER] = "other_packets",
	[VALUE_BAD_IP_CHECKSUM] = "bad_ip_checksum",
	[VALUE_BAD_L4_CHECKSUM] = "bad_l4_checksum",
	[VALUE_BAD_HEADER] = "bad_header",
	[VALUE_BAD_PAYLOAD] = "bad_payload",
	[VALUE_FLOWS] = "flows",
	[VALUE_LEARNED] = "flows_learned",
	[VALUE_OPEN] = "flows_open",
	[VALUE_REMAPPED] = "flows_remapped",
	[VALUE_UNLEARNED] = "unlearned_skips",
	[VALUE_OPENING] = "opening_queues",
	[VALUE_SAMPLES] = "latency_samples",
	[VALUE_P50] = "latency_p50_ns",
	[VALUE_P99] = "latency_p99_ns",
	[VALUE_P999] = "latency_p999_ns",
	[VALUE_MAX] = "latency_max_ns",
	[VALUE_GAP] = "poll_gap_max_ns",
};

static void fill_values(const struct gen_port *port, const struct sums *sums, uint64_t *values)
{
	uint64_t samples = 0, lost = lost_ever(port);

	for (uint32_t bucket = 0; bucket < GEN_BUCKETS; bucket++)
		samples += sums->latency[bucket];
	values[VALUE_SENT] = sums->rx[GEN_RX_SENT];
	values[VALUE_RETURNED] = sums->tx[GEN_TX_RETURNED];
	values[VALUE_LOST] = lost > port->lost_base ? lost - port->lost_base : 0;
	values[VALUE_MISSED] = sums->rx[GEN_RX_MISSED];
	values[VALUE_NO_MBUF] = sums->rx[GEN_RX_NO_MBUF];
	values[VALUE_REQUESTS] = sums->tx[GEN_TX_REQUESTS];
	values[VALUE_ANSWERS] = sums->rx[GEN_RX_ANSWERS];
	values[VALUE_OTHER] = sums->tx[GEN_TX_OTHER];
	values[VALUE_BAD_IP_CHECKSUM] = sums->tx[GEN_TX_BAD_IP_CHECKSUM];
	values[VALUE_BAD_L4_CHECKSUM] = sums->tx[GEN_TX_BAD_L4_CHECKSUM];
	values[VALUE_BAD_HEADER] = sums->tx[GEN_TX_BAD_HEADER];
	values[VALUE_BAD_PAYLOAD] = sums->tx[GEN_TX_BAD_PAYLOAD];
	/* Flows are a state and no rate: a reset leaves them. Queues get equal parts, a remainder is not used. */
	uint32_t queues = RTE_MAX(port->rx_queues, 1u);
	values[VALUE_FLOWS] = port->shared->traffic.flows / queues * queues;
	values[VALUE_LEARNED] = of_pair(port, GEN_TX_LEARNED);
	values[VALUE_OPEN] = of_pair(port, GEN_TX_OPENED);
	values[VALUE_REMAPPED] = sums->tx[GEN_TX_REMAPPED];
	values[VALUE_UNLEARNED] = sums->rx[GEN_RX_UNLEARNED];
	values[VALUE_OPENING] = opening_queues(port);
	values[VALUE_SAMPLES] = samples;
	values[VALUE_P50] = percentile(port, sums->latency, samples, 0.5);
	values[VALUE_P99] = percentile(port, sums->latency, samples, 0.99);
	values[VALUE_P999] = percentile(port, sums->latency, samples, 0.999);
	values[VALUE_MAX] = percentile(port, sums->latency, samples, 1);
	values[VALUE_GAP] = (uint64_t)((double)longest_gap(port) * 1e9 / (double)rte_get_tsc_hz());
}

static int stats_get(struct rte_eth_dev *device, struct rte_eth_stats *stats)
{
	const struct gen_port *port = device->data->dev_private;
	struct sums sums = {0};

	gen_lock();
	sum_rx(port, &sums);
	sum_tx(port, &sums);
	gen_unlock();
	stats->ipackets = sums.rx[GEN_RX_SENT] + sums.rx[GEN_RX_ANSWERS];
	stats->ibytes = sums.rx[GEN_RX_BYTES];
	stats->imissed = sums.rx[GEN_RX_MISSED];
	stats->rx_nombuf = sums.rx[GEN_RX_NO_MBUF];
	stats->opackets = sums.tx[GEN_TX_RETURNED] + sums.tx[GEN_TX_REQUESTS] + sums.tx[GEN_TX_OTHER];
	stats->obytes = sums.tx[GEN_TX_BYTES];
	return 0;
}

/*
 * Counters belong to the threads that poll: a reset remembers their values instead of clearing them, so that each
 * packet is counted either before or after. A maximum cannot be split like that: its queue is told to begin anew.
 */
static void reset_times(struct gen_port *port)
{
	for (uint16_t index = 0; index < port->rx_queues; index++)
		if (port->rx[index] != NULL)
			__atomic_store_n(&port->rx[index]->reset_at, rte_rdtsc(), __ATOMIC_RELAXED);
	for (uint16_t index = 0; index < port->tx_queues; index++)
		for (uint32_t bucket = 0; port->tx[index] != NULL && bucket < GEN_BUCKETS; bucket++)
			port->tx[index]->latency_base[bucket] = since(&port->tx[index]->latency[bucket], 0);
}

static void reset_counters(struct gen_port *port)
{
	for (uint16_t index = 0; index < port->rx_queues; index++)
		for (uint32_t counter = 0; port->rx[index] != NULL && counter < GEN_RX_COUNTERS; counter++)
			port->rx[index]->base[counter] = since(&port->rx[index]->counters[counter], 0);
	for (uint16_t index = 0; index < port->tx_queues; index++)
		for (uint32_t counter = 0; port->tx[index] != NULL && counter < GEN_TX_COUNTERS; counter++)
			port->tx[index]->base[counter] = since(&port->tx[index]->counters[counter], 0);
	port->lost_base = lost_ever(port);
}

void gen_stats_reset(struct gen_port *port, bool only_times)
{
	reset_times(port);
	if (!only_times)
		reset_counters(port);
}

static int stats_reset(struct rte_eth_dev *device)
{
	gen_lock();
	gen_stats_reset(device->data->dev_private, false);
	gen_unlock();
	return 0;
}

static int xstats_get(struct rte_eth_dev *device, struct rte_eth_xstat *stats, unsigned int count)
{
	const struct gen_port *port = device->data->dev_private;
	uint64_t values[VALUES];
	struct sums sums = {0};

	if (stats == NULL || count < VALUES)
		return VALUES;
	gen_lock();
	sum_rx(port, &sums);
	sum_tx(port, &sums);
	fill_values(port, &sums, values);
	gen_unlock();
	for (unsigned int index = 0; index < VALUES; index++)
		stats[index] = (struct rte_eth_xstat){.id = index, .value = values[index]};
	return VALUES;
}

static int xstats_names(struct rte_eth_dev *device, struct rte_eth_xstat_name *into, unsigned int count)
{
	RTE_SET_USED(device);
	for (unsigned int index = 0; into != NULL && index < RTE_MIN(count, (unsigned int)VALUES); index++)
		snprintf(into[index].name, sizeof(into[index].name), "%s", names[index]);
	return VALUES;
}

void gen_stats_operations(struct eth_dev_ops *operations)
{
	operations->stats_get = stats_get;
	operations->stats_reset = stats_reset;
	operations->xstats_get = xstats_get;
	operations->xstats_get_names = xstats_names;
	operations->xstats_reset = stats_reset;
}
