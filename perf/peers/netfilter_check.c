/* Checks of what arrived, for XDP programs: only in a run that is not measured. */
#include <netinet/in.h>
#include <string.h>

#include "netfilter_bpf.h"

/* Adds the 16-bit words of a part of the frame to r4, as they lie in memory: a sum of ones' complement has no byte
 * order (RFC 1071 section 2 B). */
static void sum(struct program *program, int from, int to)
{
	for (int offset = from; offset < to; offset += 2) {
		LOAD(BPF_H, BPF_REG_0, BPF_REG_6, offset);
		MATH_REG(BPF_ADD, BPF_REG_4, BPF_REG_0);
	}
}

/* Counts when r4 is not the sum of what has a right checksum; returns the jump to be taken then. */
static uint32_t check_sum(struct program *program, size_t counter)
{
	fold(program, BPF_REG_4, BPF_REG_5);
	uint32_t right = jump_if(program, BPF_JEQ, BPF_REG_4, 0xffff);
	count(program, counter);
	uint32_t wrong = jump_if(program, BPF_JA, 0, 0);
	land(program, right);
	return wrong;
}

/* Sets bits in r5 where a field is not what it should be; `bits` is that of a number read in network order. */
static void expect(struct program *program, int size, int bits, int offset, uint32_t value)
{
	LOAD(size, BPF_REG_0, BPF_REG_6, offset);
	if (bits != 0)
		TO_NETWORK(bits, BPF_REG_0);
	MATH_32(BPF_XOR, BPF_REG_0, value);
	MATH_REG(BPF_OR, BPF_REG_5, BPF_REG_0);
}

static void expect_link(struct program *program, int offset, const uint8_t *mac)
{
	uint32_t first;
	uint16_t last;

	memcpy(&first, mac, 4);
	memcpy(&last, mac + 4, 2);
	expect(program, BPF_W, 0, offset, first);
	expect(program, BPF_H, 0, offset + 4, last);
}

/* r5: zero if link addresses, hops, addresses and ports are right. The server's address goes by the flow in r8. */
static void expect_headers(struct program *program, const struct traffic *traffic, bool outside)
{
	const uint8_t neighbour[6] = {2, 0, 0, 0, 0, outside ? SERVER_MAC : HOST_MAC};

	CONSTANT(BPF_REG_5, 0);
	expect_link(program, 0, neighbour);
	expect_link(program, 6, outside ? traffic->outside_mac : traffic->inside_mac);
	expect(program, BPF_B, 0, AT_HOPS, HOPS - (outside ? 1 : 2)); /* the reply keeps those it found */
	expect(program, BPF_H, 16, outside ? AT_DESTINATION : AT_SOURCE, SERVERS);
	expect(program, BPF_H, 16, outside ? AT_DESTINATION_PORT : AT_SOURCE_PORT, SERVER_PORT);
	if (outside) {
		LOAD(BPF_W, BPF_REG_0, BPF_REG_6, AT_SOURCE);
		TO_NETWORK(32, BPF_REG_0);
		MATH(BPF_RSH, BPF_REG_0, 8);
		MATH_32(BPF_XOR, BPF_REG_0, TRANSLATED);
		MATH_REG(BPF_OR, BPF_REG_5, BPF_REG_0);
		return;
	}
	expect(program, BPF_H, 16, AT_DESTINATION, HOSTS);
	LOAD(BPF_H, BPF_REG_1, BPF_REG_6, AT_SOURCE + 2);
	TO_NETWORK(16, BPF_REG_1);
	server_of(program, BPF_REG_0, BPF_REG_8);
	MATH_REG(BPF_XOR, BPF_REG_0, BPF_REG_1);
	MATH_REG(BPF_OR, BPF_REG_5, BPF_REG_0);
}

/* Passes over what is checked only where the frame is as long as the smallest with a payload. */
static uint32_t jump_if_short(struct program *program)
{
	COPY(BPF_REG_0, BPF_REG_6);
	MATH(BPF_ADD, BPF_REG_0, FRAME_BYTES_MIN);
	op(program, BPF_JMP | BPF_JGT | BPF_X, BPF_REG_0, BPF_REG_7, 0, 0);
	return program->count - 1;
}

/* The flow's number in the payload: outside the packet has to be for that flow's server, inside for the flow in
 * r8. */
static void check_payload(struct program *program, const struct traffic *traffic, bool outside, size_t counter)
{
	uint32_t empty = jump_if_short(program);

	LOAD(BPF_W, BPF_REG_1, BPF_REG_6, traffic->protocol == IPPROTO_TCP ? AT_TCP_PAYLOAD : AT_UDP_PAYLOAD);
	TO_NETWORK(32, BPF_REG_1);
	if (outside) {
		server_of(program, BPF_REG_8, BPF_REG_1);
		LOAD(BPF_H, BPF_REG_1, BPF_REG_6, AT_DESTINATION + 2);
		TO_NETWORK(16, BPF_REG_1);
	}
	MATH_REG(BPF_SUB, BPF_REG_1, BPF_REG_8);
	uint32_t right = jump_if(program, BPF_JEQ, BPF_REG_1, 0);
	count(program, counter);
	land(program, right);
	land(program, empty);
}

void write_check(struct program *program, const struct traffic *traffic, bool outside)
{
	size_t side = outside ? offsetof(struct counters, outside) : offsetof(struct counters, inside);

	CONSTANT(BPF_REG_4, 0);
	sum(program, AT_IP, AT_SOURCE_PORT);
	uint32_t bad_ip = check_sum(program, side + offsetof(struct side, bad_ip_checksum));

	/* of the payload only what fits the smallest frame: all beyond was sent as zero */
	LOAD(BPF_H, BPF_REG_4, BPF_REG_6, AT_LENGTH);
	TO_NETWORK(16, BPF_REG_4);
	MATH(BPF_ADD, BPF_REG_4, traffic->protocol - (AT_SOURCE_PORT - AT_IP));
	TO_NETWORK(16, BPF_REG_4);
	sum(program, AT_SOURCE, HEADER_BYTES);
	uint32_t empty = jump_if_short(program);
	sum(program, HEADER_BYTES, FRAME_BYTES_MIN);
	land(program, empty);
	uint32_t bad_l4 = check_sum(program, side + offsetof(struct side, bad_l4_checksum));

	if (!outside)
		read_flow(program, BPF_REG_8);
	expect_headers(program, traffic, outside);
	uint32_t right = jump_if(program, BPF_JEQ, BPF_REG_5, 0);
	count(program, side + offsetof(struct side, bad_header));
	uint32_t bad_header = jump_if(program, BPF_JA, 0, 0);
	land(program, right);

	check_payload(program, traffic, outside, side + offsetof(struct side, bad_payload));
	land(program, bad_ip);
	land(program, bad_l4);
	land(program, bad_header);
}
