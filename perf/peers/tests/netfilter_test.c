/*
 * The XDP programs of the kernel's traffic source, run by the kernel one packet at a time, with a naive NAT
 * between them that computes checksums anew. Needs root; without it nothing is tested. Prints "N passed, N
 * failed".
 */
#include "netfilter_bed.h"

static void test_datagrams(uint32_t frame_bytes)
{
	struct bed bed = bed_of(ESTABLISHED, IPPROTO_UDP, 70000, frame_bytes);
	unsigned int sound = 0;

	for (uint32_t flow = 0; flow < 70000; flow++) {
		struct packet packet = make(&bed);
		sound += is_sound(&packet) && get(&packet, AT_UDP_CHECKSUM, 2) != 0 &&
			 packet.length == frame_bytes && get(&packet, AT_UDP_PAYLOAD, 4) == flow &&
			 get(&packet, AT_SOURCE, 4) == (HOSTS << 16 | (flow & 0xffff)) &&
			 get(&packet, AT_SOURCE_PORT, 2) == HOST_PORT + (flow >> 16);
	}
	check(sound == 70000, "%u bytes: every flow has a tuple, its number and right checksums", frame_bytes);
	static bool seen[70000];
	unsigned int flows = 0;
	memset(seen, 0, sizeof(seen));
	for (int turn = 0; turn < 200; turn++) {
		struct packet packet = make(&bed);
		uint32_t flow = get(&packet, AT_UDP_PAYLOAD, 4);

		if (!each(flow < 70000, "a chosen flow is one of them"))
			continue;
		flows += !seen[flow];
		seen[flow] = true;
		exchange(&bed, packet);
	}
	check(bed.counters->opened == flows && flows > 150, "%u flows came back, each is counted once: %llu",
	      flows, (unsigned long long)bed.counters->opened);
	check(bed.counters->outside.arrived == 200 && bed.counters->inside.arrived == 200 && wrong(&bed) == 0,
	      "%u bytes: what is right is counted and nothing found wrong", frame_bytes);
}

static void test_conversation(uint32_t frame_bytes)
{
	struct bed bed = bed_of(ESTABLISHED, IPPROTO_TCP, 1, frame_bytes);
	uint32_t payload = frame_bytes - AT_TCP_PAYLOAD;

	struct packet syn = make(&bed), again = make(&bed);
	check(is_sound(&syn) && syn.bytes[AT_FLAGS] == TCP_SYN && syn.length == HEADER_BYTES, "a SYN opens");
	check(memcmp(&syn, &again, sizeof(syn)) == 0, "and is repeated until it is answered");
	struct packet accepted = exchange(&bed, syn);
	check(accepted.bytes[AT_FLAGS] == TCP_SYN_ACK, "it is accepted");
	check(get(&accepted, AT_ACKNOWLEDGMENT, 4) == get(&syn, AT_SEQUENCE, 4) + 1, "and acknowledged");
	check(bed.counters->opened == 1, "the connection is open");

	uint32_t host = get(&syn, AT_SEQUENCE, 4) + 1, server = get(&accepted, AT_SEQUENCE, 4) + 1;
	for (int turn = 0; turn < 100; turn++, host += payload, server += payload) {
		struct packet data = make(&bed);
		each(is_sound(&data) && data.bytes[AT_FLAGS] == TCP_PSH_ACK && data.length == frame_bytes &&
			     get(&data, AT_SEQUENCE, 4) == host && get(&data, AT_ACKNOWLEDGMENT, 4) == server,
		     "the host goes on where it was");
		struct packet reply = exchange(&bed, data);
		each(reply.bytes[AT_FLAGS] == TCP_PSH_ACK && get(&reply, AT_SEQUENCE, 4) == server &&
			     get(&reply, AT_ACKNOWLEDGMENT, 4) == host + payload,
		     "the server acknowledges and sends as much");
	}

	/* two under way: the second must not acknowledge what has not come back */
	struct packet first = make(&bed), second = make(&bed);
	check(get(&second, AT_SEQUENCE, 4) == host + payload && get(&second, AT_ACKNOWLEDGMENT, 4) == server,
	      "a host acknowledges only what it has");
	exchange(&bed, first);
	exchange(&bed, second);
	struct packet late = syn;
	exchange(&bed, late);
	struct packet after = make(&bed);
	check(get(&after, AT_SEQUENCE, 4) == host + 2 * payload, "a SYN that is answered twice changes nothing");
	check(bed.counters->opened == 1 && wrong(&bed) == 0, "nothing was found wrong");
}

