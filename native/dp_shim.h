/*
 * The C surface between the router and libdpdk 22.11: what DPDK's headers only inline, and what managed
 * code should not have to know about (log streams, structs whose layout is not ABI, thread affinity).
 *
 * Conventions, the same for every function below:
 *   - names are dp_<area>_<verb>; integers have fixed widths; nothing here keeps a pointer it was given
 *     unless its comment says so;
 *   - the result is 0 or a negative errno, except where a count or a value is the natural result;
 *   - `const char *` is a NUL-terminated UTF-8 string; an out-pointer is never NULL;
 *   - functions of dp_burst.c and the lookups of dp_fib.c and dp_fib6.c run on workers: they neither allocate, lock nor print.
 */
#ifndef DP_SHIM_H
#define DP_SHIM_H

#include <stdint.h>

#define DP_EXPORT __attribute__((visibility("default")))

struct rte_mbuf;
struct rte_mempool;
struct rte_fib;
struct rte_fib6;

/* ---- dp_eal.c: start, stop, lcores, devices ------------------------------------------------------- */

/* Entry of a worker. Runs on the lcore's own thread until it returns; its result is what dp_lcore_wait gives. */
typedef int (*dp_lcore_entry)(void *argument);

/*
 * rte_eal_init, with the log captured (dp_log_read) and the caller's CPU affinity put back afterwards.
 * argv: argc strings, argv[0] the program name; EAL permutes the array and keeps pointers into the strings
 * only while it parses. Once per process, successful or not: a second call is -EALREADY.
 */
DP_EXPORT int32_t dp_eal_init(int32_t argc, char **argv);

/* Stops what EAL started and removes its files. Ports must be closed, workers returned. */
DP_EXPORT int32_t dp_eal_cleanup(void);

/* "DPDK 22.11.x", static storage. */
DP_EXPORT const char *dp_eal_version(void);

/* 0 when the calling process may run on this CPU, else -errno. rte_eal_init aborts the process instead. */
DP_EXPORT int32_t dp_cpu_check(uint32_t cpu);

/* CPU the calling thread is on now. */
DP_EXPORT int32_t dp_cpu_current(void);

/*
 * Holds an exclusive record lock on `path` (created when missing, mode 0600) until the process ends.
 * -EBUSY: somebody else has it, *holder is their process id, or 0 when they are in another PID namespace.
 */
DP_EXPORT int32_t dp_lock_take(const char *path, int32_t *holder);

/*
 * Process id of whoever holds a record lock on `path`; 0 when nobody does or the file is missing. Must not be
 * called on a file this process has locked itself: closing it would drop that lock (fcntl(2)).
 */
DP_EXPORT int32_t dp_lock_holder(const char *path);

/* Starts `entry(argument)` on a worker lcore that waits. argument is the caller's to keep alive. -EBUSY: running.
 */
DP_EXPORT int32_t dp_lcore_launch(uint32_t lcore, dp_lcore_entry entry, void *argument);

/* Blocks until the lcore's function has returned; *result is what it returned. */
DP_EXPORT int32_t dp_lcore_wait(uint32_t lcore, int32_t *result);

/* 1 when the lcore runs a function, 0 when it waits, -EINVAL when there is no such lcore. */
DP_EXPORT int32_t dp_lcore_busy(uint32_t lcore);

/* EAL id of the calling thread, UINT32_MAX for a thread EAL does not know. */
DP_EXPORT uint32_t dp_lcore_current(void);

/* NUMA node of the lcore's CPU, -EINVAL when there is no such lcore. */
DP_EXPORT int32_t dp_lcore_node(uint32_t lcore);

/* Creates and probes a device: "net_null0,size=64" or "0000:3b:00.0". The cause of a failure is in the log. */
DP_EXPORT int32_t dp_device_add(const char *devargs);

/* Detaches a device from its bus ("vdev" or "pci"); its ports must be closed. */
DP_EXPORT int32_t dp_device_remove(const char *bus, const char *name);

/* ---- dp_log.c: DPDK's own messages ---------------------------------------------------------------- */

