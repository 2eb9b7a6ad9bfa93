/* A port-translating router as simple as can be: a list of mappings, one public address, all sums made anew. */
#include <string.h>

#include <rte_cycles.h>

#include "test.h"

#define PORT_BASE 20000u

static const uint8_t public4[4] = {203, 0, 113, 1};
static const uint8_t public6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

static const uint8_t *public_address(const struct packet *packet)
{
	return packet->address_bytes == 4 ? public4 : public6;
}

bool nat_forward(struct nat *nat, struct rte_mbuf *mbuf)
{
	struct packet packet;
	uint32_t index = 0;

	if (!packet_read(mbuf, &packet))
		return false;
	while (index < nat->mappings &&
	       (nat->inside[index].port != packet.sport ||
		memcmp(nat->inside[index].address, packet.source, packet.address_bytes) != 0))
		index++;
	if (index == MAPPINGS_MAX)
		return false;
	if (index == nat->mappings) {
		memcpy(nat->inside[index].address, packet.source, packet.address_bytes);
		nat->inside[index].port = packet.sport;
		nat->mappings++;
	}
	memcpy(packet.source, public_address(&packet), packet.address_bytes);
	packet_set_ports(&packet, (uint16_t)(PORT_BASE + nat->shift + index), packet.dport);
	packet_write_sums(&packet);
	return true;
}

bool nat_reply(struct nat *nat, struct rte_mbuf *mbuf)
{
	struct packet packet;

	if (!packet_read(mbuf, &packet) ||
	    memcmp(packet.destination, public_address(&packet), packet.address_bytes) != 0)
		return false;
	uint32_t index = packet.dport - PORT_BASE - nat->shift;
	if (index >= nat->mappings)
		return false;
	memcpy(packet.destination, nat->inside[index].address, packet.address_bytes);
	packet_set_ports(&packet, packet.sport, nat->inside[index].port);
	packet_write_sums(&packet);
	return true;
}

static void pass(const struct bed *bed, uint16_t queue, struct loop *loop, bool forward)
{
	struct rte_mbuf *mbufs[BURST];
	uint16_t from = forward ? bed->inside : bed->outside, to = forward ? bed->outside : bed->inside;
	uint16_t count = rte_eth_rx_burst(from, queue, mbufs, BURST), kept = 0;

	for (uint16_t index = 0; index < count; index++) {
		struct rte_mbuf *mbuf = mbufs[index];
		bool keep = loop->before == NULL || loop->before(mbuf, forward, loop->context);

		if (keep && loop->nat != NULL)
			keep = forward ? nat_forward(loop->nat, mbuf) : nat_reply(loop->nat, mbuf);
		if (keep && loop->after != NULL)
			keep = loop->after(mbuf, forward, loop->context);
		if (keep)
			mbufs[kept++] = mbuf;
		else
			rte_pktmbuf_free(mbuf);
	}
	uint16_t sent = rte_eth_tx_burst(to, queue, mbufs, kept);
	each(sent == kept, "a transmit burst is always taken whole");
	*(forward ? &loop->forward : &loop->replies) += kept;
}

void loop_once(const struct bed *bed, uint16_t queue, struct loop *loop)
{
	pass(bed, queue, loop, true);
	if (bed->inside != bed->outside)
		pass(bed, queue, loop, false);
}

void loop_times(const struct bed *bed, struct loop *loop, uint32_t times)
{
	for (uint32_t time = 0; time < times; time++)
		loop_once(bed, (uint16_t)(time % bed->queues), loop);
}

bool loop_until_open(const struct bed *bed, struct loop *loop, uint32_t flows)
{
	uint64_t end = rte_get_tsc_cycles() + 5 * rte_get_tsc_hz();
	bool open = false;

	while (!open && rte_get_tsc_cycles() < end) {
		loop_times(bed, loop, 64u * bed->queues);
		/* An outside may stop opening before its last flows are: a packet that is sent later opens them.
		 */
		open = counter(bed->inside, "opening_queues") + counter(bed->outside, "opening_queues") == 0 &&
		       counter(bed->inside, "flows_open") >= flows;
	}
	return open && counter(bed->inside, "flows_open") == flows;
}
