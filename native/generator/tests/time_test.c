/* Pace and latency, several queues and threads, frames of every kind that somebody might send. */
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_launch.h>

#include "test.h"

/* ---- pace ---- */

static void wait_us(uint32_t microseconds)
{
	rte_delay_us_block(microseconds);
}

/* Takes all packets that wait, however the test is interrupted; a moment after which the others became due. */
static uint64_t drain(const struct bed *bed, struct loop *loop)
{
	uint64_t forward, moment;

	do {
		forward = loop->forward;
		moment = rte_get_tsc_cycles();
		loop_once(bed, 0, loop);
	} while (loop->forward != forward);
	return moment;
}

void test_pace(void)
{
	struct loop loop = {0};
	struct bed bed = bed_start("flows=64,rate=100000", NULL, 1);

	loop_until_open(&bed, &loop, 0);
	uint64_t earliest = drain(&bed, &loop), began = rte_get_tsc_cycles(), hertz = rte_get_tsc_hz();
	uint64_t sent = loop.forward, missed = counter(bed.inside, "missed_packets");
	while (rte_get_tsc_cycles() - began < hertz / 10)
		loop_once(&bed, 0, &loop);
	uint64_t emptied = drain(&bed, &loop), end = rte_get_tsc_cycles();
	uint64_t got = loop.forward - sent + counter(bed.inside, "missed_packets") - missed;
	uint64_t least = (emptied - began) * 100000 / hertz, most = (end - earliest) * 100000 / hertz;
	check(got + 2 >= least && got <= most + 2,
	      "%" PRIu64 " packets of %" PRIu64 " to %" PRIu64 " that were due came, or were missed", got, least,
	      most);

	/* Away for 3 ms: the 300 packets due meanwhile wait in the ring, the first of them all the time. */
	emptied = drain(&bed, &loop);
	rte_eth_xstats_reset(bed.inside);
	sent = loop.forward;
	wait_us(3000);
	drain(&bed, &loop);
	got = loop.forward - sent + counter(bed.inside, "missed_packets");
	most = (rte_get_tsc_cycles() - emptied) * 100000 / hertz;
	check(got >= 299 && got <= most + 2, "%" PRIu64 " packets after 3 ms", got);
	check(counter(bed.inside, "latency_max_ns") >= 2900000, "and their wait is their latency");

	/* Away for 20 ms: the ring of 512 overflows. */
	rte_eth_xstats_reset(bed.inside);
	sent = loop.forward;
	wait_us(20000);
	loop_times(&bed, &loop, 20);
	check(loop.forward - sent >= 512 && counter(bed.inside, "missed_packets") >= 1480,
	      "what the ring cannot hold is missed");
	bed_stop(&bed);
}

/* The latency of packets that are held lies between the wait and what the test's own clock saw, a bucket apart. */
static void held(uint32_t microseconds)
{
	struct rte_mbuf *mbufs[BURST];
	struct bed bed = bed_start("flows=64", NULL, 1);

	for (uint32_t time = 0; time < 20; time++) {
		rte_eth_xstats_reset(bed.inside);
		uint64_t began = rte_get_tsc_cycles();
		uint16_t count = rte_eth_rx_burst(bed.inside, 0, mbufs, BURST);
		if (count == 0)
			continue; /* between two rounds of the opening */
		wait_us(microseconds);
		rte_eth_tx_burst(bed.inside, 0, mbufs, count);
		double most = (double)(rte_get_tsc_cycles() - began) * 1e9 / (double)rte_get_tsc_hz();
		double median = (double)counter(bed.inside, "latency_p50_ns");

		check(counter(bed.inside, "latency_samples") == count, "each is a sample");
		check(median <= counter(bed.inside, "latency_max_ns"), "in order");
		check(median >= microseconds * 1000 * 0.99 && median <= most * 33 / 32 + 200,
		      "held for %u us, measured %.0f of %.0f ns", microseconds, median, most);
	}
	bed_stop(&bed);
}

/* ---- queues ---- */

struct parts {
	uint16_t queue;
	uint32_t wrong;
	uint32_t cross;
};

static bool in_part(struct rte_mbuf *mbuf, bool forward, void *context)
{
	struct parts *parts = context;
	struct packet packet;
	uint32_t part = (parts->queue + (forward ? 0 : parts->cross)) % 4;

	if (packet_read(mbuf, &packet))
		parts->wrong += packet.flow / 250 != part;
	return true;
}

static void parted(const char *outside, uint32_t cross)
{
	struct parts parts = {.cross = cross};
	struct nat *nat = calloc(1, sizeof(*nat));
	struct loop loop = {.nat = nat, .before = in_part, .context = &parts};
	struct bed bed = bed_start("flows=1003,verify=1", outside, 4);

	check(counter(bed.inside, "flows") == 1000, "four queues have 250 flows each");
	uint64_t end = rte_get_tsc_cycles() + 5 * rte_get_tsc_hz();
	while (counter(bed.inside, "opening_queues") + counter(bed.outside, "opening_queues") > 0 &&
	       rte_get_tsc_cycles() < end)
		for (parts.queue = 0; parts.queue < 4; parts.queue++)
			loop_once(&bed, parts.queue, &loop);
	check(counter(bed.inside, "flows_open") == 1000, "all of them open");
	check(parts.wrong == 0, "each queue keeps to its own: %u do not", parts.wrong);
	check(counter(bed.inside, "bad_header") == 0 && counter(bed.outside, "bad_header") == 0,
	      "all are verified");
	bed_stop(&bed);
	free(nat);
}

