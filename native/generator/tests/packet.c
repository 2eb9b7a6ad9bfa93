/* Reads and checks packets byte by byte: nothing of the driver's own code is used. */
#include <string.h>

#include "test.h"

#define ETHERNET 14u

static uint16_t be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)be16(at) << 16 | be16(at + 2);
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t add(uint32_t sum, const uint8_t *at, uint32_t bytes)
{
	for (uint32_t index = 0; index < bytes; index++) {
		sum += index % 2 == 0 ? (uint32_t)at[index] << 8 : at[index];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static uint16_t l4_sum(const struct packet *packet)
{
	uint32_t sum = add(packet->protocol + packet->l4_bytes, packet->source, 2 * packet->address_bytes);

	return (uint16_t)~add(sum, packet->l4, packet->l4_bytes);
}

static bool read_ip(struct packet *packet)
{
	if (packet->bytes < ETHERNET + 20)
		return false;
	if (be16(packet->frame + 12) == 0x0800) {
		packet->l4 = packet->ip + 20;
		packet->l4_bytes = be16(packet->ip + 2) - 20u;
		packet->protocol = packet->ip[9];
		packet->source = packet->ip + 12;
		packet->address_bytes = 4;
	} else if (be16(packet->frame + 12) == 0x86dd && packet->bytes >= ETHERNET + 40) {
		packet->l4 = packet->ip + 40;
		packet->l4_bytes = be16(packet->ip + 4);
		packet->protocol = packet->ip[6];
		packet->source = packet->ip + 8;
		packet->address_bytes = 16;
	} else {
		return false;
	}
	packet->destination = packet->source + packet->address_bytes;
	return packet->l4 + packet->l4_bytes <= packet->frame + packet->bytes;
}

bool packet_read(struct rte_mbuf *mbuf, struct packet *packet)
{
	memset(packet, 0, sizeof(*packet));
	packet->frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	packet->ip = packet->frame + ETHERNET;
	packet->bytes = mbuf->data_len;
	if (mbuf->pkt_len != mbuf->data_len || mbuf->nb_segs != 1 || !read_ip(packet))
		return false;
	bool udp = packet->protocol == IPPROTO_UDP;
	uint32_t header = udp ? 8 : (uint32_t)(packet->l4[12] >> 4) * 4;
	if ((!udp && packet->protocol != IPPROTO_TCP) || header > packet->l4_bytes)
		return false;
	if (udp && be16(packet->l4 + 4) != packet->l4_bytes)
		return false;
	packet->sport = be16(packet->l4);
	packet->dport = be16(packet->l4 + 2);
	packet->payload = packet->l4 + header;
	packet->payload_bytes = packet->l4_bytes - header;
	if (!udp) {
		packet->flags = packet->l4[13];
		packet->sequence = be32(packet->l4 + 4);
		packet->acknowledgment = be32(packet->l4 + 8);
	}
	if ((packet->flags & 2) != 0)
		packet->flow = (packet->sequence ^ ((packet->flags & 16) != 0 ? 0x80000000u : 0)) >> 8;
	else if (packet->payload_bytes >= 6)
		packet->flow = be32(packet->payload) >> 8;
	return true;
}

bool packet_sums_up(const struct packet *packet)
{
	if (packet->address_bytes == 4 && add(0, packet->ip, 20) != 0xffff)
		return false;
	return l4_sum(packet) == 0 && (packet->protocol != IPPROTO_UDP || be16(packet->l4 + 6) != 0);
}

void packet_write_sums(const struct packet *packet)
{
	uint8_t *sum = packet->l4 + (packet->protocol == IPPROTO_UDP ? 6 : 16);

	if (packet->address_bytes == 4) {
		put16(packet->ip + 10, 0);
		put16(packet->ip + 10, (uint16_t)~add(0, packet->ip, 20));
	}
	put16(sum, 0);
	uint16_t value = l4_sum(packet);
	put16(sum, packet->protocol == IPPROTO_UDP && value == 0 ? 0xffff : value);
}

void packet_set_ports(const struct packet *packet, uint16_t sport, uint16_t dport)
{
	put16(packet->l4, sport);
	put16(packet->l4 + 2, dport);
}