/* Sends DPDK's log into memory from now on (the last 64 KiB are kept) instead of stdout and syslog. */
DP_EXPORT int32_t dp_log_capture(void);

/* Copies the newest size-1 bytes at most, NUL-terminated, and returns their count. text: size bytes. */
DP_EXPORT uint32_t dp_log_read(char *text, uint32_t size);

/* Bytes logged since the start, to tell new lines from old ones. */
DP_EXPORT uint64_t dp_log_position(void);

/* Copies the log to a file descriptor as well; -1 stops that. */
DP_EXPORT void dp_log_mirror(int32_t fd);

/* Lets libbpf and libxdp, which AF_XDP brings in and which write to stderr, use the same log. */
void dp_log_adopt_bpf(void);

/* ---- dp_mempool.c --------------------------------------------------------------------------------- */

/*
 * A pool of `count` mbufs with `data_room` bytes each (headroom included) and per-lcore caches of `cache`.
 * node: NUMA node or -1. NULL on failure, *error then a negative errno.
 */
DP_EXPORT struct rte_mempool *dp_mempool_create(const char *name, uint32_t count, uint32_t cache,
						uint32_t data_room, int32_t node, int32_t *error);

/* Every mbuf must be back. NULL is allowed. */
DP_EXPORT void dp_mempool_free(struct rte_mempool *pool);

/* Mbufs in the pool and its caches. Walks the caches: exact only while nobody allocates. */
DP_EXPORT uint32_t dp_mempool_available(const struct rte_mempool *pool);

/* Mbufs that somebody holds; drivers hold what they have posted to receive. Exact as above. */
DP_EXPORT uint32_t dp_mempool_in_use(const struct rte_mempool *pool);

/* Pieces of memory the pool lies in. AF_XDP registers the first only, so there it must be 1. */
DP_EXPORT uint32_t dp_mempool_chunks(const struct rte_mempool *pool);

/* Bytes of one mbuf with its header and data room, as laid out in memory. */
DP_EXPORT uint32_t dp_mempool_object_bytes(const struct rte_mempool *pool);

/* ---- dp_port.c ------------------------------------------------------------------------------------ */

struct dp_port_info {
	uint64_t rx_offloads;	  /* RTE_ETH_RX_OFFLOAD_* the driver can do */
	uint64_t tx_offloads;	  /* RTE_ETH_TX_OFFLOAD_* the driver can do */
	uint64_t rss_types;	  /* RTE_ETH_RSS_* the driver can hash on; 0: no RSS */
	uint32_t interface_index; /* of the kernel interface; 0: none */
	uint32_t rx_pktlen_max;	  /* longest frame in bytes */
	uint16_t rx_queues_max;
	uint16_t tx_queues_max;
	uint16_t rx_descriptors_max;
	uint16_t tx_descriptors_max;
	uint16_t reta_entries; /* RSS indirection table */
	uint16_t mtu_min;
	uint16_t mtu_max;
	uint16_t rss_key_bytes; /* length of the key the device takes; 0: unknown */
	int32_t node;		/* NUMA node, -1: any */
	char driver[32];	/* NUL-terminated */
	char name[64];		/* NUL-terminated */
};

struct dp_port_config {
	const uint8_t *rss_key; /* rss_key_bytes bytes, or NULL for no RSS; copied */
	uint16_t rss_key_bytes;
	uint16_t rx_queues;
	uint16_t tx_queues;
	uint16_t mtu;	      /* bytes of layer 3; 0 leaves what is there */
	uint32_t checksum_rx; /* 1: have the NIC verify checksums where it can */
};

struct dp_port_stats {
	uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes;
	uint64_t rx_missed; /* the ring was full */
	uint64_t rx_errors, tx_errors;
	uint64_t rx_no_mbuf; /* the pool was empty */
};

struct dp_port_link {
	uint32_t speed_mbps; /* UINT32_MAX: unknown */
	uint8_t up, full_duplex, autonegotiated, reserved;
};

#define DP_XSTAT_NAME_BYTES 64

/* Ports that exist now. */
DP_EXPORT uint32_t dp_port_count(void);

/* Id of the port on the device of that name, or -ENODEV. */
DP_EXPORT int32_t dp_port_find(const char *name);

