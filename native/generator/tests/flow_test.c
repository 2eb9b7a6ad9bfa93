/* Losses and remapped flows, neighbours, new connections and floods, the choice of flows, queues. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "test.h"

/* ---- losses ---- */

static bool drop_third(struct rte_mbuf *mbuf, bool forward, void *context)
{
	uint64_t *dropped = context;
	static uint32_t turn;

	RTE_SET_USED(mbuf);
	if (++turn % 3 != 0)
		return true;
	dropped[!forward]++;
	return false;
}

void test_losses(void)
{
	uint64_t dropped[2] = {0, 0};
	struct nat *nat = calloc(1, sizeof(*nat));
	struct loop loop = {.nat = nat, .before = drop_third, .context = dropped};
	struct bed bed = bed_start("flows=600,mode=tcp,verify=1", "", 1);

	check(loop_until_open(&bed, &loop, 600), "every handshake succeeds although every third packet is lost");
	loop_times(&bed, &loop, 500);
	check(counter(bed.inside, "lost_packets") == dropped[0], "what was lost forward is counted");
	check(counter(bed.outside, "lost_packets") == dropped[1], "and on the way back");
	loop.before = NULL;
	rte_eth_xstats_reset(bed.inside);
	rte_eth_xstats_reset(bed.outside);
	check(counter(bed.inside, "sent_packets") == 0 && counter(bed.inside, "lost_packets") == 0 &&
		      counter(bed.inside, "latency_samples") == 0,
	      "a reset begins anew");
	check(counter(bed.inside, "flows_open") == 600, "but forgets no flow");
	uint64_t forward = loop.forward;
	loop_times(&bed, &loop, 100);
	check(counter(bed.inside, "sent_packets") == loop.forward - forward &&
		      counter(bed.inside, "lost_packets") == 0,
	      "and counts on");

	/* Every translation changes: the outside learns the new ones, and replies go there. */
	nat->shift = 5000;
	while (counter(bed.outside, "flows_remapped") < 600 && loop.forward - forward < 1000000)
		loop_times(&bed, &loop, 10);
	check(counter(bed.outside, "flows_remapped") == 600, "every flow is remapped once");
	uint64_t lost = counter(bed.outside, "lost_packets");
	loop_times(&bed, &loop, 100);
	check(counter(bed.outside, "lost_packets") == lost, "replies go where the flows are now");
	bed_stop(&bed);
	free(nat);
}

/* ---- ARP and neighbour discovery ---- */

/* Gives a port a frame and returns what it answers, NULL: nothing. */
static struct rte_mbuf *ask(uint16_t port, const void *frame, uint16_t bytes)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool), *answer = NULL;

	memcpy(rte_pktmbuf_append(mbuf, bytes), frame, bytes);
	check(rte_eth_tx_burst(port, 0, &mbuf, 1) == 1, "a frame is taken");
	return rte_eth_rx_burst(port, 0, &answer, 1) == 1 ? answer : NULL;
}

#define ARP_BYTES 42u

/* Who has 10.0.third.last? Tell 10.0.0.1. */
static void write_arp(uint8_t *request, uint8_t third, uint8_t last)
{
	static const uint8_t question[ARP_BYTES] = {
		0xff,	   0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0, 0, 0, 5, 8, 6, /* Ethernet */
		0,	   1,	 8,    0,    6,	   4,	 0,  1,	      /* request for IPv4 on Ethernet */
		2,	   0,	 0,    0,    0,	   5,	 10, 0, 0, 1, /* who asks */
		[38] = 10,
	};

	memcpy(request, question, sizeof(question));
	request[40] = third;
	request[41] = last;
}

static bool answers_arp(uint16_t port, uint8_t third, uint8_t last, const uint8_t *mac)
{
	uint8_t request[ARP_BYTES];

	write_arp(request, third, last);
	struct rte_mbuf *mbuf = ask(port, request, sizeof(request));
	if (mbuf == NULL)
		return false;
	const uint8_t *got = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	check(mbuf->data_len == 60 && memcmp(got, request + 6, 6) == 0 && memcmp(got + 6, mac, 6) == 0,
	      "it goes to who asked");
	check(got[21] == 2 && memcmp(got + 22, mac, 6) == 0 && memcmp(got + 28, request + 38, 4) == 0,
	      "it says where the address is");
	check(memcmp(got + 32, request + 22, 10) == 0, "and who asked");
	rte_pktmbuf_free(mbuf);
	return true;
}

