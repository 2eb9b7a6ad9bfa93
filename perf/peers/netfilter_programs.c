/*
 * The XDP program that makes packets.
 *
 * TCP. The host's end of a connection is eight bytes of a map, read and written by this program and by the one
 * that takes replies back. The server's end has no state: its reply continues where the packet's acknowledgment is
 * and acknowledges what came, so numbers go on in both directions. A host never acknowledges what has not come
 * back to it, which netfilter would call invalid: of a batch two packets may be of one flow, before the first is
 * answered.
 */
#include <netinet/in.h>
#include <string.h>

#include "netfilter_bpf.h"

#define FLOOD_TUPLES ((uint32_t)HOST_PORTS << 16)

enum kind { DATAGRAM, SYN, DATA };

uint64_t opening_packets(const struct traffic *traffic)
{
	uint64_t chunks = ((uint64_t)traffic->flows + OPENING_CHUNK - 1) / OPENING_CHUNK;

	if (traffic->mode == ESTABLISHED && traffic->protocol == IPPROTO_TCP)
		return 2 * chunks * OPENING_CHUNK;
	return traffic->mode == FLOOD ? 0 : traffic->flows;
}

/* r7: the flow. The number of packets sent before is in r0. */
static void choose(struct program *program, const struct traffic *traffic)
{
	if (traffic->mode == NEW) {
		COPY(BPF_REG_7, BPF_REG_0);
		return;
	}
	if (traffic->mode == FLOOD) {
		CALL(BPF_FUNC_get_prandom_u32);
		COPY(BPF_REG_7, BPF_REG_0);
		MATH_32(BPF_MOD, BPF_REG_7, FLOOD_TUPLES);
		return;
	}

	COPY(BPF_REG_7, BPF_REG_0);
	uint32_t opening = jump_if(program, BPF_JLT, BPF_REG_7, (int32_t)opening_packets(traffic));
	CALL(BPF_FUNC_get_prandom_u32);
	COPY(BPF_REG_7, BPF_REG_0);
	uint32_t chosen = jump_if(program, BPF_JA, 0, 0);
	land(program, opening);
	if (traffic->protocol == IPPROTO_TCP) {
		/* each chunk of flows twice: the SYNs, then, as they are answered by now, the rest of the
		 * handshakes */
		COPY(BPF_REG_2, BPF_REG_7);
		MATH(BPF_AND, BPF_REG_2, OPENING_CHUNK - 1);
		MATH(BPF_DIV, BPF_REG_7, 2 * OPENING_CHUNK);
		MATH(BPF_MUL, BPF_REG_7, OPENING_CHUNK);
		MATH_REG(BPF_ADD, BPF_REG_7, BPF_REG_2);
	}
	land(program, chosen);
	MATH(BPF_MOD, BPF_REG_7, traffic->flows);
}

/* Ethernet and IPv4 with the checksum of RFC 791. r2, r3: the last 16 bits of the host's and the server's address.
 */
static void write_network(struct program *program, const struct traffic *traffic, uint32_t length)
{
	uint32_t low, high;

	memcpy(&low, traffic->inside_mac, 4);
	memcpy(&high, (uint8_t[]){traffic->inside_mac[4], traffic->inside_mac[5], 0x02, 0x00}, 4);
	STORE_CONSTANT(BPF_W, BPF_REG_6, 0, low);
	STORE_CONSTANT(BPF_W, BPF_REG_6, 4, high);
	STORE_CONSTANT(BPF_W, BPF_REG_6, 8, htonl(HOST_MAC));
	STORE_CONSTANT(BPF_W, BPF_REG_6, AT_TYPE, htonl(0x08004500));
	STORE_CONSTANT(BPF_W, BPF_REG_6, AT_LENGTH, htonl(length << 16));			 /* id 0 */
	STORE_CONSTANT(BPF_W, BPF_REG_6, 20, htonl(0x40000000 | HOPS << 8 | traffic->protocol)); /* DF */
	STORE_CONSTANT(BPF_H, BPF_REG_6, AT_SOURCE, htons(HOSTS));
	STORE_CONSTANT(BPF_H, BPF_REG_6, AT_DESTINATION, htons(SERVERS));

	COPY(BPF_REG_2, BPF_REG_7);
	MATH(BPF_AND, BPF_REG_2, 0xffff);
	server_of(program, BPF_REG_3, BPF_REG_7);

	CONSTANT(BPF_REG_4, 0x4500 + length + 0x4000 + (HOPS << 8 | traffic->protocol) + HOSTS + SERVERS);
	MATH_REG(BPF_ADD, BPF_REG_4, BPF_REG_2);
	MATH_REG(BPF_ADD, BPF_REG_4, BPF_REG_3);
	fold(program, BPF_REG_4, BPF_REG_5);
	MATH(BPF_XOR, BPF_REG_4, 0xffff);
	TO_NETWORK(16, BPF_REG_4);
	STORE(BPF_H, BPF_REG_6, AT_IP_CHECKSUM, BPF_REG_4);
}

/* Stores a register's number in network order after adding it to the sum in r4; the register is overwritten. */
static void add_field(struct program *program, int size, int bits, int offset, int reg)
{
	MATH_REG(BPF_ADD, BPF_REG_4, reg);
	TO_NETWORK(bits, reg);
	STORE(size, BPF_REG_6, offset, reg);
}

