/*
 * Packet generator as a DPDK driver: what its files share. README.md explains the parts.
 *
 * Two devices make a pair. The inside one sends a flow's forward packets (host -> server) and gets its replies;
 * the outside one gets the forward packets, learns how the device under test translated each flow, and sends the
 * replies. A device alone is an inside one that gets its own forward packets back, or none.
 *
 * Threads. A queue belongs to the thread that polls it and is written by it alone; readers of counters load them
 * relaxed. The arrays of a flow are shared: each word has one writer at a time, as told at `gen_state`.
 */
#ifndef GEN_H
#define GEN_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_ether.h>
#include <rte_log.h>
#include <rte_mbuf.h>

#define GEN_QUEUES_MAX	 64u
#define GEN_FLOWS_MAX	 (1u << 24) /* a flow's number has 24 bits in a packet */
#define GEN_BURST	 64u	    /* packets that one poll gives or handles in one pass */
#define GEN_FRAME_MAX	 1514u	    /* without the frame check sequence */
#define GEN_ANSWER_BYTES 96u	    /* a neighbour advertisement has 86 */
#define GEN_ANSWERS	 1024u /* replies to ARP and ND that may wait for a poll: a network of hosts at once */
#define GEN_FCS_BYTES	 4u
#define GEN_RATE_MAX	 1000000000u
#define GEN_RATE_PAUSED	 UINT64_MAX /* nothing is generated, not even to open flows */

extern int gen_log_type;
#define GEN_LOG(level, ...) rte_log(RTE_LOG_##level, gen_log_type, "net_generator: " __VA_ARGS__)

enum gen_mode {
	GEN_UDP,     /* established UDP flows */
	GEN_TCP,     /* established TCP connections, handshake first */
	GEN_NEW,     /* every packet opens a connection */
	GEN_SYNFLOOD /* SYN segments from random hosts and ports */
};

enum gen_role { GEN_INSIDE, GEN_OUTSIDE, GEN_ALONE };

/*
 * How far a flow has come, seen from one side. Written by the side's receiver when a packet moves it, and by the
 * side's sender when sending does; never both from the same state, so plain stores are enough.
 *
 *            inside                                   outside
 * SENT       UDP: a datagram, TCP: SYN is out         -
 * HEARD      -                                        UDP: a datagram, TCP: SYN came; the translation is known
 * ANSWERED   TCP: SYN+ACK came, ACK is still owed     UDP: a reply is out, TCP: SYN+ACK is out
 * OPEN       UDP: a reply came, TCP: the ACK is out   TCP: the ACK came
 */
enum gen_state { GEN_CLOSED = 0, GEN_SENT = 1, GEN_HEARD = 1, GEN_ANSWERED = 2, GEN_OPEN = 3 };

/* Consecutive host addresses: high . (low + 0 .. count - 1). IPv4 has no high part. */
struct gen_range {
	uint8_t high[12];
	uint32_t low;
	uint32_t count;
};

/* What is generated. Set by the inside device's arguments. */
struct gen_traffic {
	enum gen_mode mode;
	uint32_t family;   /* 4 or 6 */
	uint32_t protocol; /* IPPROTO_UDP or IPPROTO_TCP */
	uint32_t flows;	   /* connections; GEN_NEW: then the walk begins anew, 0: when all tuples were used */
	double zipf;	   /* exponent; 0: uniform */
	uint32_t frame;	   /* bytes of an mbuf: the frame without FCS */
	struct gen_range source, destination, nat;
	bool has_nat;
	uint16_t sport_first;
	uint32_t sport_count;
	uint16_t dport;
	uint64_t seed;
	bool verify, routed, latency;
};

/* Arguments of one device. */
struct gen_options {
	struct gen_traffic traffic;
	char peer[64]; /* name of the inside device; empty: this is one */
	struct rte_ether_addr mac, remote_mac;
	struct gen_range neighbour; /* one more address that ARP and ND are answered for */
	uint32_t neighbour_family;  /* 0: none */
	uint64_t rate;		    /* packets/s; 0: as many as are asked for; or GEN_RATE_PAUSED */
	uint32_t cross;		    /* the outside's queue q replies to the flows of queue q + cross */
};

