/* Established flows through the NAT: both directions, handshakes, numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "test.h"

#define FLOWS 700u /* more than a round of 512 looks at */
#define SYN   0x02
#define ACK   0x10
#define PSH   0x08

/* What the test has seen of each flow. */
struct watch {
	struct {
		uint32_t next[2]; /* sequence number that is due, by direction */
		uint32_t packets[2];
		uint16_t sport;
		uint8_t source[16];
	} flow[FLOWS];
	uint32_t bytes;
	bool tcp;
};

static void watch_segment(struct watch *watch, const struct packet *packet, bool forward)
{
	uint32_t *next = &watch->flow[packet->flow].next[!forward],
		 first = watch->flow[packet->flow].packets[!forward];
	uint32_t received = watch->flow[packet->flow].next[forward];
	uint8_t flags = first > 0 ? PSH | ACK : forward ? SYN : SYN | ACK;

	each(packet->flags == flags, "packet %u of flow %u has flags %x, not %x", first, packet->flow,
	     packet->flags, flags);
	each(first == 0 || packet->sequence == *next, "flow %u goes on with %u, not %u", packet->flow,
	     packet->sequence, *next);
	each((forward && first == 0) || (int32_t)(received - packet->acknowledgment) >= 0,
	     "nothing is acknowledged that was not sent");
	/* The loop hands on each burst before the next one is made: acknowledgments are up to date within a burst.
	 */
	each((forward && first == 0) || received - packet->acknowledgment <= BURST * packet->payload_bytes + 1,
	     "flow %u acknowledges %u of %u", packet->flow, packet->acknowledgment, received);
	*next = packet->sequence + packet->payload_bytes + (first == 0);
}

static bool watch_packet(struct rte_mbuf *mbuf, bool forward, void *context)
{
	struct watch *watch = context;
	struct packet packet;

	if (!each(packet_read(mbuf, &packet), "a packet can be read") ||
	    !each(packet.flow < FLOWS, "it is of a flow"))
		return false;
	each(packet_sums_up(&packet), "its sums are right");
	each(packet.bytes == watch->bytes || (packet.flags & SYN) != 0, "it has the size: %u", packet.bytes);
	each((mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_GOOD) != 0, "its sum is marked good, which was asked for");
	each((mbuf->packet_type & RTE_PTYPE_L4_MASK) == (watch->tcp ? RTE_PTYPE_L4_TCP : RTE_PTYPE_L4_UDP),
	     "and its type");
	if (forward && watch->flow[packet.flow].packets[0] == 0) {
		memcpy(watch->flow[packet.flow].source, packet.source, packet.address_bytes);
		watch->flow[packet.flow].sport = packet.sport;
	}
	if (forward)
		each(watch->flow[packet.flow].sport == packet.sport &&
			     memcmp(watch->flow[packet.flow].source, packet.source, packet.address_bytes) == 0,
		     "flow %u keeps its tuple", packet.flow);
	if (watch->tcp)
		watch_segment(watch, &packet, forward);
	watch->flow[packet.flow].packets[!forward]++;
	return true;
}

static void check_counters(const struct bed *bed, const struct loop *loop)
{
	static const char *const zero[] = {
		"bad_ip_checksum", "bad_l4_checksum", "bad_header",	"bad_payload",	  "other_packets",
		"lost_packets",	   "no_mbuf_packets", "flows_remapped", "missed_packets",
	};

	for (uint32_t index = 0; index < RTE_DIM(zero); index++) {
		check(counter(bed->inside, zero[index]) == 0, "inside: no %s", zero[index]);
		check(counter(bed->outside, zero[index]) == 0, "outside: no %s", zero[index]);
	}
	check(counter(bed->inside, "sent_packets") == loop->forward, "what the inside sent is counted");
	check(counter(bed->outside, "returned_packets") == loop->forward, "and what came at the outside");
	check(counter(bed->outside, "sent_packets") == loop->replies, "and replies");
	check(counter(bed->inside, "returned_packets") == loop->replies, "and their return");
	check(counter(bed->inside, "flows_learned") == FLOWS && counter(bed->outside, "flows_open") == FLOWS,
	      "all flows are known and open on both sides");
}

static void established(const char *mode, uint32_t family, uint32_t size)
{
	char text[256];
	struct watch *watch = calloc(1, sizeof(*watch));
	struct nat *nat = calloc(1, sizeof(*nat));
	struct loop loop = {.nat = nat, .before = watch_packet, .context = watch};
	unsigned int before = failed;

	snprintf(text, sizeof(text), "mode=%s,family=%u,size=%u,flows=%u,verify=1,src=%s,nat=%s", mode, family,
		 size, FLOWS, family == 4 ? "10.0.0.2-10.0.0.8" : "2001:db8:a::2-2001:db8:a::8",
		 family == 4 ? "203.0.113.1" : "2001:db8::1");
	struct bed bed = bed_start(text, "", 1);
	watch->bytes = size - 4;
	watch->tcp = *mode == 't';
	check(loop_until_open(&bed, &loop, FLOWS), "%s: every flow opens", text);
	loop_times(&bed, &loop, 2000);
	check_counters(&bed, &loop);
	check(nat->mappings == FLOWS, "%u tuples for %u flows", nat->mappings, FLOWS);
	check(counter(bed.inside, "latency_samples") > 10000 && counter(bed.outside, "latency_samples") > 10000,
	      "latency is measured both ways");
	for (uint32_t flow = 0; flow < FLOWS; flow++)
		each(watch->flow[flow].packets[0] > 10 && watch->flow[flow].packets[1] > 10, "flow %u is used",
		     flow);
	if (failed > before)
		printf("  of %s\n", text);
	bed_stop(&bed);
	free(watch);
	free(nat);
}

void test_established(void)
{
	established("udp", 4, 64);
	established("udp", 4, 1518);
	established("udp", 6, 72);
	established("udp", 6, 555);
	established("tcp", 4, 64);
	established("tcp", 4, 1518);
	established("tcp", 6, 84);
	established("tcp", 6, 1280);
}
