/* What the tests of the kernel's traffic source stand on: packets, a naive NAT, one run of a program. */
#ifndef NETFILTER_BED_H
#define NETFILTER_BED_H

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

static struct bed bed_that(enum mode mode, uint8_t protocol, uint32_t flows, uint32_t frame_bytes,
			   bool untranslated)
{
	static struct program feed, answer, end;
	struct bed bed = {
		.traffic = {mode, protocol, flows, frame_bytes, true, untranslated, {2, 1}, {2, 2}, -1, -1}};

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

static struct bed bed_of(enum mode mode, uint8_t protocol, uint32_t flows, uint32_t frame_bytes)
{
	return bed_that(mode, protocol, flows, frame_bytes, false);
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

	if (!bed->traffic.untranslated)
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

#endif
