/* Commands of the telemetry socket, as a program outside gives them: rates, pauses, resets while packets move. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_launch.h>

#include "test.h"

static int telemetry = -1;
static char answer[16384];

static const char *receive(void)
{
	ssize_t bytes = recv(telemetry, answer, sizeof(answer) - 1, 0);

	answer[bytes > 0 ? bytes : 0] = '\0';
	return answer;
}

static void order(const char *request)
{
	if (send(telemetry, request, strlen(request), 0) != (ssize_t)strlen(request))
		check(false, "%s: is not taken", request);
}

static bool says(const char *request, const char *expected)
{
	order(request);
	return check(strstr(receive(), expected) != NULL, "%s: expected %s, got %s", request, expected, answer);
}

static bool hang_up(void)
{
	close(telemetry);
	telemetry = -1;
	return true;
}

static bool dial(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/dpdk_telemetry.v2", rte_eal_get_runtime_dir());
	telemetry = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	return check(connect(telemetry, (struct sockaddr *)&address, sizeof(address)) == 0 &&
			     strstr(receive(), "\"pid\"") != NULL,
		     "%s answers", address.sun_path);
}

static void wrong_words(void)
{
	char longest[400] = "/generator/rate,";

	memset(longest + strlen(longest), 'x', sizeof(longest) - strlen(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	says("/generator/rate", "\"error\":\"must be /generator/rate,PORT[,RATE]\"");
	says("/generator/rate,", "\"error\":\"must be /generator/rate,PORT");
	says("/generator/rate,net_generator0,1,2", "\"error\":\"must be /generator/rate,PORT");
	says(longest, "\"error\":\"must be /generator/rate,PORT");
	says("/generator/rate,net_generator7,1", "\"error\":\"net_generator7: no such net_generator device\"");
	says("/generator/rate,net_generator0,",
	     "\"error\":\": must be 0 to 1000000000 packets a second, or paused\"");
	says("/generator/rate,net_generator0,-1", "\"error\":\"-1: must be 0 to");
	says("/generator/rate,net_generator0,1000000001", "\"error\":\"1000000001: must be 0 to");
	says("/generator/rate,net_generator0", "\"rate\":5000"); /* none of those changed it */
	says("/generator/reset", "\"error\":\"must be /generator/reset,PORT[,times]\"");
	says("/generator/reset,net_generator7", "\"error\":\"net_generator7: no such");
	says("/generator/reset,net_generator0,counters", "\"error\":\"counters: must be times, or nothing\"");
}

/* Polls for so long; packets that came. */
static uint64_t poll_for(const struct bed *bed, struct loop *loop, uint32_t milliseconds)
{
	uint64_t before = loop->forward;
	uint64_t end = rte_get_tsc_cycles() + rte_get_tsc_hz() / 1000 * milliseconds;

	while (rte_get_tsc_cycles() < end)
		loop_once(bed, 0, loop);
	return loop->forward - before;
}

/* Packets of a rate that are due from now on, and no more of them however the test is interrupted. */
static void paced(const struct bed *bed, struct loop *loop, uint32_t rate)
{
	char request[64], expected[32];

	snprintf(request, sizeof(request), "/generator/rate,net_generator0,%u", rate);
	snprintf(expected, sizeof(expected), "\"rate\":%u}", rate);
	loop_times(bed, loop, 1);
	uint64_t missed = counter(bed->inside, "missed_packets"), earliest = rte_get_tsc_cycles();
	says(request, expected);
	uint64_t latest = rte_get_tsc_cycles();
	uint64_t got = poll_for(bed, loop, 100);
	uint64_t end = rte_get_tsc_cycles(), hertz = rte_get_tsc_hz();
	got += counter(bed->inside, "missed_packets") - missed;
	check(got <= (end - earliest) * rate / hertz + 2, "%u a second: %" PRIu64 " are too many", rate, got);
	check(got + 2 >= (end - latest) / 2 * rate / hertz, "%u a second: %" PRIu64 " are too few", rate, got);
}

void test_commands(void)
{
	struct loop loop = {0};
	struct bed bed = bed_start("flows=64,rate=5000", NULL, 1);

	if (!dial())
		return;
	wrong_words();
	loop_until_open(&bed, &loop, 0);
	paced(&bed, &loop, 50000);
	paced(&bed, &loop, 2000);
	says("/generator/rate,net_generator0,paused", "\"rate\":\"paused\"");
	loop_times(&bed, &loop, 1);
	check(poll_for(&bed, &loop, 20) == 0, "a paused port sends nothing");
	says("/generator/rate,net_generator0,0", "\"rate\":0}");
	loop.forward = 0;
	loop_times(&bed, &loop, 10);
	check(loop.forward > 9 * BURST, "0 is as many as are asked for: %" PRIu64, loop.forward);
	says("/generator/rate,net_generator0,3000", "\"rate\":3000");
	rte_eth_dev_stop(bed.inside);
	check(rte_eth_dev_start(bed.inside) == 0, "it starts again");
	says("/generator/rate,net_generator0", "\"rate\":3000");
	bed_stop(&bed);
	says("/generator/rate,net_generator0", "no such net_generator device");

	/* Born paused: no flow is opened before somebody says so. */
	loop = (struct loop){0};
	bed = bed_start("flows=64,rate=paused", NULL, 1);
	check(poll_for(&bed, &loop, 20) == 0 && counter(bed.inside, "opening_queues") == 1, "it has not begun");
	says("/generator/rate,net_generator0,0", "\"rate\":0}");
	check(loop_until_open(&bed, &loop, 0) && loop.forward > 0, "it begins when told to");
	bed_stop(&bed);
	hang_up();
}

