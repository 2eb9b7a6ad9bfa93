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

/* Whether the addresses and ports of what arrives tell the flow, which then is in r8. */
static bool tells_flow(const struct traffic *traffic, bool outside)
{
	return !outside || traffic->untranslated;
}

/*
 * r5: zero if link addresses, hops, addresses and ports are right, and the rest of IPv4 as it was sent. The
 * server's address goes by the flow in r8, where that is known.
 */
static void expect_headers(struct program *program, const struct traffic *traffic, bool outside)
{
	const uint8_t neighbour[6] = {2, 0, 0, 0, 0, outside ? SERVER_MAC : HOST_MAC};

	CONSTANT(BPF_REG_5, 0);
	expect_link(program, 0, neighbour);
	expect_link(program, 6, outside ? traffic->outside_mac : traffic->inside_mac);
	expect(program, BPF_B, 0, AT_HOPS, HOPS - (outside ? 1 : 2)); /* the reply keeps those it found */
	expect(program, BPF_B, 0, AT_SERVICE, 0);
	expect(program, BPF_H, 16, AT_IDENTIFICATION, 0);
	expect(program, BPF_H, 16, AT_FRAGMENT, 0x4000);
	expect(program, BPF_H, 16, outside ? AT_DESTINATION : AT_SOURCE, SERVERS);
	expect(program, BPF_H, 16, outside ? AT_DESTINATION_PORT : AT_SOURCE_PORT, SERVER_PORT);
	if (!tells_flow(traffic, outside)) {
		LOAD(BPF_W, BPF_REG_0, BPF_REG_6, AT_SOURCE);
		TO_NETWORK(32, BPF_REG_0);
		MATH(BPF_RSH, BPF_REG_0, 8);
		MATH_32(BPF_XOR, BPF_REG_0, TRANSLATED);
		MATH_REG(BPF_OR, BPF_REG_5, BPF_REG_0);
		return;
	}
	expect(program, BPF_H, 16, outside ? AT_SOURCE : AT_DESTINATION, HOSTS);
	LOAD(BPF_H, BPF_REG_1, BPF_REG_6, (outside ? AT_DESTINATION : AT_SOURCE) + 2);
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

/* The flow's number in the payload: the one in r8, or where that is not known the packet has to be for that flow's
 * server. */
static uint32_t check_payload(struct program *program, const struct traffic *traffic, bool outside, size_t counter)
{
	uint32_t empty = jump_if_short(program);

	LOAD(BPF_W, BPF_REG_1, BPF_REG_6, traffic->protocol == IPPROTO_TCP ? AT_TCP_PAYLOAD : AT_UDP_PAYLOAD);
	TO_NETWORK(32, BPF_REG_1);
	if (!tells_flow(traffic, outside)) {
		server_of(program, BPF_REG_8, BPF_REG_1);
		LOAD(BPF_H, BPF_REG_1, BPF_REG_6, AT_DESTINATION + 2);
		TO_NETWORK(16, BPF_REG_1);
	}
	MATH_REG(BPF_SUB, BPF_REG_1, BPF_REG_8);
	uint32_t right = jump_if(program, BPF_JEQ, BPF_REG_1, 0);
	count(program, counter);
	uint32_t wrong = jump_if(program, BPF_JA, 0, 0);
	land(program, right);
	land(program, empty);
	return wrong;
}

/* r5 is set where a number in `reg` is not the one in r0, which is overwritten. */
static void expect_number(struct program *program, int reg)
{
	MATH_REG_32(BPF_XOR, BPF_REG_0, reg);
	MATH_REG(BPF_OR, BPF_REG_5, BPF_REG_0);
}

/* Numbers of a SYN or of what accepts it, in r3 and r4: they follow from the flow alone. */
static void expect_handshake(struct program *program, const struct traffic *traffic, bool outside)
{
	expect(program, BPF_H, 16, AT_LENGTH, HEADER_BYTES - AT_IP);
	if (!outside) {
		COPY(BPF_REG_0, BPF_REG_8);
		MATH_32(BPF_MUL, BPF_REG_0, SYN_MIXER);
		COPY(BPF_REG_1, BPF_REG_0);
		MATH_32(BPF_MUL, BPF_REG_1, SERVER_MIXER_TCP);
		MATH_32(BPF_ADD, BPF_REG_0, 1);
		expect_number(program, BPF_REG_4);
		COPY(BPF_REG_0, BPF_REG_1);
		expect_number(program, BPF_REG_3);
		return;
	}
	CONSTANT(BPF_REG_0, 0);
	expect_number(program, BPF_REG_4);
	MATH_32(BPF_MUL, BPF_REG_3, SYN_MIXER_INVERSE);
	if (traffic->untranslated) {
		COPY(BPF_REG_0, BPF_REG_8);
		expect_number(program, BPF_REG_3);
		return;
	}
	server_of(program, BPF_REG_0, BPF_REG_3);
	LOAD(BPF_H, BPF_REG_1, BPF_REG_6, AT_DESTINATION + 2);
	TO_NETWORK(16, BPF_REG_1);
	expect_number(program, BPF_REG_1);
	if (traffic->mode != ESTABLISHED)
		return;
	uint32_t known = jump_if(program, BPF_JLT, BPF_REG_3, (int32_t)traffic->flows);
	MATH(BPF_OR, BPF_REG_5, 1);
	land(program, known);
}

/*
 * r5 is set where the number in `reg` is not so many whole payloads behind the host's at `limit` of the flow at
 * r8: at least `least` bytes, which it can be of no segment that was not sent, and less than half of all numbers.
 */
static void expect_behind(struct program *program, const struct traffic *traffic, size_t limit, int reg,
			  uint32_t least)
{
	LOAD(BPF_W, BPF_REG_0, BPF_REG_8, limit);
	MATH_REG_32(BPF_SUB, BPF_REG_0, reg);
	COPY(BPF_REG_1, BPF_REG_0);
	MATH_32(BPF_SUB, BPF_REG_1, least);
	MATH(BPF_RSH, BPF_REG_1, 31);
	MATH_REG(BPF_OR, BPF_REG_5, BPF_REG_1);
	MATH_32(BPF_MOD, BPF_REG_0, traffic->frame_bytes - AT_TCP_PAYLOAD);
	MATH_REG(BPF_OR, BPF_REG_5, BPF_REG_0);
}

/*
 * Numbers of data, by what the host has sent and received: the flow's state at r8. A host's segment is one that
 * was sent, and acknowledges what has come; a server's acknowledges what was sent, and begins no later than what
 * the host asked for.
 */
static void expect_data(struct program *program, const struct traffic *traffic, bool outside)
{
	size_t next = offsetof(struct flow, next), received = offsetof(struct flow, received);

	expect(program, BPF_H, 16, AT_LENGTH, traffic->frame_bytes - AT_IP);
	if (outside) {
		expect_behind(program, traffic, next, BPF_REG_3, traffic->frame_bytes - AT_TCP_PAYLOAD);
		expect_behind(program, traffic, received, BPF_REG_4, 0);
	} else {
		expect_behind(program, traffic, next, BPF_REG_4, 0);
		expect_behind(program, traffic, received, BPF_REG_3, 0);
	}
}

/* What a translation leaves alone in TCP: flags, lengths, window, and numbers that were sent. */
static uint32_t check_segment(struct program *program, const struct traffic *traffic, bool outside, size_t counter)
{
	uint32_t wrong[3] = {0}, data = 0, handshake;

	LOAD(BPF_B, BPF_REG_0, BPF_REG_6, AT_FLAGS);
	handshake = jump_if(program, BPF_JEQ, BPF_REG_0, outside ? TCP_SYN : TCP_SYN_ACK);
	wrong[0] = traffic->mode == ESTABLISHED ? jump_if(program, BPF_JNE, BPF_REG_0, TCP_PSH_ACK)
						: jump_if(program, BPF_JA, 0, 0);
	if (traffic->mode == ESTABLISHED) {
		wrong[1] = jump_if_short(program);
		if (tells_flow(traffic, outside)) {
			COPY(BPF_REG_7, BPF_REG_8);
		} else {
			LOAD(BPF_W, BPF_REG_7, BPF_REG_6, AT_TCP_PAYLOAD);
			TO_NETWORK(32, BPF_REG_7);
		}
		look_up(program, traffic->flows_map);
		wrong[2] = jump_if(program, BPF_JEQ, BPF_REG_0, 0);
		COPY(BPF_REG_8, BPF_REG_0);
		CONSTANT(BPF_REG_5, 0);
		read_numbers(program);
		expect_data(program, traffic, outside);
		data = jump_if(program, BPF_JA, 0, 0);
	}
	land(program, handshake);
	CONSTANT(BPF_REG_5, 0);
	read_numbers(program);
	expect_handshake(program, traffic, outside);
	if (traffic->mode == ESTABLISHED)
		land(program, data);
	expect(program, BPF_B, 0, AT_FLAGS - 1, 0x50);
	expect(program, BPF_H, 16, AT_WINDOW, WINDOW);
	expect(program, BPF_H, 16, AT_TCP_CHECKSUM + 2, 0); /* urgent pointer */
	uint32_t right = jump_if(program, BPF_JEQ, BPF_REG_5, 0);
	for (int index = 0; index < 3; index++)
		if (wrong[index] != 0)
			land(program, wrong[index]);
	count(program, counter);
	uint32_t bad = jump_if(program, BPF_JA, 0, 0);
	land(program, right);
	return bad;
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

	if (tells_flow(traffic, outside))
		read_flow(program, BPF_REG_8, outside ? AT_SOURCE : AT_DESTINATION,
			  outside ? AT_SOURCE_PORT : AT_DESTINATION_PORT);
	expect_headers(program, traffic, outside);
	uint32_t right = jump_if(program, BPF_JEQ, BPF_REG_5, 0);
	count(program, side + offsetof(struct side, bad_header));
	uint32_t bad_header = jump_if(program, BPF_JA, 0, 0);
	land(program, right);

	uint32_t bad_payload = check_payload(program, traffic, outside, side + offsetof(struct side, bad_payload));
	uint32_t bad_segment = 0;
	if (traffic->protocol == IPPROTO_TCP)
		bad_segment = check_segment(program, traffic, outside, side + offsetof(struct side, bad_header));
	right = jump_if(program, BPF_JA, 0, 0);
	land(program, bad_ip);
	land(program, bad_l4);
	land(program, bad_header);
	land(program, bad_payload);
	if (bad_segment != 0)
		land(program, bad_segment);
	RETURN(XDP_DROP);
	land(program, right);
}
