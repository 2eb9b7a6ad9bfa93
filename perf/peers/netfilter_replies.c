/* The XDP programs that take packets: the server, which replies, and the host, which takes replies back. */
#include <netinet/in.h>

#include "netfilter_bpf.h"

/* Anything but our packets (neighbour solicitations of the kernel, say) is dropped and not counted. */
static void drop_others(struct program *program, const struct traffic *traffic)
{
	LOAD(BPF_H, BPF_REG_1, BPF_REG_6, AT_TYPE);
	uint32_t strange = jump_if(program, BPF_JNE, BPF_REG_1, htons(0x0800));
	LOAD(BPF_B, BPF_REG_1, BPF_REG_6, AT_PROTOCOL);
	uint32_t ours = jump_if(program, BPF_JEQ, BPF_REG_1, traffic->protocol);
	land(program, strange);
	RETURN(XDP_DROP);
	land(program, ours);
}

static void swap(struct program *program, int size, int one, int other)
{
	LOAD(size, BPF_REG_1, BPF_REG_6, one);
	LOAD(size, BPF_REG_2, BPF_REG_6, other);
	STORE(size, BPF_REG_6, one, BPF_REG_2);
	STORE(size, BPF_REG_6, other, BPF_REG_1);
}

static void write_number(struct program *program, int offset, int reg)
{
	TO_NETWORK(32, reg);
	STORE(BPF_W, BPF_REG_6, offset, reg);
}

/*
 * The server's segment from the host's: a SYN is accepted, data acknowledged and answered by as much. The checksum
 * (RFC 1624, equation 3) is corrected by what numbers change.
 */
static void reply_segment(struct program *program, uint32_t payload)
{
	read_numbers(program);

	/* r5: the sum without the old numbers, whose complements are in 32 bits here, 0 modulo 0xffff */
	LOAD(BPF_H, BPF_REG_5, BPF_REG_6, AT_TCP_CHECKSUM);
	TO_NETWORK(16, BPF_REG_5);
	MATH(BPF_XOR, BPF_REG_5, 0xffff);
	for (int number = BPF_REG_3; number <= BPF_REG_4; number++) {
		COPY(BPF_REG_0, number);
		MATH_32(BPF_XOR, BPF_REG_0, -1);
		MATH_REG(BPF_ADD, BPF_REG_5, BPF_REG_0);
	}

	LOAD(BPF_B, BPF_REG_0, BPF_REG_6, AT_FLAGS);
	uint32_t data = jump_if(program, BPF_JNE, BPF_REG_0, TCP_SYN);
	COPY(BPF_REG_4, BPF_REG_3);
	MATH_32(BPF_MUL, BPF_REG_4, SERVER_MIXER_TCP);
	MATH_32(BPF_ADD, BPF_REG_3, 1);
	STORE_CONSTANT(BPF_B, BPF_REG_6, AT_FLAGS, TCP_SYN_ACK);
	MATH(BPF_ADD, BPF_REG_5, TCP_SYN_ACK - TCP_SYN);
	uint32_t accepted = jump_if(program, BPF_JA, 0, 0);
	land(program, data);
	MATH_32(BPF_ADD, BPF_REG_3, payload);
	land(program, accepted);

	/* r4 is where the reply begins, r3 what it acknowledges */
	MATH_REG(BPF_ADD, BPF_REG_5, BPF_REG_3);
	MATH_REG(BPF_ADD, BPF_REG_5, BPF_REG_4);
	write_number(program, AT_SEQUENCE, BPF_REG_4);
	write_number(program, AT_ACKNOWLEDGMENT, BPF_REG_3);
	fold(program, BPF_REG_5, BPF_REG_0);
	MATH(BPF_XOR, BPF_REG_5, 0xffff);
	TO_NETWORK(16, BPF_REG_5);
	STORE(BPF_H, BPF_REG_6, AT_TCP_CHECKSUM, BPF_REG_5);
}