/* Every flow of an opening is met twice, in chunks. */
static void test_opening(void)
{
	struct bed bed = bed_of(ESTABLISHED, IPPROTO_TCP, 1500, FRAME_BYTES_MIN);

	for (uint64_t turn = 0; turn < opening_packets(&bed.traffic); turn++)
		exchange(&bed, make(&bed));
	check(bed.counters->opened == 1500, "%llu of 1500 connections open",
	      (unsigned long long)bed.counters->opened);
	struct packet packet = make(&bed);
	check(packet.bytes[AT_FLAGS] == TCP_PSH_ACK && wrong(&bed) == 0, "data follow");
}

static void test_unanswered(void)
{
	struct bed new = bed_of(NEW, IPPROTO_TCP, 1000, FRAME_BYTES_MIN);
	struct bed flood = bed_of(FLOOD, IPPROTO_TCP, 1000, FRAME_BYTES_MIN);
	unsigned int ports = 0, hosts = 0;

	for (uint32_t flow = 0; flow < 2000; flow++) {
		struct packet packet = make(&new), other = make(&flood);
		each(is_sound(&packet) && get(&packet, AT_SOURCE, 4) == (HOSTS << 16 | flow), "another host each");
		each(is_sound(&other) && other.bytes[AT_FLAGS] == TCP_SYN, "a SYN of anybody");
		each(get(&other, AT_SOURCE_PORT, 2) >= HOST_PORT, "from a port of his own");
		ports += get(&other, AT_SOURCE_PORT, 2) & 1;
		hosts += get(&other, AT_SOURCE, 4) & 1;
		translate(&flood, &other);
		each(run(flood.answer, &other) == XDP_DROP, "nobody answers");
	}
	check(ports > 800 && ports < 1200 && hosts > 800 && hosts < 1200, "hosts and ports of a flood are random");
	check(flood.counters->outside.arrived == 2000 && wrong(&flood) == 0, "it is counted");
}

static void test_wrong(uint8_t protocol)
{
	struct bed bed = bed_of(ESTABLISHED, protocol, 1, FRAME_BYTES_MIN);
	const volatile struct side *outside = &bed.counters->outside;

	if (protocol == IPPROTO_TCP)
		exchange(&bed, make(&bed));
	struct packet right = make(&bed), packet;
	translate(&bed, &right);

	packet = right;
	packet.bytes[AT_IP_CHECKSUM] ^= 1;
	run(bed.answer, &packet);
	check(outside->bad_ip_checksum == 1 && wrong(&bed) == 1, "a wrong IP checksum is found");
	packet = right;
	packet.bytes[FRAME_BYTES_MIN - 1] ^= 1;
	run(bed.answer, &packet);
	check(outside->bad_l4_checksum == 1 && wrong(&bed) == 2, "a wrong checksum of the segment is found");
	packet = right;
	set(&packet, AT_SOURCE, 4, HOSTS << 16);
	set_checksums(&packet);
	run(bed.answer, &packet);
	check(outside->bad_header == 1 && wrong(&bed) == 3, "a packet that is not translated is found");
	packet = right;
	packet.bytes[AT_HOPS]++;
	set_checksums(&packet);
	run(bed.answer, &packet);
	check(outside->bad_header == 2 && wrong(&bed) == 4, "a packet that is not routed is found");

	packet = right;
	run(bed.answer, &packet);
	restore(&bed, &packet, HOSTS << 16 | 5);
	run(bed.end, &packet);
	check(bed.counters->inside.bad_header == 1 && wrong(&bed) == 5, "a reply to another host is found");
	packet = right;
	run(bed.answer, &packet);
	set(&packet, protocol == IPPROTO_TCP ? AT_TCP_PAYLOAD : AT_UDP_PAYLOAD, 4, 1 << 16);
	restore(&bed, &packet, HOSTS << 16);
	run(bed.end, &packet);
	check(bed.counters->inside.bad_payload == 1 && wrong(&bed) == 6, "a reply of another flow is found");
}

