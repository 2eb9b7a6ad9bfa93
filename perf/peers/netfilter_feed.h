/* Traffic for a kernel router: what its programs count, and the programs. */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#define FRAME_BYTES 60
#define PROGRAM_MAX 128

/* The one value of the programs' map, mapped into the process. Written by the core that forwards. */
struct counters {
	uint64_t sent;	    /* also the number of the next flow, while they are sent in order */
	uint64_t forwarded; /* arrived at OUTSIDE_PEER */
	uint64_t returned;  /* arrived at INSIDE_PEER */
};

struct program {
	struct bpf_insn code[PROGRAM_MAX];
	uint32_t count;
};

/* Prints what failed with errno, and exits with 1. */
__attribute__((noreturn)) void fail(const char *what);

/*
 * Writes the headers of a flow's datagram into a frame, for an interface with that address. Flows are sent in
 * order; at random, the order ends after `flows` (1 to INT32_MAX) of them. 16 bits of a flow's number are in the
 * source address, the rest is added to source port 1024.
 */
void write_feed(struct program *program, int map, const uint8_t *mac, uint64_t flows, bool at_random);

/* Counts what was forwarded, and sends it back as the reply or drops it. */
void write_answer(struct program *program, int map, bool replies);

/* Lets everything through. */
void write_pass(struct program *program);

/* Counts what came back, and drops it. */
void write_end(struct program *program, int map);