/* Swapped addresses and ports leave every checksum as it is. */
void write_answer(struct program *program, const struct traffic *traffic)
{
	begin(program, traffic->counters_map, HEADER_BYTES);
	drop_others(program, traffic);
	count(program, offsetof(struct counters, outside.arrived));
	if (traffic->verify)
		write_check(program, traffic, true);
	if (traffic->mode != ESTABLISHED) {
		RETURN(XDP_DROP);
		return;
	}
	swap(program, BPF_W, 0, 6);
	swap(program, BPF_H, 4, 10);
	swap(program, BPF_W, AT_SOURCE, AT_DESTINATION);
	swap(program, BPF_H, AT_SOURCE_PORT, AT_DESTINATION_PORT);
	if (traffic->protocol == IPPROTO_TCP)
		reply_segment(program, traffic->frame_bytes - AT_TCP_PAYLOAD);
	RETURN(XDP_TX);
}

void write_pass(struct program *program)
{
	RETURN(XDP_PASS);
}

/* Moves the host's end of the connection to what the reply says. */
static void take_note(struct program *program, const struct traffic *traffic)
{
	read_flow(program, BPF_REG_7, AT_DESTINATION, AT_DESTINATION_PORT);
	find_flow(program, traffic->flows_map);
	read_numbers(program);
	LOAD(BPF_B, BPF_REG_0, BPF_REG_6, AT_FLAGS);
	uint32_t data = jump_if(program, BPF_JNE, BPF_REG_0, TCP_SYN_ACK);
	LOAD(BPF_DW, BPF_REG_0, BPF_REG_8, 0);
	uint32_t repeated = jump_if(program, BPF_JNE, BPF_REG_0, 0);
	count(program, offsetof(struct counters, opened));
	STORE(BPF_W, BPF_REG_8, offsetof(struct flow, next), BPF_REG_4);
	MATH_32(BPF_ADD, BPF_REG_3, 1);
	uint32_t opened = jump_if(program, BPF_JA, 0, 0);
	land(program, data);
	MATH_32(BPF_ADD, BPF_REG_3, traffic->frame_bytes - AT_TCP_PAYLOAD);
	land(program, opened);
	STORE(BPF_W, BPF_REG_8, offsetof(struct flow, received), BPF_REG_3);
	land(program, repeated);
}

/* Counts a datagram's flow when it is the first of it, until that is so of all. */
static void take_first(struct program *program, const struct traffic *traffic)
{
	LOAD(BPF_DW, BPF_REG_1, BPF_REG_9, offsetof(struct counters, opened));
	uint32_t all = jump_if(program, BPF_JGE, BPF_REG_1, (int32_t)traffic->flows);
	read_flow(program, BPF_REG_7, AT_DESTINATION, AT_DESTINATION_PORT);
	uint32_t unknown = jump_if(program, BPF_JGE, BPF_REG_7, (int32_t)traffic->flows);
	CONSTANT(BPF_REG_1, 1);
	COPY(BPF_REG_2, BPF_REG_7);
	MATH(BPF_AND, BPF_REG_2, FLOW_BITS - 1);
	MATH_REG(BPF_LSH, BPF_REG_1, BPF_REG_2);
	STORE(BPF_DW, BPF_REG_10, -16, BPF_REG_1);
	MATH(BPF_DIV, BPF_REG_7, FLOW_BITS);
	find_flow(program, traffic->flows_map);
	LOAD(BPF_DW, BPF_REG_1, BPF_REG_10, -16);
	LOAD(BPF_DW, BPF_REG_2, BPF_REG_8, 0);
	COPY(BPF_REG_3, BPF_REG_2);
	MATH_REG(BPF_OR, BPF_REG_2, BPF_REG_1);
	op(program, BPF_JMP | BPF_JEQ | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	uint32_t known = program->count - 1;
	STORE(BPF_DW, BPF_REG_8, 0, BPF_REG_2);
	count(program, offsetof(struct counters, opened));
	land(program, known);
	land(program, unknown);
	land(program, all);
}

void write_end(struct program *program, const struct traffic *traffic)
{
	begin(program, traffic->counters_map, HEADER_BYTES);
	drop_others(program, traffic);
	count(program, offsetof(struct counters, inside.arrived));
	if (traffic->verify)
		write_check(program, traffic, false);
	if (traffic->mode == ESTABLISHED && traffic->protocol == IPPROTO_TCP)
		take_note(program, traffic);
	if (traffic->mode == ESTABLISHED && traffic->protocol == IPPROTO_UDP)
		take_first(program, traffic);
	RETURN(XDP_DROP);
}