DP_EXPORT int32_t dp_port_info(uint16_t port, struct dp_port_info *info);

/*
 * Queue counts, RSS, offloads and MTU; the port must be stopped. *rss_types is what the device will hash on and
 * *rx_offloads what it will verify: both may be less than asked for, down to 0.
 */
DP_EXPORT int32_t dp_port_configure(uint16_t port, const struct dp_port_config *config, uint64_t *rss_types,
				    uint64_t *rx_offloads);

/* Makes *rx and *tx descriptor counts what the driver takes: its limits and alignment. */
DP_EXPORT int32_t dp_port_adjust_descriptors(uint16_t port, uint16_t *rx, uint16_t *tx);

/* pool: keeps being used until the port is closed. */
DP_EXPORT int32_t dp_port_setup_rx(uint16_t port, uint16_t queue, uint16_t descriptors, struct rte_mempool *pool);
DP_EXPORT int32_t dp_port_setup_tx(uint16_t port, uint16_t queue, uint16_t descriptors);
DP_EXPORT int32_t dp_port_start(uint16_t port);
DP_EXPORT int32_t dp_port_stop(uint16_t port);

/* Releases the port and its id. */
DP_EXPORT int32_t dp_port_close(uint16_t port);

/* Resets a stopped port to its state after probing. -ENOTSUP for most virtual devices. */
DP_EXPORT int32_t dp_port_reset(uint16_t port);

/* mac: 6 bytes. */
DP_EXPORT int32_t dp_port_mac(uint16_t port, uint8_t *mac);
DP_EXPORT int32_t dp_port_mtu(uint16_t port, uint16_t *mtu);
DP_EXPORT int32_t dp_port_set_mtu(uint16_t port, uint16_t mtu);
DP_EXPORT int32_t dp_port_set_promiscuous(uint16_t port, uint32_t on);

/* Take every multicast frame; -ENOTSUP where the driver has no such switch. */
DP_EXPORT int32_t dp_port_set_multicast(uint16_t port, uint32_t on);

/* What the driver knows now, without waiting for negotiation. */
DP_EXPORT int32_t dp_port_link(uint16_t port, struct dp_port_link *link);
DP_EXPORT int32_t dp_port_stats(uint16_t port, struct dp_port_stats *stats);
DP_EXPORT int32_t dp_port_reset_stats(uint16_t port);

/*
 * The driver's own counters: `capacity` names of DP_XSTAT_NAME_BYTES, NUL-terminated, and as many values.
 * Returns how many there are; nothing is written when that is more than capacity.
 */
DP_EXPORT int32_t dp_port_xstats(uint16_t port, char *names, uint64_t *values, uint32_t capacity);

/* ---- dp_burst.c: what workers call ---------------------------------------------------------------- */

/* mbufs: room for count pointers. Returns how many were received; the caller owns them. */
DP_EXPORT uint16_t dp_burst_rx(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count);

/* Returns how many the driver took, from the front; the caller still owns the rest. */
DP_EXPORT uint16_t dp_burst_tx(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count);

/* All `count` mbufs or none (-ENOENT). Reset: no data, headroom in front. */
DP_EXPORT int32_t dp_mbuf_alloc_bulk(struct rte_mempool *pool, struct rte_mbuf **mbufs, uint32_t count);

/* Frees whole chains; NULL entries are skipped. */
DP_EXPORT void dp_mbuf_free_bulk(struct rte_mbuf **mbufs, uint32_t count);

/* CLOCK_MONOTONIC in nanoseconds. */
DP_EXPORT uint64_t dp_clock_ns(void);

/* The processor's time stamp counter and its measured frequency (0 before dp_eal_init). */
DP_EXPORT uint64_t dp_clock_tsc(void);
DP_EXPORT uint64_t dp_clock_tsc_hz(void);

/* Sleeps for that long or until a signal. */
DP_EXPORT void dp_clock_sleep_ns(uint64_t nanoseconds);

/* Tells the processor that the caller spins. */
DP_EXPORT void dp_clock_pause(void);

/* ---- dp_fib.c: IPv4 routes, DIR-24-8 (one or two memory accesses a lookup) ------------------------- */