/* r5: the sequence number; a flow with data moves on by its length. */
static void take_sequence(struct program *program, enum kind kind, uint32_t payload)
{
	if (kind == SYN) {
		COPY(BPF_REG_5, BPF_REG_7);
		MATH_32(BPF_MUL, BPF_REG_5, SYN_MIXER);
		return;
	}
	LOAD(BPF_W, BPF_REG_5, BPF_REG_8, offsetof(struct flow, next));
	COPY(BPF_REG_0, BPF_REG_5);
	MATH_32(BPF_ADD, BPF_REG_0, payload);
	STORE(BPF_W, BPF_REG_8, offsetof(struct flow, next), BPF_REG_0);
}

/* The rest of a TCP header, with the sum of the sequence number and of what came before in r4. */
static void write_tcp(struct program *program, enum kind kind, uint32_t payload)
{
	take_sequence(program, kind, payload);
	add_field(program, BPF_W, 32, AT_SEQUENCE, BPF_REG_5);
	if (kind == SYN) {
		STORE_CONSTANT(BPF_W, BPF_REG_6, AT_ACKNOWLEDGMENT, 0);
	} else {
		LOAD(BPF_W, BPF_REG_5, BPF_REG_8, offsetof(struct flow, received));
		add_field(program, BPF_W, 32, AT_ACKNOWLEDGMENT, BPF_REG_5);
	}
	CONSTANT(BPF_REG_5, 0x5000 | (kind == SYN ? TCP_SYN : TCP_PSH_ACK));
	add_field(program, BPF_H, 16, AT_FLAGS - 1, BPF_REG_5);
	MATH(BPF_ADD, BPF_REG_4, WINDOW);
	STORE_CONSTANT(BPF_W, BPF_REG_6, AT_WINDOW, htonl((uint32_t)WINDOW << 16));
	STORE_CONSTANT(BPF_H, BPF_REG_6, AT_TCP_CHECKSUM + 2, 0); /* urgent pointer */
}

/*
 * A whole packet of flow r7, whose TCP numbers are at r8; ends the program. The payload is zero but for the flow's
 * number, of which the sum is independent of where it stands.
 */
static void write_packet(struct program *program, const struct traffic *traffic, enum kind kind)
{
	uint32_t length = kind == SYN ? HEADER_BYTES - AT_IP : traffic->frame_bytes - AT_IP;
	uint32_t segment = length - (AT_SOURCE_PORT - AT_IP);

	write_network(program, traffic, length);

	/* r4: the sum of the pseudo header and of what follows (RFC 768, RFC 9293 section 3.1) */
	CONSTANT(BPF_REG_4, HOSTS + SERVERS + traffic->protocol + segment + SERVER_PORT);
	add_field(program, BPF_H, 16, AT_SOURCE + 2, BPF_REG_2);
	add_field(program, BPF_H, 16, AT_DESTINATION + 2, BPF_REG_3);
	COPY(BPF_REG_5, BPF_REG_7);
	MATH(BPF_RSH, BPF_REG_5, 16);
	MATH(BPF_ADD, BPF_REG_5, HOST_PORT);
	add_field(program, BPF_H, 16, AT_SOURCE_PORT, BPF_REG_5);
	STORE_CONSTANT(BPF_H, BPF_REG_6, AT_DESTINATION_PORT, htons(SERVER_PORT));
	if (kind == DATAGRAM) {
		MATH(BPF_ADD, BPF_REG_4, segment);
		STORE_CONSTANT(BPF_H, BPF_REG_6, AT_UDP_LENGTH, htons((uint16_t)segment));
	} else {
		write_tcp(program, kind, segment - (AT_TCP_PAYLOAD - AT_SOURCE_PORT));
	}
	if (kind != SYN)
		add_field(program, BPF_W, 32, kind == DATA ? AT_TCP_PAYLOAD : AT_UDP_PAYLOAD, BPF_REG_7);

	fold(program, BPF_REG_4, BPF_REG_5);
	MATH(BPF_XOR, BPF_REG_4, 0xffff);
	if (kind == DATAGRAM) {
		/* zero would say that there is none */
		uint32_t sound = jump_if(program, BPF_JNE, BPF_REG_4, 0);
		CONSTANT(BPF_REG_4, 0xffff);
		land(program, sound);
	}
	TO_NETWORK(16, BPF_REG_4);
	STORE(BPF_H, BPF_REG_6, kind == DATAGRAM ? AT_UDP_CHECKSUM : AT_TCP_CHECKSUM, BPF_REG_4);
	RETURN(XDP_PASS);
}

void write_feed(struct program *program, const struct traffic *traffic)
{
	begin(program, traffic->counters_map, traffic->frame_bytes);
	count(program, offsetof(struct counters, sent));
	choose(program, traffic);
	if (traffic->protocol == IPPROTO_UDP) {
		write_packet(program, traffic, DATAGRAM);
		return;
	}
	if (traffic->mode == ESTABLISHED) {
		find_flow(program, traffic->flows_map);
		LOAD(BPF_DW, BPF_REG_0, BPF_REG_8, 0);
		uint32_t unanswered = jump_if(program, BPF_JEQ, BPF_REG_0, 0);
		write_packet(program, traffic, DATA);
		land(program, unanswered);
	}
	write_packet(program, traffic, SYN);
}