/* A flow's position in the byte stream, seen from one side. TCP only. */
struct gen_numbers {
	uint32_t next;	   /* sequence number of the next byte to send; written by the sender */
	uint32_t received; /* behind the highest byte that came; written by the receiver */
};

/* Where replies to a flow go: the translated source of its forward packets. IPv4's is one atomic word. */
struct gen_endpoint4 {
	uint32_t address; /* network order, as the port */
	uint16_t port;
	uint16_t known; /* 1 */
};
_Static_assert(sizeof(struct gen_endpoint4) == sizeof(uint64_t), "is read and written as one word");

/* Aligned, so that none lies in two lines. */
struct gen_endpoint6 {
	uint64_t address[2];
	uint32_t port;
	uint32_t version; /* odd while it is being written; 0: unknown */
} __rte_aligned(32);

struct gen_side {
	uint8_t *state;		     /* enum gen_state of every flow */
	struct gen_numbers *numbers; /* TCP */
};

struct gen_port;

/* What a pair shares. */
struct gen_shared {
	struct gen_traffic traffic;
	struct gen_port *ports[2]; /* inside, outside; NULL when there is none (any more) */
	struct gen_side sides[2];
	uint64_t *endpoints4; /* struct gen_endpoint4 */
	struct gen_endpoint6 *endpoints6;
	uint64_t source_reciprocal, destination_reciprocal;
	uint32_t stamp_shift; /* a stamp's unit is 2^shift cycles of the time stamp counter */
	double stamp_ns;
	uint32_t users;	  /* devices that hold it */
	uint32_t started; /* devices that are started */
	void *mapping;
	size_t mapped;
};

/* A frame to copy, with the sums of its words that do not vary (gen_frame.h). */
struct gen_template {
	uint16_t length;
	uint16_t payload; /* bytes that a TCP sequence number advances by */
	uint32_t packet_type;
	uint64_t ip_sum, l4_sum;
	uint8_t bytes[RTE_ALIGN_CEIL(GEN_FRAME_MAX, RTE_CACHE_LINE_SIZE)] __rte_cache_aligned;
};

enum gen_template_kind { GEN_TEMPLATE_DATA, GEN_TEMPLATE_SYN, GEN_TEMPLATE_SYN_ACK, GEN_TEMPLATES };

/* An alias table: a draw takes its own number when the coin is below the threshold, else the alias. */
struct gen_alias {
	uint32_t threshold, alias;
};

/* ---- counters ---- */

enum gen_rx_counter {
	GEN_RX_SENT,	  /* generated packets given to the device under test */
	GEN_RX_BYTES,	  /* of those, without FCS */
	GEN_RX_ANSWERS,	  /* ARP replies and neighbour advertisements */
	GEN_RX_NO_MBUF,	  /* not generated: the pool was empty */
	GEN_RX_MISSED,	  /* not generated: due at the given rate, but the ring was full */
	GEN_RX_UNLEARNED, /* replies not generated: nothing came of the flow yet */
	GEN_RX_COUNTERS
};

enum gen_tx_counter {
	GEN_TX_RETURNED, /* generated packets that came back */
	GEN_TX_BYTES,	 /* of all frames that came, without FCS */
	GEN_TX_REQUESTS, /* ARP requests and neighbour solicitations for our addresses */
	GEN_TX_OTHER,	 /* frames that are none of ours */
	GEN_TX_BAD_IP_CHECKSUM,
	GEN_TX_BAD_L4_CHECKSUM,
	GEN_TX_BAD_HEADER,
	GEN_TX_BAD_PAYLOAD,
	GEN_TX_LEARNED,	 /* flows whose translation became known */
	GEN_TX_OPENED,	 /* flows that became open */
	GEN_TX_REMAPPED, /* times a flow's translation changed */
	GEN_TX_COUNTERS
};

/* Latencies in stamp units, in buckets 1/32 wide: exact to 32, then 32 for each power of two of 24 bits. */
#define GEN_BUCKETS 640u

static inline void gen_count(uint64_t *counter, uint64_t more)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + more, __ATOMIC_RELAXED);
}

/* ---- queues ---- */

