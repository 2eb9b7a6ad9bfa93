/* Established flows through the NAT: both directions, handshakes, numbers; and that wrong packets are found. */
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

/* ---- planted mistakes ---- */

struct plant {
	void (*harm)(const struct packet *packet);
	bool forward;
	uint32_t left;
	const char *name;
	const char *counted;
};

static void harm_ip_sum(const struct packet *packet)
{
	packet->ip[10] ^= 1;
}

static void harm_l4_sum(const struct packet *packet)
{
	packet->l4[packet->protocol == IPPROTO_UDP ? 6 : 16] ^= 1;
}

static void harm_payload_sum(const struct packet *packet)
{
	packet->payload[packet->payload_bytes - 1] ^= 0x80;
}

static void harm_payload(const struct packet *packet)
{
	packet->payload[packet->payload_bytes - 1] ^= 0x80;
	packet_write_sums(packet);
}

static void harm_server(const struct packet *packet)
{
	packet->destination[packet->address_bytes - 1] ^= 1;
	packet_write_sums(packet);
}

static void harm_server_port(const struct packet *packet)
{
	packet_set_ports(packet, packet->sport, packet->dport ^ 1);
	packet_write_sums(packet);
}

/* Outside of nat=: a translation to an address that is not the router's, or none at all. */
static void harm_translation(const struct packet *packet)
{
	packet->source[packet->address_bytes - 1] ^= 2;
	packet_write_sums(packet);
}

static void harm_reply_source(const struct packet *packet)
{
	packet_set_ports(packet, packet->sport ^ 4, packet->dport);
	packet_write_sums(packet);
}

static void harm_length(const struct packet *packet)
{
	packet->ip[packet->address_bytes == 4 ? 3 : 5] += 40; /* beyond the frame's end */
	if (packet->address_bytes == 4) {
		packet->ip[10] = packet->ip[11] = 0;
		packet_write_sums(packet);
	}
}

static bool plant_packet(struct rte_mbuf *mbuf, bool forward, void *context)
{
	struct plant *plant = context;
	struct packet packet;

	if (plant->left > 0 && forward == plant->forward && packet_read(mbuf, &packet)) {
		plant->left--;
		plant->harm(&packet);
	}
	return true;
}

static void planted(const char *arguments)
{
	static struct plant plants[] = {
		{harm_ip_sum, true, 5, "IP checksum", "bad_ip_checksum"},
		{harm_l4_sum, true, 3, "L4 checksum", "bad_l4_checksum"},
		{harm_payload_sum, true, 2, "payload that the checksum tells of", "bad_l4_checksum"},
		{harm_l4_sum, false, 4, "reply's L4 checksum", "bad_l4_checksum"},
		{harm_length, true, 2, "length", "bad_l4_checksum"},
		{harm_payload, true, 7, "payload", "bad_payload"},
		{harm_payload, false, 1, "reply's payload", "bad_payload"},
		{harm_server, true, 2, "destination", "bad_header"},
		{harm_server_port, true, 2, "destination port", "bad_header"},
		{harm_translation, true, 6, "translated address", "bad_header"},
		{harm_server, false, 3, "client", "bad_header"},
		{harm_server_port, false, 3, "client's port", "bad_header"},
		{harm_reply_source, false, 3, "server's port", "bad_header"},
	};
	struct nat *nat = calloc(1, sizeof(*nat));
	struct loop loop = {.nat = nat};
	struct bed bed = bed_start(arguments, "rate=0", 1);
	bool six = strstr(arguments, "family=6") != NULL;

	check(loop_until_open(&bed, &loop, 64), "flows open");
	rte_log_set_global_level(RTE_LOG_ERR); /* the wrong packets that the driver shows */
	for (uint32_t index = 0; index < RTE_DIM(plants); index++) {
		struct plant plant = plants[index];
		uint16_t port = plant.forward ? bed.outside : bed.inside;
		uint64_t before = counter(port, plant.counted), returned = counter(port, "returned_packets");

		if (six && plant.harm == harm_ip_sum)
			continue;
		loop.after = plant_packet;
		loop.context = &plant;
		loop_times(&bed, &loop, 50);
		check(counter(port, plant.counted) - before == plants[index].left,
		      "%u wrong packets (%s) are %" PRIu64 " %s", plants[index].left, plant.name,
		      counter(port, plant.counted) - before, plant.counted);
		check(counter(port, "returned_packets") > returned, "and the others came");
	}
	rte_log_set_global_level(RTE_LOG_WARNING);
	check(counter(bed.inside, "flows_remapped") + counter(bed.outside, "flows_remapped") == 0,
	      "nothing is learned from a wrong packet");
	bed_stop(&bed);
	free(nat);
}

/* A router's part: the link's addresses and one hop less. */
struct route {
	struct rte_ether_addr from[2], to[2]; /* of replies, of forward packets */
	uint8_t hops;
};

static bool route_packet(struct rte_mbuf *mbuf, bool forward, void *context)
{
	const struct route *route = context;
	struct packet packet;

	if (!packet_read(mbuf, &packet))
		return true;
	memcpy(packet.frame, &route->to[forward], 6);
	memcpy(packet.frame + 6, &route->from[forward], 6);
	packet.ip[8] -= route->hops;
	packet_write_sums(&packet);
	return true;
}

static void routed(void)
{
	struct route route = {.to = {{{2, 0, 0, 0, 0, 8}}, {{2, 0, 0, 0, 0, 9}}}, .hops = 1};
	struct loop loop = {.after = route_packet, .context = &route};
	struct bed bed = bed_start("verify=1,routed=1,flows=64,remote_mac=02:00:00:00:00:08",
				   "remote_mac=02:00:00:00:00:09", 1);

	rte_eth_macaddr_get(bed.inside, &route.from[0]);
	rte_eth_macaddr_get(bed.outside, &route.from[1]);
	check(loop_until_open(&bed, &loop, 64), "flows open through a router");
	check(counter(bed.inside, "bad_header") + counter(bed.outside, "bad_header") == 0,
	      "a routed packet is right");
	rte_log_set_global_level(RTE_LOG_ERR);
	for (uint32_t mistake = 0; mistake < 3; mistake++) {
		struct route right = route;
		uint64_t before = counter(bed.outside, "bad_header");

		if (mistake == 0)
			route.hops = 0;
		else
			(mistake == 1 ? route.to : route.from)[1].addr_bytes[5] ^= 1;
		loop_times(&bed, &loop, 10);
		check(counter(bed.outside, "bad_header") == before + 10 * BURST, "routing mistake %u is found",
		      mistake);
		route = right;
	}
	rte_log_set_global_level(RTE_LOG_WARNING);
	bed_stop(&bed);
}

void test_verify(void)
{
	planted("verify=1,flows=64,nat=203.0.113.1,size=90");
	planted("verify=1,flows=64,nat=2001:db8::1,family=6,size=100");
	planted("verify=1,flows=64,nat=203.0.113.1,mode=tcp,size=90");
	routed();
}
