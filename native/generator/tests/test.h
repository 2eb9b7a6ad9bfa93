/* Test host of the generator: an EAL without hugepages, a naive NAT as the device under test, checks of its own.
 */
#ifndef GENERATOR_TEST_H
#define GENERATOR_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define BURST	     32u
#define POOL_MBUFS   4095u
#define MAPPINGS_MAX 4096u

/* Counts one check, and prints it when it fails. Its result is `holds`. */
bool check(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for what is checked of each packet: only failures count. */
bool each(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));
extern unsigned int passed, failed;

/* ---- bed.c: devices ---- */

struct bed {
	uint16_t inside, outside; /* outside == inside: a device alone */
	uint16_t queues;
	struct rte_mempool *pool;
};

extern struct rte_mempool *pool;

/* Starts both devices with these arguments (outside NULL: one alone). Ends the process when that fails. */
struct bed bed_start(const char *inside, const char *outside, uint16_t queues);
void bed_stop(struct bed *bed);

/* One extended counter of a port, by its name. */
uint64_t counter(uint16_t port, const char *name);

/* Adds a device; the text that was logged meanwhile is in `logged`. 0 or the errno of the refusal. */
int add_device(const char *arguments);
extern char logged[4096];

/* Configures and starts a port that was added, with so many queues; 0 or -errno. */
int start_port(uint16_t port, uint16_t queues);
void remove_device(const char *name);

/* ---- packet.c: what a packet says, read and checked without the driver's code ---- */

struct packet {
	uint8_t *frame, *ip, *l4, *payload;
	uint32_t bytes, l4_bytes, payload_bytes, address_bytes;
	uint8_t protocol, flags;
	uint8_t *source, *destination;
	uint16_t sport, dport;
	uint32_t sequence, acknowledgment;
	uint32_t flow; /* by its tag, or a SYN's sequence number */
};

/* False: no complete UDP or TCP packet, lengths that contradict. */
bool packet_read(struct rte_mbuf *mbuf, struct packet *packet);
bool packet_sums_up(const struct packet *packet);
void packet_write_sums(const struct packet *packet);
void packet_set_ports(const struct packet *packet, uint16_t sport, uint16_t dport);

/* ---- nat.c: the device under test ---- */

struct nat {
	uint32_t mappings;
	uint32_t shift; /* added to the public ports: changes every translation */
	struct {
		uint8_t address[16];
		uint16_t port;
	} inside[MAPPINGS_MAX];
};

/* Rewrites a packet in place as a port-translating router does, sums included. False: no translation known. */
bool nat_forward(struct nat *nat, struct rte_mbuf *mbuf);
bool nat_reply(struct nat *nat, struct rte_mbuf *mbuf);

/* Called for each packet before it is translated (seen) or given back (made): false drops it. NULL: nothing. */
typedef bool (*tap)(struct rte_mbuf *mbuf, bool forward, void *context);

struct loop {
	struct nat *nat;
	tap before, after;
	void *context;
	uint64_t forward, replies; /* packets translated */
};

/* Polls both ports once on a queue and passes on what comes. */
void loop_once(const struct bed *bed, uint16_t queue, struct loop *loop);

/* Until both ports choose among flows, or five seconds have passed. True: they do, and so many flows are open. */
bool loop_until_open(const struct bed *bed, struct loop *loop, uint32_t flows);
void loop_times(const struct bed *bed, struct loop *loop, uint32_t times);

/* ---- tests ---- */

void test_options(void);
void test_devices(void);
void test_established(void);
void test_verify(void);
void test_losses(void);
void test_neighbours(void);
void test_new_connections(void);
void test_choice(void);
void test_pace(void);
void test_queues(void);
void test_hostile_frames(void);
void test_commands(void);
void test_resets(void);

#endif