/* Replies made by a transmit queue for a receive queue to give: single producer, single consumer. */
struct gen_answers {
	uint32_t head __rte_cache_aligned; /* written by the transmit queue */
	uint32_t tail __rte_cache_aligned; /* written by the receive queue */
	struct {
		uint16_t length;
		uint8_t bytes[GEN_ANSWER_BYTES];
	} slots[GEN_ANSWERS] __rte_cache_aligned;
};

struct gen_rx_queue {
	struct gen_port *port;
	const struct gen_shared *shared;
	const struct gen_side *side;
	const struct gen_template *templates;
	const struct gen_alias *alias; /* NULL: uniform */
	struct rte_mempool *pool;
	uint64_t rearm; /* first word of an mbuf: headroom, one reference, one segment, port */
	uint64_t ol_flags;
	uint64_t random;
	uint32_t first, count; /* flows of this queue */
	uint32_t room;	       /* descriptors: packets that may be due and wait */
	uint16_t id;
	uint16_t ahead_next; /* of `ahead`, flows that were drawn and prefetched */
	uint32_t ahead[GEN_BURST];

	/*
	 * Opening: rounds over the flows in order until none is pending, or nothing moves any more. A flow is
	 * pending below done_state, may be sent from send_state on, and in wait_state has been: it is repeated
	 * when rounds brought nothing new.
	 */
	bool opening, repeats;
	uint8_t done_state, send_state, wait_state;
	uint32_t cursor, pending, pending_before, fresh, idle_rounds;
	uint64_t round_due; /* time stamp counter */

	/* Pace, in 1/2^16 cycles since `pace_base`. interval 0: none, GEN_PAUSED: nothing is sent. */
	uint64_t interval, due, pace_base;

	/* Time stamp counter at the last poll, 0 before any, and the longest time from one to the next. */
	uint64_t polled, gap_max;
	uint64_t reset_seen; /* `reset_at`, when gap_max began */

	/* Orders, written by whoever commands; the next poll follows them (gen_obey). */
	uint64_t interval_wanted, reset_at;

	/* GEN_NEW: the next tuple's number with its host and port, and the numbers of this queue. */
	uint64_t walk, walk_first, walk_end;
	uint32_t walk_host, walk_port;

	uint64_t counters[GEN_RX_COUNTERS];
	uint64_t base[GEN_RX_COUNTERS]; /* values at the last reset; written by whoever resets */
} __rte_cache_aligned;

struct gen_tx_queue {
	struct gen_port *port;
	struct gen_shared *shared;
	struct gen_side *side;
	uint64_t counters[GEN_TX_COUNTERS];
	uint64_t latency[GEN_BUCKETS];
	uint64_t base[GEN_TX_COUNTERS];
	uint64_t latency_base[GEN_BUCKETS];
	uint32_t shown; /* wrong packets that were logged */
	struct gen_answers answers;
} __rte_cache_aligned;

/* A device: the private data of its ethdev. */
struct gen_port {
	struct gen_options options;
	struct gen_shared *shared;
	enum gen_role role;
	uint16_t id;	  /* DPDK's */
	const char *name; /* of the device */
	uint16_t rx_queues, tx_queues;
	bool started;
	uint64_t rx_offloads; /* configured */
	bool rss, fast_free;
	uint64_t lost_base;
	struct gen_alias *alias;
	struct gen_template *templates;
	struct gen_rx_queue *rx[GEN_QUEUES_MAX];
	struct gen_tx_queue *tx[GEN_QUEUES_MAX];
};

/* ---- gen_options.c ---- */

/* Reads "key=value,..." of a device. Every error is logged with the device's name; -EINVAL then. */
int gen_options_parse(const char *device, const char *arguments, struct gen_options *options);

/* ---- gen_range.c ---- */

#define GEN_VALUE_MAX 128u	 /* characters of a value, with its NUL */
#define GEN_HOSTS_MAX (1u << 24) /* of a range: gen_reciprocal's bound */

/* A decimal number from low to high and nothing else. */
bool gen_read_number(const char *text, uint64_t low, uint64_t high, uint64_t *value);

