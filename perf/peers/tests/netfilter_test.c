/*
 * The XDP programs of the kernel's traffic source, run by the kernel one packet at a time, with a naive NAT
 * between them that computes checksums anew. Needs root; without it nothing is tested. Prints "N passed, N
 * failed".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netfilter_feed.h"

#define PUBLIC_ADDRESS 0xcb007107 /* 203.0.113.7 */

static unsigned int passed, failed;

/* One of many of which only failures count. */
__attribute__((format(printf, 2, 3))) static bool each(bool holds, const char *format, ...)
{
	va_list arguments;

	if (holds)
		return true;
	failed++;
	va_start(arguments, format);
	printf("not ok: ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	return false;
}

#define check(holds, ...) (passed += each(holds, __VA_ARGS__))

struct packet {
	uint8_t bytes[FRAME_BYTES_MAX];
	uint32_t length;
};

struct bed {
	struct traffic traffic;
	const volatile struct counters *counters;
	int feed, answer, end;
};

static struct bed bed_of(enum mode mode, uint8_t protocol, uint32_t flows, uint32_t frame_bytes)
{
	static struct program feed, answer, end;
	struct bed bed = {.traffic = {mode, protocol, flows, frame_bytes, true, {2, 1}, {2, 2}, -1, -1}};

	memset(&feed, 0, sizeof(feed));
	memset(&answer, 0, sizeof(answer));
	memset(&end, 0, sizeof(end));
	bed.counters = make_maps(&bed.traffic);
	write_feed(&feed, &bed.traffic);
	write_answer(&answer, &bed.traffic);
	write_end(&end, &bed.traffic);
	bed.feed = load("feed", &feed);
	bed.answer = load("answer", &answer);
	bed.end = load("end", &end);
	return bed;
}

/* Runs a program on a packet, which it may change; returns its verdict. */
static uint32_t run(int program, struct packet *packet)
{
	uint8_t result[FRAME_BYTES_MAX];
	union bpf_attr attributes = {.test = {
					     .prog_fd = (uint32_t)program,
					     .data_size_in = packet->length,
					     .data_in = (uintptr_t)packet->bytes,
					     .data_size_out = sizeof(result),
					     .data_out = (uintptr_t)result,
					     .repeat = 1,
				     }};

	if (bpf(BPF_PROG_TEST_RUN, &attributes) < 0)
		fail("a run of a program");
	memcpy(packet->bytes, result, attributes.test.data_size_out);
	packet->length = attributes.test.data_size_out;
	return attributes.test.retval;
}

/* ---- packets ---- */

static uint32_t get(const struct packet *packet, int offset, int bytes)
{
	uint32_t value = 0;

	for (int index = 0; index < bytes; index++)
		value = value << 8 | packet->bytes[offset + index];
	return value;
}

static void set(struct packet *packet, int offset, int bytes, uint32_t value)
{
	for (int index = bytes - 1; index >= 0; index--, value >>= 8)
		packet->bytes[offset + index] = (uint8_t)value;
}

static uint16_t sum(const uint8_t *bytes, uint32_t length, uint32_t start)
{
	for (uint32_t index = 0; index < length; index++)
		start += index % 2 == 0 ? (uint32_t)bytes[index] << 8 : bytes[index];
	while (start >> 16 != 0)
		start = (start & 0xffff) + (start >> 16);
	return (uint16_t)start;
}

static uint16_t ip_sum(const struct packet *packet)
{
	return sum(packet->bytes + AT_IP, 20, 0);
}

static uint16_t l4_sum(const struct packet *packet)
{
	uint32_t segment = get(packet, AT_LENGTH, 2) - 20;

	return sum(packet->bytes + AT_SOURCE, segment + 8, packet->bytes[AT_PROTOCOL] + segment);
}

static bool is_sound(const struct packet *packet)
{
	return ip_sum(packet) == 0xffff && l4_sum(packet) == 0xffff;
}

/* A packet as the stack would take it: padding behind what IP says is gone. */
static struct packet make(const struct bed *bed)
{
	struct packet packet = {.length = bed->traffic.frame_bytes};

	each(run(bed->feed, &packet) == XDP_PASS, "the packet is made");
	packet.length = get(&packet, AT_LENGTH, 2) + AT_IP;
	return packet;
}

static void set_checksums(struct packet *packet)
{
	int at = packet->bytes[AT_PROTOCOL] == IPPROTO_TCP ? AT_TCP_CHECKSUM : AT_UDP_CHECKSUM;

	set(packet, AT_IP_CHECKSUM, 2, 0);
	set(packet, AT_IP_CHECKSUM, 2, (uint16_t)~ip_sum(packet));
	set(packet, at, 2, 0);
	set(packet, at, 2, (uint16_t)~l4_sum(packet));
}

static void route(struct packet *packet, const uint8_t *from, uint8_t neighbour)
{
	const uint8_t to[6] = {2, 0, 0, 0, 0, neighbour};

	memcpy(packet->bytes, to, 6);
	memcpy(packet->bytes + 6, from, 6);
	packet->bytes[AT_HOPS]--;
}

/* What the router under test does, for one host at a time. */
static uint32_t translate(const struct bed *bed, struct packet *packet)
{
	uint32_t host = get(packet, AT_SOURCE, 4);

	set(packet, AT_SOURCE, 4, PUBLIC_ADDRESS);
	route(packet, bed->traffic.outside_mac, SERVER_MAC);
	set_checksums(packet);
	return host;
}

static void restore(const struct bed *bed, struct packet *packet, uint32_t host)
{
	set(packet, AT_DESTINATION, 4, host);
	route(packet, bed->traffic.inside_mac, HOST_MAC);
	set_checksums(packet);
}

static uint64_t wrong(const struct bed *bed)
{
	const volatile struct side *sides[] = {&bed->counters->inside, &bed->counters->outside};
	uint64_t total = 0;

	for (int side = 0; side < 2; side++)
		total += sides[side]->bad_ip_checksum + sides[side]->bad_l4_checksum + sides[side]->bad_header +
			 sides[side]->bad_payload;
	return total;
}

/* There and back; returns the reply as the server sent it. */
static struct packet exchange(const struct bed *bed, struct packet packet)
{
	uint32_t host = translate(bed, &packet);

	each(run(bed->answer, &packet) == XDP_TX, "the server replies");
	each(is_sound(&packet), "the reply's checksums are right");
	struct packet reply = packet;
	restore(bed, &packet, host);
	each(run(bed->end, &packet) == XDP_DROP, "the host takes the reply");
	return reply;
}

/* ---- tests ---- */

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
	for (int turn = 0; turn < 200; turn++) {
		struct packet packet = make(&bed);
		each(get(&packet, AT_UDP_PAYLOAD, 4) < 70000, "a chosen flow is one of them");
		exchange(&bed, packet);
	}
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
	set(&packet, protocol == IPPROTO_TCP ? AT_TCP_PAYLOAD : AT_UDP_PAYLOAD, 4, 1 << 16);
	set_checksums(&packet);
	run(bed.answer, &packet);
	restore(&bed, &packet, HOSTS << 16);
	run(bed.end, &packet);
	check(bed.counters->inside.bad_payload == 1 && wrong(&bed) == 6, "a reply of another flow is found");
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
	test_others();
	printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