/* A mistake that every checksum agrees with is found at that end, and nowhere else. */
static void harmed(const struct bed *bed, int program, const struct packet *right,
		   const volatile struct side *side, int offset, uint32_t by, const char *what)
{
	struct packet packet = *right;
	uint64_t before = side->bad_header, all = wrong(bed);

	set(&packet, offset, 4, get(&packet, offset, 4) + by);
	set_checksums(&packet);
	check(run(program, &packet) == XDP_DROP && side->bad_header == before + 1 && wrong(bed) == all + 1,
	      "%s, %s: is found", side == &bed->counters->outside ? "outside" : "inside", what);
}

/* All that a translation has to leave alone, in the handshake and in data, both ways. */
static void test_left_alone(bool untranslated)
{
	static const struct {
		int offset;
		uint32_t by;
		const char *what;
		bool tcp;
	} harms[] = {
		{AT_IP, 0x00100000, "type of service", false},
		{AT_IDENTIFICATION, 0x00010000, "identification", false},
		{AT_FRAGMENT - 2, 0xffffc000, "don't fragment", false},
		{AT_SEQUENCE, 1, "sequence number", true},
		{AT_SEQUENCE, 1 << 30, "sequence number far beyond", true},
		{AT_ACKNOWLEDGMENT, 0xffffffff, "acknowledgment", true},
		{AT_ACKNOWLEDGMENT, 1 << 30, "acknowledgment far beyond", true},
		{AT_FLAGS - 1, 0x00200000, "urgent flag", true},
		{AT_FLAGS - 1, 0x10000000, "data offset", true},
		{AT_WINDOW, 0xff000000, "window", true},
		{AT_TCP_CHECKSUM, 1, "urgent pointer", true},
	};
	struct bed bed = bed_that(ESTABLISHED, IPPROTO_TCP, 3, FRAME_BYTES_MIN, untranslated);
	const volatile struct counters *counters = bed.counters;

	for (int turn = 0; turn < 2; turn++) {
		struct packet out = make(&bed);
		uint32_t host = translate(&bed, &out);
		struct packet back = out;

		run(bed.answer, &back);
		restore(&bed, &back, host);
		for (size_t index = 0; index < sizeof(harms) / sizeof(harms[0]); index++) {
			harmed(&bed, bed.answer, &out, &counters->outside, harms[index].offset, harms[index].by,
			       harms[index].what);
			harmed(&bed, bed.end, &back, &counters->inside, harms[index].offset, harms[index].by,
			       harms[index].what);
		}
		uint64_t before = wrong(&bed);
		run(bed.end, &back);
		check(wrong(&bed) == before && counters->opened > 0, "nothing is learned from what is wrong");
		for (uint64_t more = counters->sent; turn == 0 && more < opening_packets(&bed.traffic); more++)
			exchange(&bed, make(&bed));
		check(wrong(&bed) == before, "and nothing is wrong with what follows");
	}
}

static void test_others(void)
{
	struct bed bed = bed_of(ESTABLISHED, IPPROTO_UDP, 1, FRAME_BYTES_MIN);
	struct packet packet = make(&bed), arp = packet, runt = packet;

	set(&arp, AT_TYPE, 2, 0x0806);
	runt.length = HEADER_BYTES - 1;
	packet.bytes[AT_PROTOCOL] = IPPROTO_ICMP;
	check(run(bed.answer, &arp) == XDP_DROP && run(bed.answer, &runt) == XDP_DROP &&
		      run(bed.answer, &packet) == XDP_DROP && bed.counters->outside.arrived == 0 &&
		      wrong(&bed) == 0,
	      "what is not ours is neither answered nor counted");
}

int main(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	if (bpf(BPF_MAP_CREATE, &attributes) < 0) {
		printf("skipped: no BPF here: %s\n0 passed, 0 failed\n", strerror(errno));
		return 0;
	}
	test_datagrams(FRAME_BYTES_MIN);
	test_datagrams(FRAME_BYTES_MAX);
	test_conversation(FRAME_BYTES_MIN);
	test_conversation(FRAME_BYTES_MAX);
	test_opening();
	test_unanswered();
	test_wrong(IPPROTO_UDP);
	test_wrong(IPPROTO_TCP);
	test_left_alone(false);
	test_left_alone(true);
	test_others();
	printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
