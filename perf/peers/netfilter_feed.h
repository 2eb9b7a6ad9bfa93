/* Traffic for a kernel router: the programs that make it and take it back, what they count, and who loads them. */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#define HEADER_BYTES	54   /* Ethernet, IPv4, TCP: no frame is shorter, a SYN is exactly this long */
#define FRAME_BYTES_MIN 60   /* without the check sequence */
#define FRAME_BYTES_MAX 1514 /* what fits the veth's MTU */
#define PROGRAM_MAX	1024
#define FLOWS_MAX	(1u << 24) /* of established ones, the generator's limit too */
#define FLOW_BITS	64	   /* of UDP flows, in a word of their map */
#define OPENING_CHUNK	1024	   /* flows whose SYNs are sent before the first of them is acknowledged */

/* Where headers begin and fields are, in a frame of IPv4 without options. */
enum {
	AT_TYPE = 12,
	AT_IP = 14,
	AT_SERVICE = 15,
	AT_LENGTH = 16,
	AT_IDENTIFICATION = 18,
	AT_FRAGMENT = 20,
	AT_HOPS = 22,
	AT_PROTOCOL = 23,
	AT_IP_CHECKSUM = 24,
	AT_SOURCE = 26,
	AT_DESTINATION = 30,
	AT_SOURCE_PORT = 34,
	AT_DESTINATION_PORT = 36,
	AT_UDP_LENGTH = 38,
	AT_UDP_CHECKSUM = 40,
	AT_UDP_PAYLOAD = 42,
	AT_SEQUENCE = 38,
	AT_ACKNOWLEDGMENT = 42,
	AT_FLAGS = 47,
	AT_WINDOW = 48,
	AT_TCP_CHECKSUM = 50,
	AT_TCP_PAYLOAD = 54,
};

#define TCP_SYN	    0x02
#define TCP_SYN_ACK 0x12
#define TCP_PSH_ACK 0x18

/* Initial sequence numbers: the host's is the flow's number times one, the server's is the host's times the other.
 * Both are odd, so no two flows have the same; the inverse leads back to the flow. */
#define SYN_MIXER	  0x9e3779b1
#define SYN_MIXER_INVERSE 0x0e8b2f51 /* modulo 2^32 */
#define SERVER_MIXER_TCP  0x5bd1e995
#define WINDOW		  0xffff /* not scaled: far more than is ever under way */

/* The frame's addresses, the router's in the middle: 10.0.x.x port 1024… to 198.18.x.x port 9, seen as
 * 203.0.113.x. */
#define HOSTS	     0x0a00
#define SERVERS	     0xc612
#define SERVER_PORT  9
#define HOST_PORT    1024 /* the lowest */
#define HOST_PORTS   64512
#define TRANSLATED   0xcb0071 /* 203.0.113.0/24 */
#define HOST_MAC     1	      /* 02:00:00:00:00:01 */
#define SERVER_MAC   2
#define HOPS	     64
#define SERVER_MIXER 40503 /* spreads the servers: bits 8 to 23 of 16 bits of the flow times this */

enum mode {
	ESTABLISHED, /* flows chosen at random after each was opened; replies */
	NEW,	     /* every packet opens a flow; none is answered */
	FLOOD,	     /* SYN segments of random hosts and ports; none is answered */
};

/* What arrived at one end. The checks are made with `verify` only, and the first that fails is counted. */
struct side {
	uint64_t arrived, bad_ip_checksum, bad_l4_checksum, bad_header, bad_payload;
};

/* The one value of a map that is mapped into the process. Written by the core that forwards. */
struct counters {
	uint64_t sent;	 /* also the number of the next packet while flows are sent in order */
	uint64_t opened; /* established flows from whose server something came back */
	struct side inside, outside;
};

/* The host's end of a TCP connection: an array of these. Zero before its SYN is answered. Host byte order. */
struct flow {
	uint32_t next;	   /* sequence number of the next byte to send */
	uint32_t received; /* and of the next to receive */
};

struct traffic {
	enum mode mode;
	uint8_t protocol;	   /* IPPROTO_UDP or IPPROTO_TCP */
	uint32_t flows;		   /* 1 to INT32_MAX, of established ones FLOWS_MAX */
	uint32_t frame_bytes;	   /* FRAME_BYTES_MIN to FRAME_BYTES_MAX; a SYN is shorter */
	bool verify, untranslated; /* check what arrives; the router leaves addresses and ports as they are */
	uint8_t inside_mac[6], outside_mac[6]; /* of the router's ports */
	/* descriptors; of the flows only for established traffic: struct flow of TCP, a bit each of UDP */
	int counters_map, flows_map;
};

struct program {
	struct bpf_insn code[PROGRAM_MAX];
	uint32_t count;
};

/* Prints what failed with errno, and exits with 1. */
__attribute__((noreturn)) void fail(const char *what);

/* Packets that are sent in order before flows are chosen at random. */
uint64_t opening_packets(const struct traffic *traffic);

/*
 * Writes a packet of a flow into a frame: 16 bits of the flow's number are in the source address, the rest is
 * added to the source port; the payload, if any, begins with the number. A TCP flow sends its SYN again until it
 * is answered, then data.
 */
void write_feed(struct program *program, const struct traffic *traffic);

/* Counts what was forwarded, and sends it back as the reply or drops it. */
void write_answer(struct program *program, const struct traffic *traffic);

/* Lets everything through. */
void write_pass(struct program *program);

/* Counts what came back, takes note of its TCP numbers, and drops it. */
void write_end(struct program *program, const struct traffic *traffic);

/*
 * Checks a translated packet (`outside`) or a restored one, after `begin`: both checksums, link addresses, hops,
 * addresses, ports, the flow's number, and that all else in IPv4 and TCP is as it was sent, numbers included;
 * counts and drops what is wrong. Registers below r9 but r6 are overwritten.
 */
void write_check(struct program *program, const struct traffic *traffic, bool outside);

/* The bpf system call. */
int bpf(enum bpf_cmd command, union bpf_attr *attributes);

/* Makes the maps that the traffic needs, and the counters readable: fails if the kernel refuses. */
volatile struct counters *make_maps(struct traffic *traffic);

/* Loads a program for XDP: fails with the verifier's reasons. Returns its descriptor. */
int load(const char *name, const struct program *program);

/* Serves the counters at a Unix socket from a thread of its own, as DPDK's telemetry would. */
void start_serving(const char *path, const struct traffic *traffic, const volatile struct counters *counters);
