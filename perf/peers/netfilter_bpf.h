/* BPF instructions by hand: programs this short need no compiler for it, which few machines have. */
#pragma once

#include <errno.h>
#include <stddef.h>

#include "netfilter_feed.h"

static inline void put(struct program *program, struct bpf_insn instruction)
{
	if (program->count == PROGRAM_MAX) {
		errno = E2BIG;
		fail("program");
	}
	program->code[program->count++] = instruction;
}

static inline void op(struct program *program, int code, int to, int from, int offset, int32_t value)
{
	put(program, (struct bpf_insn){.code = (uint8_t)code,
				       .dst_reg = (uint8_t)to & 15,
				       .src_reg = (uint8_t)from & 15,
				       .off = (int16_t)offset,
				       .imm = value});
}

#define CONSTANT(to, value)	      op(program, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, (int32_t)(value))
#define COPY(to, from)		      op(program, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define MATH(what, to, value)	      op(program, BPF_ALU64 | (what) | BPF_K, to, 0, 0, (int32_t)(value))
#define MATH_32(what, to, value)      op(program, BPF_ALU | (what) | BPF_K, to, 0, 0, (int32_t)(value))
#define MATH_REG(what, to, from)      op(program, BPF_ALU64 | (what) | BPF_X, to, from, 0, 0)
#define MATH_REG_32(what, to, from)   op(program, BPF_ALU | (what) | BPF_X, to, from, 0, 0)
#define LOAD(size, to, from, offset)  op(program, BPF_LDX | BPF_MEM | (size), to, from, offset, 0)
#define STORE(size, to, offset, from) op(program, BPF_STX | BPF_MEM | (size), to, from, offset, 0)
#define STORE_CONSTANT(size, to, offset, value)                                                                   \
	op(program, BPF_ST | BPF_MEM | (size), to, 0, offset, (int32_t)(value))
#define TO_NETWORK(bits, to) op(program, BPF_ALU | BPF_END | BPF_TO_BE, to, 0, 0, bits)
#define CALL(helper)	     op(program, BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define RETURN(value)                                                                                             \
	do {                                                                                                      \
		CONSTANT(BPF_REG_0, value);                                                                       \
		op(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);                                                      \
	} while (0)

/* A jump forward to wherever `land` is called; `what` compares a register with a constant. */
static inline uint32_t jump_if(struct program *program, int what, int reg, int32_t value)
{
	op(program, BPF_JMP | what | BPF_K, reg, 0, 0, value);
	return program->count - 1;
}

static inline void land(struct program *program, uint32_t jump)
{
	program->code[jump].off = (int16_t)(program->count - jump - 1);
}

/* One's complement sum of at most 2^48 to 16 bits (RFC 1071); `spare` is overwritten. */
static inline void fold(struct program *program, int sum, int spare)
{
	for (int turn = 0; turn < 3; turn++) {
		COPY(spare, sum);
		MATH(BPF_RSH, spare, 16);
		MATH(BPF_AND, sum, 0xffff);
		MATH_REG(BPF_ADD, sum, spare);
	}
}

/* Adds one to a counter; r0 holds the number before, r1 is overwritten. One core forwards: nothing is atomic. */
static inline void count(struct program *program, size_t counter)
{
	LOAD(BPF_DW, BPF_REG_0, BPF_REG_9, counter);
	COPY(BPF_REG_1, BPF_REG_0);
	MATH(BPF_ADD, BPF_REG_1, 1);
	STORE(BPF_DW, BPF_REG_9, counter, BPF_REG_1);
}

/*
 * r6: the frame's first byte, of at least that many; r7: the byte after its last; r9: the counters. A shorter
 * frame is dropped.
 */
static inline void begin(struct program *program, int counters, uint32_t bytes)
{
	LOAD(BPF_W, BPF_REG_6, BPF_REG_1, offsetof(struct xdp_md, data));
	LOAD(BPF_W, BPF_REG_7, BPF_REG_1, offsetof(struct xdp_md, data_end));
	COPY(BPF_REG_3, BPF_REG_6);
	MATH(BPF_ADD, BPF_REG_3, bytes);
	op(program, BPF_JMP | BPF_JLE | BPF_X, BPF_REG_3, BPF_REG_7, 2, 0);
	RETURN(XDP_DROP);
	op(program, BPF_LD | BPF_DW | BPF_IMM, BPF_REG_9, BPF_PSEUDO_MAP_VALUE, 0, counters);
	put(program, (struct bpf_insn){0});
}

/* r0: the address of the map's element whose number is in r7, or 0. r1 to r5 are overwritten. */
static inline void look_up(struct program *program, int flows)
{
	STORE(BPF_W, BPF_REG_10, -4, BPF_REG_7);
	op(program, BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, flows);
	put(program, (struct bpf_insn){0});
	COPY(BPF_REG_2, BPF_REG_10);
	MATH(BPF_ADD, BPF_REG_2, -4);
	CALL(BPF_FUNC_map_lookup_elem);
}

/* r8: that address; an unknown element ends the program. r0 to r5 are overwritten. */
static inline void find_flow(struct program *program, int flows)
{
	look_up(program, flows);
	uint32_t known = jump_if(program, BPF_JNE, BPF_REG_0, 0);
	RETURN(XDP_DROP);
	land(program, known);
	COPY(BPF_REG_8, BPF_REG_0);
}

/* r3: the sequence number, r4: the acknowledgment, of the segment at r6. */
static inline void read_numbers(struct program *program)
{
	LOAD(BPF_W, BPF_REG_3, BPF_REG_6, AT_SEQUENCE);
	TO_NETWORK(32, BPF_REG_3);
	LOAD(BPF_W, BPF_REG_4, BPF_REG_6, AT_ACKNOWLEDGMENT);
	TO_NETWORK(32, BPF_REG_4);
}

/* The last 16 bits of the address of a flow's server, in another register than the flow. */
static inline void server_of(struct program *program, int to, int flow)
{
	COPY(to, flow);
	MATH(BPF_AND, to, 0xffff);
	MATH(BPF_MUL, to, SERVER_MIXER);
	MATH(BPF_RSH, to, 8);
	MATH(BPF_AND, to, 0xffff);
}

/* The flow's number from the host at one end of a packet. r0 is overwritten. */
static inline void read_flow(struct program *program, int to, int address, int port)
{
	LOAD(BPF_H, BPF_REG_0, BPF_REG_6, address + 2);
	TO_NETWORK(16, BPF_REG_0);
	LOAD(BPF_H, to, BPF_REG_6, port);
	TO_NETWORK(16, to);
	MATH(BPF_SUB, to, HOST_PORT);
	MATH_32(BPF_LSH, to, 16);
	MATH_REG(BPF_OR, to, BPF_REG_0);
}