/* Packets a second, or "paused". */
bool gen_read_rate(const char *text, uint64_t *rate);

/* "PREFIX/LENGTH", "FIRST-LAST" or one address. */
bool gen_read_range(const char *text, uint32_t family, struct gen_range *range);

/* ---- gen_flows.c ---- */

int gen_shared_create(const struct gen_traffic *traffic, struct gen_shared **shared);
void gen_shared_release(struct gen_shared *shared);

/* All flows closed and unknown. No device of the pair may run. */
void gen_shared_reset(struct gen_shared *shared);

/* Zipf's distribution over `count` ranks, the first the most frequent. NULL: no memory. */
struct gen_alias *gen_alias_create(uint32_t count, double exponent);

/* The port's templates, by its role. NULL: no memory. */
struct gen_template *gen_templates_create(const struct gen_port *port);

/* Tuple connections that source hosts and ports allow. */
uint64_t gen_tuples(const struct gen_traffic *traffic);

/* ---- gen_send.c (receive bursts of the device under test) ---- */

typedef uint16_t (*gen_burst)(void *queue, struct rte_mbuf **mbufs, uint16_t count);

/* The function that generates what the port has to. */
gen_burst gen_send_function(const struct gen_port *port);

/* ---- gen_open.c ---- */

#define GEN_PAUSED UINT64_MAX

/* The interval of a queue when its port sends at a rate: its part of that, GEN_PAUSED, or 0. */
uint64_t gen_interval(const struct gen_port *port, uint64_t rate);

/* Puts a queue at its beginning; the port's role, templates and table are set. */
void gen_send_prepare(struct gen_rx_queue *queue);

/* The next flows of an opening round that have something to send; at its end, the next round or the steady state.
 */
uint16_t gen_choose_opening(struct gen_rx_queue *queue, uint32_t *flows, uint16_t count, uint64_t now);

/* GEN_NEW: goes to a tuple of the walk. */
void gen_walk_to(struct gen_rx_queue *queue, uint64_t walk);

/* ---- gen_return.c (transmit bursts of the device under test) ---- */

/* The function that takes what comes back to the port. */
gen_burst gen_return_function(const struct gen_port *port);

/* ---- gen_verify.c ---- */

/* What was read from a packet of ours. */
struct gen_seen {
	uint32_t flow;
	uint32_t stamp;
	uint32_t sequence; /* TCP */
	uint16_t l4_bytes; /* TCP header or UDP header */
	uint8_t tcp_flags;
	bool stamped;
};

/* Counts what is wrong with a packet, at most one thing. True: nothing. */
bool gen_verify(struct gen_tx_queue *queue, const struct rte_mbuf *mbuf, const struct gen_seen *seen);

/* ---- gen_neighbour.c ---- */

/* Handles a frame that is none of the generated: answers it, or counts it. */
void gen_other_frame(struct gen_tx_queue *queue, const struct rte_mbuf *mbuf);

/* Fills mbufs with waiting answers; the number of them. */
uint16_t gen_answers_take(struct gen_rx_queue *queue, struct rte_mbuf **mbufs, uint16_t count);

static inline bool gen_answers_wait(const struct gen_answers *answers)
{
	return __atomic_load_n(&answers->head, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&answers->tail, __ATOMIC_RELAXED);
}

/* ---- gen_stats.c ---- */

struct eth_dev_ops;
void gen_stats_operations(struct eth_dev_ops *operations);

/* From now on counters count from 0; with `only_times` only latencies and the gap between polls. Under gen_lock.
 */
void gen_stats_reset(struct gen_port *port, bool only_times);

/* ---- gen_control.c ---- */

/*
 * Held by whoever reads or resets counters, commands a port or changes its queues: telemetry has threads of its
 * own. Never by a thread that polls, and never while another is waited for.
 */
void gen_lock(void);
void gen_unlock(void);

/* ---- gen_driver.c ---- */

/* A port that has been made, or NULL for one that is gone. Under gen_lock. */
void gen_note_port(uint16_t id, struct gen_port *port);
/* The port of a device; NULL: there is none of that name. Under gen_lock, which keeps it from being closed. */
struct gen_port *gen_find_port(const char *name);

#endif