/*
 * routes_max prefixes, groups_max of them longer than /24 in different /24s. default_next_hop is what a
 * lookup without a route gives. Next hops are below 2^31. NULL on failure, *error then a negative errno.
 */
DP_EXPORT struct rte_fib *dp_fib_create(const char *name, uint32_t routes_max, uint32_t groups_max,
					uint64_t default_next_hop, int32_t node, int32_t *error);
DP_EXPORT void dp_fib_free(struct rte_fib *fib);

/* address: host order; bits behind the prefix are ignored. length: 0..32. Replaces an existing next hop. */
DP_EXPORT int32_t dp_fib_add(struct rte_fib *fib, uint32_t address, uint32_t length, uint64_t next_hop);
DP_EXPORT int32_t dp_fib_delete(struct rte_fib *fib, uint32_t address, uint32_t length);

/* addresses: count in host order; next_hops: room for count. Safe beside one writer. */
DP_EXPORT int32_t dp_fib_lookup_bulk(struct rte_fib *fib, const uint32_t *addresses, uint64_t *next_hops,
				     uint32_t count);

/* ---- dp_fib6.c: IPv6 routes, a trie of 24 bits and then 8 a step (one to 14 memory accesses a lookup) -- */

/*
 * As dp_fib_create, but for groups_max: tables of 256 next hops, one for each step of 8 bits that a prefix has
 * behind its 24th, not shared between prefixes in the library's reckoning, and one to spare; at least 1.
 * There is no deletion: a changed set of routes is a new table.
 */
DP_EXPORT struct rte_fib6 *dp_fib6_create(const char *name, uint32_t routes_max, uint32_t groups_max,
					  uint64_t default_next_hop, int32_t node, int32_t *error);
DP_EXPORT void dp_fib6_free(struct rte_fib6 *fib);

/* address: 16 bytes in network order; bits behind the prefix are ignored. length: 0..128. */
DP_EXPORT int32_t dp_fib6_add(struct rte_fib6 *fib, const uint8_t *address, uint32_t length, uint64_t next_hop);

/* addresses: count of 16 bytes each, network order; next_hops: room for count. */
DP_EXPORT int32_t dp_fib6_lookup_bulk(struct rte_fib6 *fib, const uint8_t *addresses, uint64_t *next_hops,
				      uint32_t count);

/* ---- dp_layout.c: what the shim was compiled with -------------------------------------------------- */

struct dp_layout_field {
	const char *name; /* as the managed mirror of rte_mbuf calls it */
	uint32_t offset;
	uint32_t size;
};

struct dp_layout_value {
	const char *name;
	uint64_t value;
};

/* Static tables; *count is their length. */
DP_EXPORT const struct dp_layout_field *dp_layout_fields(uint32_t *count);
DP_EXPORT const struct dp_layout_value *dp_layout_values(uint32_t *count);

/* ---- dp_memory_limit.c: the machine's own limit ---------------------------------------------------- */

struct dp_memory_limit;

enum dp_memory_pages {
	DP_PAGES_SMALL = 0,	  /* 4 KiB, or not known to be more */
	DP_PAGES_TRANSPARENT = 1, /* MADV_HUGEPAGE was accepted */
	DP_PAGES_HUGETLB = 2,	  /* reserved 2 MiB pages */
};

/*
 * Maps and touches `bytes` of memory (at least one line). hugepages: 0 plain, 1 reserved pages, else
 * transparent ones. *pages says which it became.
 */
DP_EXPORT int32_t dp_memory_limit_open(uint64_t bytes, uint32_t hugepages, struct dp_memory_limit **region,
				       uint32_t *pages);

/*
 * Reads `accesses` random lines on the calling thread, each prefetched `depth` accesses ahead (0: no prefetch,
 * the processor's own reordering; at most 256), and gives lines a second.
 */
DP_EXPORT int32_t dp_memory_limit_run(struct dp_memory_limit *region, uint32_t depth, uint64_t accesses,
				      double *lines_per_second);
DP_EXPORT void dp_memory_limit_close(struct dp_memory_limit *region);

#endif
