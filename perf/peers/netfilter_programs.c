/* XDP programs by hand: ones this short need no compiler, which few machines have. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "netfilter_feed.h"

static void put(struct program *program, struct bpf_insn instruction)
{
	if (program->count == PROGRAM_MAX) {
		errno = E2BIG;
		fail("program");
	}
	program->code[program->count++] = instruction;
}

static void op(struct program *program, int code, int to, int from, int offset, int32_t value)
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
#define MATH_REG(what, to, from)      op(program, BPF_ALU64 | (what) | BPF_X, to, from, 0, 0)
#define LOAD(size, to, from, offset)  op(program, BPF_LDX | BPF_MEM | (size), to, from, offset, 0)
#define STORE(size, to, offset, from) op(program, BPF_STX | BPF_MEM | (size), to, from, offset, 0)
#define STORE_CONSTANT(size, to, offset, value)                                                                   \
	op(program, BPF_ST | BPF_MEM | (size), to, 0, offset, (int32_t)(value))
#define BIG_ENDIAN_16(to) op(program, BPF_ALU | BPF_END | BPF_TO_BE, to, 0, 0, 16)
#define RETURN(value)                                                                                             \
	do {                                                                                                      \
		CONSTANT(BPF_REG_0, value);                                                                       \
		op(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);                                                      \
	} while (0)

/* r6: the frame's first byte, of at least FRAME_BYTES; r9: the counters. A shorter frame is dropped. */
static void begin(struct program *program, int map)
{
	LOAD(BPF_W, BPF_REG_6, BPF_REG_1, offsetof(struct xdp_md, data));
	LOAD(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data_end));
	COPY(BPF_REG_3, BPF_REG_6);
	MATH(BPF_ADD, BPF_REG_3, FRAME_BYTES);
	op(program, BPF_JMP | BPF_JLE | BPF_X, BPF_REG_3, BPF_REG_2, 2, 0);
	RETURN(XDP_DROP);
	op(program, BPF_LD | BPF_DW | BPF_IMM, BPF_REG_9, BPF_PSEUDO_MAP_VALUE, 0, map);
	put(program, (struct bpf_insn){0});
}

/* Counts; r0 holds the number before. One core forwards, so nothing has to be atomic. */
static void count(struct program *program, size_t counter)
{
	LOAD(BPF_DW, BPF_REG_0, BPF_REG_9, counter);
	COPY(BPF_REG_1, BPF_REG_0);
	MATH(BPF_ADD, BPF_REG_1, 1);
	STORE(BPF_DW, BPF_REG_9, counter, BPF_REG_1);
}

/* A frame of IPv4 with 16 bits of the flow in the source address, the rest in the source port; see the comment
 * above. */
