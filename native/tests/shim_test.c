/* The shim on its own: --no-huge, no PCI, virtual devices only. Prints "N passed, N failed"; exit code 1 on
 * failure. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dp_shim.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define POOL_MBUFS   2047u
#define BURST	     32u

static unsigned int passed, failed;

static void check(int holds, const char *what)
{
	if (holds) {
		passed++;
		return;
	}
	failed++;
	printf("not ok: %s\n", what);
}

static int first_cpu(void)
{
	cpu_set_t set;

	pthread_getaffinity_np(pthread_self(), sizeof(set), &set);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			return cpu;
	return -1;
}

static int start(const char *prefix)
{
	char lcores[64], file_prefix[64];
	int cpu = first_cpu();

	snprintf(lcores, sizeof(lcores), "0@%d,1@%d", cpu, cpu);
	snprintf(file_prefix, sizeof(file_prefix), "--file-prefix=%s", prefix);
	char *argv[] = {
		"shim_test",	  "--no-huge", "-m",   "256",	    "--no-pci",
		"--no-telemetry", "--lcores",  lcores, file_prefix, NULL,
	};
	return dp_eal_init(COUNT(argv) - 1, argv);
}

static void test_init(const char *prefix)
{
	cpu_set_t before, after;

	pthread_getaffinity_np(pthread_self(), sizeof(before), &before);
	int result = start(prefix);
	pthread_getaffinity_np(pthread_self(), sizeof(after), &after);

	check(result == 0, "EAL starts without hugepages");
	check(CPU_EQUAL(&before, &after), "the caller keeps its affinity");
	check(start(prefix) == -EALREADY, "a second start is refused");
	check(strncmp(dp_eal_version(), "DPDK 22.11", 10) == 0, "the version is the one compiled for");
	check(dp_cpu_check((uint32_t)first_cpu()) == 0, "a CPU of ours is usable");
	check(dp_cpu_check(1023) < 0, "a CPU that does not exist is not usable");
	check(dp_clock_tsc_hz() > 1000000, "the time stamp counter's frequency is known");
}

static void test_log(void)
{
	char text[4096], short_text[8];

	check(dp_log_position() > 0, "start-up was logged");
	uint32_t count = dp_log_read(text, sizeof(text));
	check(count > 0 && strlen(text) == count, "the log is text");
	check(dp_log_read(short_text, sizeof(short_text)) == sizeof(short_text) - 1,
	      "a short buffer gets the newest bytes");
	check(memcmp(short_text, text + count - 7, 7) == 0, "and they are the end of the log");
	check(dp_device_add("net_af_packet_none,iface=no-such-iface") < 0,
	      "a device on a missing interface is refused");
	dp_log_read(text, sizeof(text));
	check(strstr(text, "net_af_packet_none") != NULL, "and the log names the device");
}

static void test_lock(void)
{
	char path[] = "/tmp/dp-shim-test-XXXXXX";
	int ready[2], done[2], holder = -1;
	char byte = 0;

	close(mkstemp(path));
	if (pipe(ready) != 0 || pipe(done) != 0)
		return check(0, "pipes for the lock test");

	pid_t child = fork();
	if (child == 0) {
		int32_t ignored;
		byte = dp_lock_take(path, &ignored) == 0;
		if (write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) < 0)
			_exit(1);
		_exit(0);
	}

	check(read(ready[0], &byte, 1) == 1 && byte == 1, "a free lock is taken");
	check(dp_lock_holder(path) == child, "its holder is known");
	check(dp_lock_take(path, &holder) == -EBUSY && holder == child, "a second taker learns the holder");
	check(write(done[1], &byte, 1) == 1 && waitpid(child, NULL, 0) == child, "the holder ends");
	check(dp_lock_holder(path) == 0, "the lock ends with its holder");
	check(dp_lock_take(path, &holder) == 0 && holder == 0, "and can be taken again");
	unlink(path);
	check(dp_lock_holder(path) == 0, "a missing file is held by nobody");
}

static int report_lcore(void *argument)
{
	*(uint32_t *)argument = dp_lcore_current();
	return 42;
}

static void test_lcore(void)
{
	uint32_t seen = 0;
	int32_t result = 0;

	check(dp_lcore_launch(1, report_lcore, &seen) == 0, "a worker starts");
	check(dp_lcore_wait(1, &result) == 0 && result == 42, "its result comes back");
	check(seen == 1, "it ran on its lcore");
	check(dp_lcore_busy(1) == 0, "and waits again");
	check(dp_lcore_launch(0, report_lcore, &seen) == -EINVAL, "the main lcore is not a worker");
	check(dp_lcore_launch(9, report_lcore, &seen) == -EINVAL, "nor is one that does not exist");
}

static struct rte_mempool *test_mempool(void)
{
	struct rte_mbuf *mbufs[BURST];
	int32_t error = 1;
	struct rte_mempool *pool = dp_mempool_create("test", POOL_MBUFS, 64, 2048 + 128, -1, &error);

	check(pool != NULL && error == 0, "a pool is made");
	check(dp_mempool_create("test", POOL_MBUFS, 64, 2048 + 128, -1, &error) == NULL && error == -EEXIST,
	      "its name is taken then");
	check(dp_mempool_create("wide", 1, 0, 1u << 20, -1, &error) == NULL && error == -EINVAL,
	      "a data room beyond 16 bits is refused");
	check(dp_mempool_available(pool) == POOL_MBUFS, "it is full");
	check(dp_mempool_chunks(pool) == 1, "it lies in one piece");
	check(dp_mempool_object_bytes(pool) >= 64 + 128 + 2176, "an mbuf has its header, itself and its data");
	check(dp_mbuf_alloc_bulk(pool, mbufs, BURST) == 0, "a burst is allocated");
	check(dp_mempool_in_use(pool) == BURST, "and counted");
	dp_mbuf_free_bulk(mbufs, BURST);
	check(dp_mempool_in_use(pool) == 0, "and comes back");
	return pool;
}

static void test_ring_port(struct rte_mempool *pool)
{
	struct rte_mbuf *out[BURST], *in[BURST];
	struct dp_port_config config = {.rx_queues = 1, .tx_queues = 1};
	struct dp_port_info info;
	struct dp_port_stats stats;
	struct dp_port_link link;
	uint64_t rss, offloads;
	uint16_t rx = 256, tx = 256;

	check(dp_device_add("net_ring0") == 0, "a ring device is made");
	int32_t found = dp_port_find("net_ring0");
	check(found >= 0 && dp_port_count() == 1, "and is a port");
	check(dp_port_find("net_ring1") == -ENODEV, "another name is not");
	uint16_t port = (uint16_t)found;

	check(dp_port_info(port, &info) == 0 && strcmp(info.driver, "net_ring") == 0, "its driver is known");
	check(dp_port_configure(port, &config, &rss, &offloads) == 0 && rss == 0, "it is configured, without RSS");
	check(dp_port_adjust_descriptors(port, &rx, &tx) == 0, "descriptor counts are adjusted");
	check(dp_port_setup_rx(port, 0, rx, pool) == 0 && dp_port_setup_tx(port, 0, tx) == 0, "queues are set up");
	check(dp_port_start(port) == 0, "it starts");
	check(dp_port_set_multicast(port, 1) == 0 && dp_port_set_multicast(port, 0) == 0, "it takes multicast frames, or not");
	check(dp_port_set_multicast(UINT16_MAX, 1) == -ENODEV, "no port takes none");
	check(dp_port_link(port, &link) == 0 && link.up == 1, "its link is up");

	check(dp_mbuf_alloc_bulk(pool, out, BURST) == 0, "a burst to send");
	check(dp_burst_tx(port, 0, out, BURST) == BURST, "all are taken");
	check(dp_burst_rx(port, 0, in, BURST) == BURST, "all come back");
	check(memcmp(out, in, sizeof(in)) == 0, "in order");
	check(dp_port_stats(port, &stats) == 0 && stats.rx_packets == BURST && stats.tx_packets == BURST,
	      "counted both ways");
	dp_mbuf_free_bulk(in, BURST);
	check(dp_mempool_in_use(pool) == 0, "no mbuf is lost");

	char names[64 * DP_XSTAT_NAME_BYTES];
	uint64_t values[64];
	int32_t xstats = dp_port_xstats(port, names, values, 64);
	check(xstats > 0 && strcmp(names, "rx_good_packets") == 0 && values[0] == BURST,
	      "the driver's counters agree");
	check(dp_port_xstats(port, names, values, 1) == xstats, "too little room says how much");
	check(dp_port_reset_stats(port) == 0 && dp_port_stats(port, &stats) == 0 && stats.rx_packets == 0,
	      "counters reset");

	check(dp_port_stop(port) == 0 && dp_port_close(port) == 0, "it stops and closes");
	check(dp_device_remove("vdev", "net_ring0") == 0 && dp_port_count() == 0, "and is gone");
}

static void test_fib(void)
{
	const uint32_t addresses[] = {0x0A000001, 0x0A010001, 0x0A010280, 0xC0000201};
	uint64_t hops[COUNT(addresses)];
	int32_t error = 1;
	struct rte_fib *fib = dp_fib_create("test", 64, 64, 9, -1, &error);

	check(fib != NULL && error == 0, "a FIB is made");
	if (fib == NULL)
		return;

	check(dp_fib_add(fib, 0x0A000000, 8, 1) == 0 && dp_fib_add(fib, 0x0A010000, 16, 2) == 0 &&
		      dp_fib_add(fib, 0x0A010280, 25, 3) == 0,
	      "routes are added");
	check(dp_fib_add(fib, 0, 33, 1) == -EINVAL, "a prefix of 33 bits is not one");
	check(dp_fib_lookup_bulk(fib, addresses, hops, COUNT(addresses)) == 0, "addresses are looked up");
	check(hops[0] == 1 && hops[1] == 2 && hops[2] == 3 && hops[3] == 9,
	      "the longest prefix wins, else the default");
	check(dp_fib_delete(fib, 0x0A010280, 25) == 0 && dp_fib_lookup_bulk(fib, addresses, hops, 4) == 0 &&
		      hops[2] == 2,
	      "a deleted route uncovers the shorter one");
	check(dp_fib_create("test", 0, 64, 9, -1, &error) == NULL && error == -EINVAL, "no routes is no FIB");
	dp_fib_free(fib);
}

static void test_fib6(void)
{
	static const uint8_t documentation[16] = {0x20, 0x01, 0x0d, 0xb8};
	static const uint8_t subnet[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 7};
	static const uint8_t addresses[][16] = {
		{0x20, 0x01, 0x0d, 0xb8, 0, 8, [15] = 1},
		{0x20, 0x01, 0x0d, 0xb8, 0, 7, [15] = 1},
		{0x20, 0x01, 0x0d, 0xb8, 0, 7, [15] = 2},
		{0x20, 0x02},
	};
	uint64_t hops[COUNT(addresses)];
	int32_t error = 1;
	struct rte_fib6 *fib = dp_fib6_create("test6", 64, 64, 9, -1, &error);

	check(fib != NULL && error == 0, "an IPv6 FIB is made");
	if (fib == NULL)
		return;

	check(dp_fib6_add(fib, documentation, 32, 1) == 0 && dp_fib6_add(fib, subnet, 48, 2) == 0 &&
		      dp_fib6_add(fib, addresses[2], 128, 3) == 0,
	      "IPv6 routes are added");
	check(dp_fib6_add(fib, subnet, 129, 1) == -EINVAL, "a prefix of 129 bits is not one");
	check(dp_fib6_lookup_bulk(fib, addresses[0], hops, COUNT(addresses)) == 0, "IPv6 addresses are looked up");
	check(hops[0] == 1 && hops[1] == 2 && hops[2] == 3 && hops[3] == 9,
	      "the longest IPv6 prefix wins, else the default");
	check(dp_fib6_create("test6", 64, 0, 9, -1, &error) == NULL && error == -EINVAL, "no groups is no IPv6 FIB");
	dp_fib6_free(fib);
}

static void test_tables(void)
{
	uint32_t fields, values;
	const struct dp_layout_field *field = dp_layout_fields(&fields);
	const struct dp_layout_value *value = dp_layout_values(&values);

	check(fields == 20 && strcmp(field[0].name, "BufferAddress") == 0 && field[0].offset == 0,
	      "mbuf fields are listed");
	check(values == 7 && strcmp(value[0].name, "SizeBytes") == 0 && value[0].value == 128,
	      "mbuf constants are listed");
}

static void test_memory_limit(void)
{
	struct dp_memory_limit *region;
	uint32_t pages;
	double deep = 0, shallow = 0;

	check(dp_memory_limit_open(1, 0, &region, &pages) == -EINVAL, "a region has at least a line");
	check(dp_memory_limit_open(64u << 20, 0, &region, &pages) == 0 && pages == DP_PAGES_SMALL,
	      "a region is mapped");
	check(dp_memory_limit_run(region, 257, 1, &deep) == -EINVAL, "depth is bounded");
	check(dp_memory_limit_run(region, 1, 1000000, &shallow) == 0 &&
		      dp_memory_limit_run(region, 32, 1000000, &deep) == 0,
	      "both depths run");
	check(deep > 1e6 && shallow > 1e5, "lines a second are plausible");
	dp_memory_limit_close(region);
}

/* EAL leaves its directory behind; a test must not. */
static void remove_runtime_directory(const char *prefix)
{
	static const char *const files[] = {"config", "fbarray_memzone", "fbarray_nohugemem", "mp_socket"};
	char path[PATH_MAX];

	for (size_t index = 0; index < COUNT(files); index++) {
		snprintf(path, sizeof(path), "/var/run/dpdk/%s/%s", prefix, files[index]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "/var/run/dpdk/%s", prefix);
	rmdir(path);
}

int main(void)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "dp-shim-test-%d", (int)getpid());
	test_lock(); /* forks: before EAL has threads */
	test_init(prefix);
	if (failed == 0) {
		test_log();
		test_lcore();
		test_ring_port(test_mempool());
		test_fib();
		test_fib6();
		test_tables();
		test_memory_limit();
		check(dp_eal_cleanup() == 0, "EAL stops");
	}
	remove_runtime_directory(prefix);
	printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