/* Two threads with a queue pair each, whose flows' replies are the other thread's. */
struct crew {
	struct bed *bed;
	struct nat *nat;
	uint16_t queue;
};

static int work(void *argument)
{
	struct crew *crew = argument;
	struct loop loop = {.nat = crew->nat};
	uint64_t end = rte_get_tsc_cycles() + rte_get_tsc_hz() / 2;

	while (rte_get_tsc_cycles() < end)
		loop_once(crew->bed, crew->queue, &loop);
	return 0;
}

static void together(const char *arguments, uint32_t flows)
{
	struct nat *nat = calloc(1, sizeof(*nat));
	struct loop loop = {.nat = nat};
	struct bed bed = bed_start(arguments, "cross=1", 2);

	/* The NAT's table is not made for two writers: it is filled before they start. */
	check(loop_until_open(&bed, &loop, flows), "%s: flows open", arguments);
	struct crew crews[2] = {{&bed, nat, 0}, {&bed, nat, 1}};
	check(rte_eal_remote_launch(work, &crews[1], 1) == 0, "a second thread starts");
	work(&crews[0]);
	rte_eal_wait_lcore(1);
	check(counter(bed.inside, "bad_header") + counter(bed.outside, "bad_header") == 0, "nothing is wrong");
	check(counter(bed.inside, "lost_packets") + counter(bed.outside, "lost_packets") == 0, "nothing is lost");
	check(counter(bed.inside, "flows_open") == flows, "no flow is counted twice");
	bed_stop(&bed);
	free(nat);
}

void test_queues(void)
{
	held(20);
	held(700);
	parted("cross=0", 0);
	parted("cross=3", 3);
	together("mode=udp,flows=256,verify=1", 256);
	together("mode=tcp,flows=256,verify=1", 256);
	together("mode=udp,flows=256,verify=1,family=6", 256);
}

/* ---- hostile frames ---- */

static void harm(struct rte_mbuf *mbuf, uint64_t *random)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);

	*random = *random * 6364136223846793005ull + 1442695040888963407ull;
	uint32_t draw = (uint32_t)(*random >> 33);
	if (draw % 4 == 0) { /* cut short: what follows is not the frame's */
		mbuf->data_len = mbuf->pkt_len = (uint16_t)(draw / 4 % (mbuf->data_len + 1u));
		return;
	}
	for (uint32_t change = 0; change <= draw % 3; change++)
		frame[(draw >> (4 + change)) % mbuf->data_len] ^= (uint8_t)(draw >> (8 + 5 * change) | 1);
}

static void hostile(const char *arguments, bool pair)
{
	struct bed bed = bed_start(arguments, pair ? "" : NULL, 1);
	struct rte_mbuf *mbufs[BURST];
	uint64_t random = 7, frames = 0;

	rte_log_set_global_level(RTE_LOG_ERR);
	uint64_t end = rte_get_tsc_cycles() + 5 * rte_get_tsc_hz();
	for (uint32_t time = 0; frames < 200000 && rte_get_tsc_cycles() < end; time++) {
		bool forward = time % 2 == 0;
		uint16_t count = rte_eth_rx_burst(forward ? bed.inside : bed.outside, 0, mbufs, BURST);

		for (uint16_t index = 0; index < count; index++)
			if (index % 2 == 0)
				harm(mbufs[index], &random);
		/* Sometimes to the port it came from, which expects another direction. */
		frames += rte_eth_tx_burst(forward ^ (time % 16 == 1) ? bed.outside : bed.inside, 0, mbufs, count);
	}
	uint64_t counted = counter(bed.inside, "returned_packets") + counter(bed.inside, "other_packets") +
			   counter(bed.inside, "neighbour_requests");
	if (pair)
		counted += counter(bed.outside, "returned_packets") + counter(bed.outside, "other_packets") +
			   counter(bed.outside, "neighbour_requests");
	check(frames >= 200000 && counted == frames, "%s: %" PRIu64 " frames, %" PRIu64 " counted", arguments,
	      frames, counted);
	rte_log_set_global_level(RTE_LOG_WARNING);
	bed_stop(&bed);
}

/* A frame in two pieces is no packet of ours: freed whole and counted. */
static void segmented(void)
{
	struct bed bed = bed_start("flows=64", NULL, 1);
	struct rte_mbuf *mbuf, *second = rte_pktmbuf_alloc(pool);

	while (rte_eth_rx_burst(bed.inside, 0, &mbuf, 1) == 0)
		;
	rte_pktmbuf_append(second, 10);
	check(rte_pktmbuf_chain(mbuf, second) == 0, "a chain of two");
	check(rte_eth_tx_burst(bed.inside, 0, &mbuf, 1) == 1 && counter(bed.inside, "other_packets") == 1,
	      "is another's frame");
	bed_stop(&bed);
}

void test_hostile_frames(void)
{
	hostile("flows=500,verify=1", true);
	hostile("flows=500,verify=0,mode=tcp,size=200", true);
	hostile("flows=500,verify=1,mode=tcp", true);
	hostile("flows=500,verify=1,family=6", true);
	hostile("flows=500,verify=0,family=6,mode=tcp", true);
	hostile("mode=synflood,verify=1", false);
	hostile("mode=new,protocol=udp,verify=1", false);
	segmented();
}