void write_feed(struct program *program, int map, const uint8_t *mac, uint64_t flows, bool at_random)
{
	uint32_t low, high;

	begin(program, map);
	count(program, offsetof(struct counters, sent));
	COPY(BPF_REG_7, BPF_REG_0);
	if (at_random) {
		/* all flows were opened: a random one */
		op(program, BPF_JMP | BPF_JLT | BPF_K, BPF_REG_7, 0, 3, (int32_t)flows);
		op(program, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_prandom_u32);
		COPY(BPF_REG_7, BPF_REG_0);
		MATH(BPF_MOD, BPF_REG_7, flows);
	}

	memcpy(&low, mac, 4);
	memcpy(&high, (uint8_t[]){mac[4], mac[5], 0x02, 0x00}, 4);
	STORE_CONSTANT(BPF_W, BPF_REG_6, 0, low);
	STORE_CONSTANT(BPF_W, BPF_REG_6, 4, high);
	STORE_CONSTANT(BPF_W, BPF_REG_6, 8, 0x01000000);
	STORE_CONSTANT(BPF_W, BPF_REG_6, 12, 0x00450008); /* 08 00 | 45 00 */
	STORE_CONSTANT(BPF_W, BPF_REG_6, 16, 0x00002e00); /* length 46, id 0 */
	STORE_CONSTANT(BPF_W, BPF_REG_6, 20, 0x11400040); /* DF, 64 hops, UDP */
	STORE_CONSTANT(BPF_H, BPF_REG_6, 26, 0x000a);	  /* 10.0.x.x */
	STORE_CONSTANT(BPF_H, BPF_REG_6, 30, 0x12c6);	  /* 198.18.x.x */
	STORE_CONSTANT(BPF_H, BPF_REG_6, 36, 0x0900);	  /* port 9 */
	STORE_CONSTANT(BPF_W, BPF_REG_6, 38, 0x00001a00); /* length 26, no checksum */

	/* r2, r3: the hosts of both sides */
	COPY(BPF_REG_2, BPF_REG_7);
	MATH(BPF_AND, BPF_REG_2, 0xffff);
	COPY(BPF_REG_3, BPF_REG_7);
	MATH(BPF_MUL, BPF_REG_3, 40503);
	MATH(BPF_RSH, BPF_REG_3, 8);
	MATH(BPF_AND, BPF_REG_3, 0xffff);

	/* r4: the header's checksum (RFC 1071): the constant words, the hosts, folded once, complemented */
	CONSTANT(BPF_REG_4, 0x4500 + 46 + 0x4000 + 0x4011 + 0x0a00 + 0xc612);
	MATH_REG(BPF_ADD, BPF_REG_4, BPF_REG_2);
	MATH_REG(BPF_ADD, BPF_REG_4, BPF_REG_3);
	for (int fold = 0; fold < 2; fold++) {
		COPY(BPF_REG_5, BPF_REG_4);
		MATH(BPF_RSH, BPF_REG_5, 16);
		MATH(BPF_AND, BPF_REG_4, 0xffff);
		MATH_REG(BPF_ADD, BPF_REG_4, BPF_REG_5);
	}
	MATH(BPF_XOR, BPF_REG_4, 0xffff);
	BIG_ENDIAN_16(BPF_REG_4);
	STORE(BPF_H, BPF_REG_6, 24, BPF_REG_4);
	BIG_ENDIAN_16(BPF_REG_2);
	STORE(BPF_H, BPF_REG_6, 28, BPF_REG_2);
	BIG_ENDIAN_16(BPF_REG_3);
	STORE(BPF_H, BPF_REG_6, 32, BPF_REG_3);
	MATH(BPF_RSH, BPF_REG_7, 16);
	MATH(BPF_ADD, BPF_REG_7, 1024);
	BIG_ENDIAN_16(BPF_REG_7);
	STORE(BPF_H, BPF_REG_6, 34, BPF_REG_7);
	RETURN(XDP_PASS);
}

/* Anything but our UDP (neighbour solicitations of the kernel, say) is dropped and not counted. */
static void drop_others(struct program *program)
{
	LOAD(BPF_H, BPF_REG_1, BPF_REG_6, 12);
	op(program, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 2, 0x0008);
	RETURN(XDP_DROP);
}

static void swap(struct program *program, int size, int one, int other)
{
	LOAD(size, BPF_REG_1, BPF_REG_6, one);
	LOAD(size, BPF_REG_2, BPF_REG_6, other);
	STORE(size, BPF_REG_6, one, BPF_REG_2);
	STORE(size, BPF_REG_6, other, BPF_REG_1);
}

/* Swapped addresses and ports leave every checksum as it is. */
void write_answer(struct program *program, int map, bool replies)
{
	begin(program, map);
	drop_others(program);
	count(program, offsetof(struct counters, forwarded));
	if (replies) {
		swap(program, BPF_W, 0, 6);
		swap(program, BPF_H, 4, 10);
		swap(program, BPF_W, 26, 30);
		swap(program, BPF_H, 34, 36);
	}
	RETURN(replies ? XDP_TX : XDP_DROP);
}

void write_pass(struct program *program)
{
	RETURN(XDP_PASS);
}

void write_end(struct program *program, int map)
{
	begin(program, map);
	drop_others(program);
	count(program, offsetof(struct counters, returned));
	RETURN(XDP_DROP);
}
