/* That verify finds wrong packets, each kind under its own counter, and right ones never. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "test.h"

#define SYN 0x02
#define ACK 0x10

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

static void harm_services(const struct packet *packet)
{
	packet->ip[1] ^= packet->address_bytes == 4 ? 0x04 : 0x10;
	packet_write_sums(packet);
}

/* IPv4's identification, IPv6's flow label. */
static void harm_identification(const struct packet *packet)
{
	packet->ip[packet->address_bytes == 4 ? 5 : 3] ^= 1;
	packet_write_sums(packet);
}

/* RFC 791 section 3.1: don't fragment. */
static void harm_fragmentation(const struct packet *packet)
{
	packet->ip[6] ^= 0x40;
	packet_write_sums(packet);
}

static void harm_udp_length(const struct packet *packet)
{
	packet->l4[5]--;
	packet_write_sums(packet);
}

/* Adds to a field of four bytes of the TCP header, and mends the checksum as a translation would. */
static void add_to_tcp(const struct packet *packet, uint32_t offset, uint32_t value)
{
	uint32_t field;

	memcpy(&field, packet->l4 + offset, sizeof(field));
	field = rte_cpu_to_be_32(rte_be_to_cpu_32(field) + value);
	memcpy(packet->l4 + offset, &field, sizeof(field));
	packet_write_sums(packet);
}

static void harm_sequence(const struct packet *packet)
{
	add_to_tcp(packet, 4, UINT32_MAX);
}

/* By whole payloads, but beyond what was sent. */
static void harm_sequence_ahead(const struct packet *packet)
{
	add_to_tcp(packet, 4, packet->payload_bytes << 20);
}

static void harm_acknowledgment(const struct packet *packet)
{
	add_to_tcp(packet, 8, UINT32_MAX);
}

static void harm_acknowledgment_ahead(const struct packet *packet)
{
	add_to_tcp(packet, 8, packet->payload_bytes << 20);
}

static void harm_flags(const struct packet *packet)
{
	add_to_tcp(packet, 12, 0x00400000); /* ECE */
}

static void harm_window(const struct packet *packet)
{
	add_to_tcp(packet, 12, UINT32_MAX);
}

static void harm_urgent_pointer(const struct packet *packet)
{
	add_to_tcp(packet, 16, 1);
}

/* A handshake's segment: the data offset of data would move the flow's number. */
static void harm_data_offset(const struct packet *packet)
{
	add_to_tcp(packet, 12, 0xf0000000);
}

/* The same of SYN and SYN+ACK alone: everything else goes by unharmed. */
static void harm_first_sequence(const struct packet *packet)
{
	add_to_tcp(packet, 4, 1);
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
		{harm_services, true, 2, "services", "bad_header"},
		{harm_services, false, 2, "reply's services", "bad_header"},
		{harm_identification, true, 2, "identification", "bad_header"},
		{harm_fragmentation, true, 2, "fragmentation", "bad_header"},
		{harm_udp_length, true, 2, "UDP length", "bad_header"},
		{harm_sequence, true, 3, "sequence number", "bad_header"},
		{harm_sequence, false, 3, "reply's sequence number", "bad_header"},
		{harm_sequence_ahead, true, 3, "sequence number ahead", "bad_header"},
		{harm_sequence_ahead, false, 3, "reply's sequence number ahead", "bad_header"},
		{harm_acknowledgment, true, 3, "acknowledgment", "bad_header"},
		{harm_acknowledgment, false, 3, "reply's acknowledgment", "bad_header"},
		{harm_acknowledgment_ahead, true, 3, "acknowledgment ahead", "bad_header"},
		{harm_acknowledgment_ahead, false, 3, "reply's acknowledgment ahead", "bad_header"},
		{harm_flags, true, 3, "flags", "bad_header"},
		{harm_flags, false, 3, "reply's flags", "bad_header"},
		{harm_window, true, 3, "window", "bad_header"},
		{harm_window, false, 3, "reply's window", "bad_header"},
		{harm_urgent_pointer, true, 3, "urgent pointer", "bad_header"},
	};
	static void (*const of_tcp[])(const struct packet *) = {
		harm_sequence, harm_sequence_ahead, harm_acknowledgment, harm_acknowledgment_ahead,
		harm_flags,    harm_window,	    harm_urgent_pointer,
	};
	struct nat *nat = calloc(1, sizeof(*nat));
	struct loop loop = {.nat = nat};
	struct bed bed = bed_start(arguments, "rate=0", 1);
	bool six = strstr(arguments, "family=6") != NULL, tcp = strstr(arguments, "mode=tcp") != NULL;

	check(loop_until_open(&bed, &loop, 64), "flows open");
	rte_log_set_global_level(RTE_LOG_ERR); /* the wrong packets that the driver shows */
	for (uint32_t index = 0; index < RTE_DIM(plants); index++) {
		struct plant plant = plants[index];
		uint16_t port = plant.forward ? bed.outside : bed.inside;
		uint64_t before = counter(port, plant.counted), returned = counter(port, "returned_packets");

		bool tcp_only = false;

		for (uint32_t harm = 0; harm < RTE_DIM(of_tcp); harm++)
			tcp_only |= plant.harm == of_tcp[harm];
		if ((six && (plant.harm == harm_ip_sum || plant.harm == harm_fragmentation)) ||
		    (!tcp && tcp_only) || (tcp && plant.harm == harm_udp_length))
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

struct handshake {
	void (*harm)(const struct packet *packet);
	bool forward;
	uint32_t harmed;
};

static bool harm_handshake(struct rte_mbuf *mbuf, bool forward, void *context)
{
	struct handshake *handshake = context;
	struct packet packet;

	if (forward == handshake->forward && packet_read(mbuf, &packet) && (packet.flags & SYN) != 0) {
		handshake->harmed++;
		handshake->harm(&packet);
	}
	return true;
}

/* No connection opens over a handshake with a wrong field, and every segment of it is counted. */
static void handshakes(const char *arguments)
{
	static void (*const harms[])(const struct packet *) = {
		harm_first_sequence, harm_acknowledgment, harm_flags, harm_window, harm_data_offset, harm_services,
	};

	rte_log_set_global_level(RTE_LOG_ERR);
	for (uint32_t turn = 0; turn < 2 * RTE_DIM(harms); turn++) {
		struct handshake handshake = {.harm = harms[turn / 2], .forward = turn % 2 == 0};
		struct nat *nat = calloc(1, sizeof(*nat));
		struct loop loop = {.nat = nat, .after = harm_handshake, .context = &handshake};
		struct bed bed = bed_start(arguments, "", 1);
		uint16_t port = handshake.forward ? bed.outside : bed.inside;

		loop_times(&bed, &loop, 200);
		check(handshake.harmed > 0 && counter(port, "bad_header") == handshake.harmed,
		      "harm %u: %" PRIu64 " of %u wrong segments of handshakes are found", turn,
		      counter(port, "bad_header"), handshake.harmed);
		check(counter(bed.inside, "flows_open") == 0, "and open nothing");
		bed_stop(&bed);
		free(nat);
	}
	rte_log_set_global_level(RTE_LOG_WARNING);
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
	planted("verify=1,flows=64,nat=2001:db8::1,mode=tcp,family=6,size=100");
	handshakes("verify=1,flows=64,nat=203.0.113.1,mode=tcp");
	handshakes("verify=1,flows=64,nat=2001:db8::1,mode=tcp,family=6");
	routed();
}