/* ---- resets ---- */

/* The time between polls, by the test's clock and by the generator's. */
static void gaps(void)
{
	struct loop loop = {0};
	struct bed bed = bed_start("flows=64", NULL, 1);
	double hertz = (double)rte_get_tsc_hz();

	check(counter(bed.inside, "poll_gap_max_ns") == 0, "no gap before the first poll");
	loop_times(&bed, &loop, 2);
	rte_delay_us_block(5000);
	check(counter(bed.inside, "poll_gap_max_ns") >= 5000000, "an absence counts while it lasts");
	uint64_t before = rte_get_tsc_cycles();
	says("/generator/reset,net_generator0", "\"reset\":\"all\"");
	rte_delay_us_block(2000);
	check(counter(bed.inside, "poll_gap_max_ns") >= 1900000, "and when nobody has polled since the reset");
	loop_times(&bed, &loop, 100);
	double elapsed = (double)(rte_get_tsc_cycles() - before) * 1e9 / hertz;
	uint64_t gap = counter(bed.inside, "poll_gap_max_ns");
	check(gap >= 1900000 && (double)gap <= elapsed, "%" PRIu64 " ns of %.0f", gap, elapsed);

	uint64_t sent = counter(bed.inside, "sent_packets");
	before = rte_get_tsc_cycles();
	says("/generator/reset,net_generator0,times", "\"reset\":\"times\"");
	check(counter(bed.inside, "latency_samples") == 0 && counter(bed.inside, "latency_max_ns") == 0 &&
		      counter(bed.inside, "sent_packets") == sent && sent > 0,
	      "latencies are forgotten, counters are not");
	loop_times(&bed, &loop, 10);
	elapsed = (double)(rte_get_tsc_cycles() - before) * 1e9 / hertz;
	check((double)counter(bed.inside, "poll_gap_max_ns") <= elapsed, "the gap began anew");
	says("/generator/reset,net_generator0", "\"reset\":\"all\"");
	check(counter(bed.inside, "sent_packets") == 0 && counter(bed.inside, "returned_packets") == 0,
	      "all is 0");
	loop_times(&bed, &loop, 10);
	check(counter(bed.inside, "latency_samples") == 10 * BURST &&
		      counter(bed.inside, "returned_packets") == 10 * BURST,
	      "and counts what comes after");
	bed_stop(&bed);
}

struct poller {
	struct bed *bed;
	uint64_t returned;
	bool end;
};

static int poll_on(void *argument)
{
	struct poller *poller = argument;
	struct rte_mbuf *mbufs[BURST];

	while (!__atomic_load_n(&poller->end, __ATOMIC_RELAXED)) {
		uint16_t count = rte_eth_rx_burst(poller->bed->inside, 0, mbufs, BURST);

		rte_eth_tx_burst(poller->bed->inside, 0, mbufs, count);
		__atomic_store_n(&poller->returned, poller->returned + count, __ATOMIC_RELEASE);
	}
	return 0;
}

/*
 * One thread polls, telemetry's resets, this one reads in between: what is shown since a reset is never more than
 * what the polling thread knows to have returned, nor less.
 */
static void under_way(void)
{
	struct bed bed = bed_start("flows=64", NULL, 1);
	struct poller poller = {.bed = &bed};
	uint64_t deadline = rte_get_tsc_cycles() + 2 * rte_get_tsc_hz();
	uint32_t rounds = 0;

	rte_eal_remote_launch(poll_on, &poller, 1);
	for (; rounds < 500 && rte_get_tsc_cycles() < deadline; rounds++) {
		uint64_t first = __atomic_load_n(&poller.returned, __ATOMIC_ACQUIRE);

		order("/generator/reset,net_generator0");
		uint64_t during = counter(bed.inside, "latency_samples");
		each(during < 1ull << 40, "a read beside a reset makes sense: %" PRIu64, during);
		each(strstr(receive(), "\"all\"") != NULL, "%s", answer);
		uint64_t least = __atomic_load_n(&poller.returned, __ATOMIC_ACQUIRE);
		rte_delay_us_sleep(rounds % 7 * 100);
		uint64_t reached = __atomic_load_n(&poller.returned, __ATOMIC_ACQUIRE);
		uint64_t samples = counter(bed.inside, "latency_samples");
		uint64_t most = __atomic_load_n(&poller.returned, __ATOMIC_ACQUIRE);

		each(samples <= most - first + BURST, "%" PRIu64 " samples of %" PRIu64, samples, most - first);
		each(samples + BURST >= reached - least, "%" PRIu64 " samples, not %" PRIu64, samples,
		     reached - least);
	}
	__atomic_store_n(&poller.end, true, __ATOMIC_RELAXED);
	rte_eal_wait_lcore(1);
	check(rounds > 20, "%u resets", rounds);
	bed_stop(&bed);
}

void test_resets(void)
{
	if (!dial())
		return;
	gaps();
	under_way();
	hang_up();
}