static void neighbours4(void)
{
	static const uint8_t inside[6] = {2, 0x67, 0x65, 1, 0, 0}, given[6] = {2, 0, 0, 0, 0, 9};
	/* A high rate of nothing: an outside without known flows sends answers only. */
	struct bed bed = bed_start("mode=new,flows=1,rate=1,src=10.0.5.1-10.0.5.9,dst=10.0.7.0/24",
				   "remote_mac=02:00:00:00:00:09,neighbour=10.0.9.9", 1);
	struct rte_mbuf *first;

	while (rte_eth_rx_burst(bed.inside, 0, &first, 1) == 0)
		;
	rte_pktmbuf_free(first); /* the next one is due in a second */
	check(answers_arp(bed.inside, 5, 1, inside) && answers_arp(bed.inside, 5, 9, inside),
	      "hosts of the inside answer");
	check(!answers_arp(bed.inside, 5, 10, inside) && !answers_arp(bed.inside, 7, 1, inside), "others do not");
	check(answers_arp(bed.outside, 7, 1, given) && answers_arp(bed.outside, 9, 9, given),
	      "as servers and the next hop do");
	check(!answers_arp(bed.outside, 7, 255, given) && !answers_arp(bed.outside, 5, 1, given),
	      "and nobody else");
	check(counter(bed.outside, "neighbour_requests") == 2 && counter(bed.outside, "neighbour_answers") == 2 &&
		      counter(bed.outside, "other_packets") == 2,
	      "all of it is counted");
	check(counter(bed.inside, "sent_packets") == 1 && counter(bed.inside, "lost_packets") == 1,
	      "apart from packets");
	bed_stop(&bed);
}

/* A router that starts asks for a whole network at once: all of it waits for a poll, up to a bound. */
static void many_requests(void)
{
	struct rte_mbuf *mbufs[1100];
	struct bed bed = bed_start("mode=synflood,src=10.0.0.0/16", "", 1);
	uint32_t answers = 0;

	for (uint32_t index = 0; index < RTE_DIM(mbufs); index++) {
		mbufs[index] = rte_pktmbuf_alloc(pool);
		write_arp((uint8_t *)rte_pktmbuf_append(mbufs[index], ARP_BYTES), (uint8_t)(index / 256 + 1),
			  (uint8_t)index);
	}
	check(rte_eth_tx_burst(bed.inside, 0, mbufs, RTE_DIM(mbufs)) == RTE_DIM(mbufs),
	      "a burst of any length is taken whole");
	for (;;) {
		uint16_t count = rte_eth_rx_burst(bed.inside, 0, mbufs, BURST);
		bool arp = count > 0 && rte_pktmbuf_mtod(mbufs[0], uint8_t *)[13] == 6;
		answers += arp ? count : 0;
		rte_pktmbuf_free_bulk(mbufs, count);
		if (!arp)
			break;
	}
	check(answers == 1024, "1024 answers wait, and %u came", answers);
	check(counter(bed.inside, "neighbour_requests") == RTE_DIM(mbufs), "every request is counted");
	check(counter(bed.inside, "neighbour_answers") == answers, "and every answer");
	bed_stop(&bed);
}

static bool answers_solicitation(uint16_t port, uint8_t last, bool duplicate_detection)
{
	uint8_t request[86] = {0x33, 0x33, 0xff, 0,    0, last, 2, 0, 0,  0,  0,
			       5,    0x86, 0xdd, 0x60, 0, 0,	0, 0, 32, 58, 255};
	const uint8_t target[16] = {0x20, 1, 0x0d, 0xb8, [15] = last};
	struct packet header = {0};

	request[22] = 0xfe;
	request[23] = 0x80;
	request[37] = 5;
	if (duplicate_detection)
		memset(request + 22, 0, 16);
	request[54] = 135;
	memcpy(request + 62, target, 16);
	struct rte_mbuf *mbuf = ask(port, request, sizeof(request));
	if (mbuf == NULL)
		return false;
	uint8_t *got = rte_pktmbuf_mtod(mbuf, uint8_t *);
	check(mbuf->data_len == 86 && got[54] == 136 && got[21] == 255, "an advertisement with 255 hops");
	check(memcmp(got + 62, target, 16) == 0 && memcmp(got + 22, target, 16) == 0, "of and from the target");
	check(got[78] == 2 && got[79] == 1 && memcmp(got + 80, got + 6, 6) == 0, "with the link address");
	check(duplicate_detection ? got[38] == 0xff && got[58] == 0x20 && got[0] == 0x33
				  : memcmp(got + 38, request + 22, 16) == 0 && got[58] == 0x60 && got[0] == 2,
	      "to who asked, or to all");
	header = (struct packet){
		.source = got + 22, .address_bytes = 16, .protocol = 58, .l4 = got + 54, .l4_bytes = 32};
	check(packet_sums_up(&header), "its sum is right");
	rte_pktmbuf_free(mbuf);
	return true;
}

void test_neighbours(void)
{
	neighbours4();
	many_requests();
	struct bed bed = bed_start(
		"mode=synflood,family=6,src=2001:db8::10-2001:db8::1f,dst=2001:db8::20-2001:db8::2f", "", 1);
	check(answers_solicitation(bed.outside, 0x20, false) && answers_solicitation(bed.outside, 0x2f, true),
	      "servers answer");
	check(!answers_solicitation(bed.outside, 0x30, false) && !answers_solicitation(bed.outside, 0x10, false),
	      "others do not");
	bed_stop(&bed);
}

/* ---- new connections ---- */

struct seen {
	uint8_t used[10 * 1024]; /* host, port */
	uint32_t packets, repeated, others;
	uint8_t protocol;
};

static bool see(struct rte_mbuf *mbuf, bool forward, void *context)
{
	struct seen *seen = context;
	struct packet packet;

	if (!each(forward && packet_read(mbuf, &packet), "only forward packets come"))
		return false;
	each(packet.protocol == seen->protocol && packet_sums_up(&packet), "it is right");
	each(seen->protocol == IPPROTO_UDP || packet.flags == 2, "every segment is a SYN");
	uint32_t host = packet.source[packet.address_bytes - 1] - 1u, place = host * 1024 + packet.sport - 1024u;
	seen->packets++;
	if (host >= 10 || packet.sport < 1024 || packet.sport > 2047)
		seen->others++;
	else
		seen->repeated += seen->used[place]++ > 0;
	return true;
}

static void openers(const char *arguments, uint8_t protocol, uint32_t packets, bool all_new)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	struct loop loop = {.before = see, .context = seen};
	struct bed bed = bed_start(arguments, "", 1);

	seen->protocol = protocol;
	while (seen->packets < packets)
		loop_times(&bed, &loop, 1);
	check(seen->others == 0, "%s: all are of the range", arguments);
	check(all_new ? seen->repeated == 0 : seen->repeated > 0, "%s: %u of %u repeated", arguments,
	      seen->repeated, packets);
	check(counter(bed.outside, "returned_packets") == seen->packets &&
		      counter(bed.outside, "sent_packets") == 0,
	      "all return, none is answered");
	check(counter(bed.outside, "bad_header") == 0 && counter(bed.outside, "bad_l4_checksum") == 0,
	      "all are verified");
	loop_times(&bed, &loop, 2 * 10 * 1024 / BURST);
	check(seen->repeated > 0, "after all tuples the walk begins anew");
	bed_stop(&bed);
	free(seen);
}

void test_new_connections(void)
{
	openers("mode=new,verify=1,src=10.0.0.1-10.0.0.10,sport=1024-2047", IPPROTO_UDP, 10240, true);
	openers("mode=new,verify=1,src=10.0.0.1-10.0.0.10,sport=1024-2047,protocol=tcp", IPPROTO_TCP, 10240, true);
	openers("mode=new,verify=1,family=6,src=2001:db8::1-2001:db8::a,sport=1024-2047", IPPROTO_UDP, 10240,
		true);
	openers("mode=new,verify=1,src=10.0.0.1-10.0.0.10,sport=1024-2047,flows=96", IPPROTO_UDP, 128, false);
	openers("mode=synflood,verify=1,src=10.0.0.1-10.0.0.10,sport=1024-2047", IPPROTO_TCP, 10240, false);
	openers("mode=synflood,verify=1,family=6,src=2001:db8::1-2001:db8::a,sport=1024-2047", IPPROTO_TCP, 10240,
		false);
}

/* ---- which flows ---- */

#define CHOICES 64u

struct counts {
	uint32_t flow[CHOICES];
	uint32_t packets;
	uint64_t order; /* of the first packets, as a hash */
};

static bool tally(struct rte_mbuf *mbuf, bool forward, void *context)
{
	struct counts *counts = context;
	struct packet packet;

	RTE_SET_USED(forward);
	if (each(packet_read(mbuf, &packet) && packet.flow < CHOICES, "a flow")) {
		counts->flow[packet.flow]++;
		if (counts->packets++ < 10000)
			counts->order = (counts->order ^ packet.flow) * 0x100000001b3ull;
	}
	return true;
}

static struct counts choose(const char *arguments, uint32_t packets)
{
	struct counts counts = {0};
	struct loop loop = {.before = tally, .context = &counts};
	struct bed bed = bed_start(arguments, NULL, 1);

	while (counts.packets < packets)
		loop_times(&bed, &loop, 1);
	bed_stop(&bed);
	return counts;
}

/* Pearson's statistic of 63 degrees of freedom: above 130 with a probability below one in a million. */
static double chi_square(const struct counts *counts, double exponent)
{
	double sum = 0, weights = 0, total = 0;

	for (uint32_t flow = 0; flow < CHOICES; flow++) {
		weights += pow(flow + 1, -exponent);
		total += counts->flow[flow];
	}
	for (uint32_t flow = 0; flow < CHOICES; flow++) {
		double expected = total * pow(flow + 1, -exponent) / weights;
		sum += (counts->flow[flow] - expected) * (counts->flow[flow] - expected) / expected;
	}
	return sum;
}

void test_choice(void)
{
	struct counts uniform = choose("flows=64", 500000), zipf = choose("flows=64,zipf=1.1", 500000);
	struct counts again = choose("flows=64,seed=1", 10000), other = choose("flows=64,seed=2", 10000);

	check(chi_square(&uniform, 0) < 130, "flows are chosen uniformly: %f", chi_square(&uniform, 0));
	check(chi_square(&zipf, 1.1) < 130, "or by Zipf's law: %f", chi_square(&zipf, 1.1));
	check(chi_square(&zipf, 1) > 130 && chi_square(&uniform, 0.05) > 130,
	      "which the check tells from a near one");
	check(uniform.order == again.order, "a seed fixes the order");
	check(uniform.order != other.order, "another has another");
}
