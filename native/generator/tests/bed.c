/* The process of the tests: EAL, devices, counters. Usage: generator_test DRIVER. Prints "N passed, N failed". */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_log.h>

#include "test.h"

#define SHOWN_MAX 50u /* failures that are printed */

unsigned int passed, failed;
char logged[4096];
struct rte_mempool *pool;

static void report(const char *format, va_list arguments)
{
	if (__atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED) >= SHOWN_MAX)
		return;
	printf("not ok: ");
	vprintf(format, arguments);
	printf("\n");
}

bool each(bool holds, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (!holds)
		report(format, arguments);
	va_end(arguments);
	return holds;
}

bool check(bool holds, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (holds)
		__atomic_fetch_add(&passed, 1, __ATOMIC_RELAXED);
	else
		report(format, arguments);
	va_end(arguments);
	return holds;
}

int add_device(const char *arguments)
{
	FILE *stream = fmemopen(logged, sizeof(logged), "w");

	memset(logged, 0, sizeof(logged));
	rte_openlog_stream(stream);
	int result = rte_dev_probe(arguments);
	rte_openlog_stream(stderr);
	fclose(stream);
	return result;
}

void remove_device(const char *name)
{
	check(rte_eal_hotplug_remove("vdev", name) == 0, "%s is removed", name);
}

int start_port(uint16_t port, uint16_t queues)
{
	const struct rte_eth_conf conf = {
		.rxmode = {.offloads = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM},
	};
	int result = rte_eth_dev_configure(port, queues, queues, &conf);

	for (uint16_t queue = 0; result == 0 && queue < queues; queue++) {
		result = rte_eth_rx_queue_setup(port, queue, 512, 0, NULL, pool);
		if (result == 0)
			result = rte_eth_tx_queue_setup(port, queue, 512, 0, NULL);
	}
	return result == 0 ? rte_eth_dev_start(port) : result;
}

static uint16_t port_of(const char *name)
{
	uint16_t port;

	if (rte_eth_dev_get_port_by_name(name, &port) != 0) {
		fprintf(stderr, "no port %s\n", name);
		exit(1);
	}
	return port;
}

static void must(int result, const char *what)
{
	if (result == 0)
		return;
	fprintf(stderr, "%s: %d\n%s\n", what, result, logged);
	exit(1);
}

struct bed bed_start(const char *inside, const char *outside, uint16_t queues)
{
	char text[512];
	struct bed bed = {.queues = queues, .pool = pool};

	snprintf(text, sizeof(text), "net_generator0,%s", inside);
	must(add_device(text), text);
	bed.inside = bed.outside = port_of("net_generator0");
	if (outside != NULL) {
		snprintf(text, sizeof(text), "net_generator1,peer=net_generator0,%s", outside);
		must(add_device(text), text);
		bed.outside = port_of("net_generator1");
		must(start_port(bed.outside, queues), "start of the outside");
	}
	must(start_port(bed.inside, queues), "start of the inside");
	return bed;
}

void bed_stop(struct bed *bed)
{
	bool pair = bed->outside != bed->inside;

	must(rte_eth_dev_stop(bed->inside), "stop");
	remove_device("net_generator0");
	if (pair)
		remove_device("net_generator1");
	check(rte_mempool_avail_count(pool) == POOL_MBUFS, "every mbuf is back: %u of %u",
	      rte_mempool_avail_count(pool), POOL_MBUFS);
}

uint64_t counter(uint16_t port, const char *name)
{
	uint64_t id, value = UINT64_MAX;

	if (rte_eth_xstats_get_id_by_name(port, name, &id) != 0 ||
	    rte_eth_xstats_get_by_id(port, &id, &value, 1) != 1) {
		fprintf(stderr, "no counter %s\n", name);
		exit(1);
	}
	return value;
}

static void run(const char *name, void (*test)(void))
{
	unsigned int before = failed;

	test();
	if (failed > before)
		printf("%s: %u failed\n", name, failed - before);
}

/* Two threads, on two processors where this process may use as many: races then are real. */
static void choose_lcores(char *text, size_t size)
{
	cpu_set_t allowed;
	int chosen[2] = {0, 0}, found = 0;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			chosen[found++] = cpu;
	snprintf(text, size, "0@%d,1@%d", chosen[0], chosen[found == 2]);
}

int main(int count, char **arguments)
{
	char prefix[64], lcores[64];

	if (count != 2) {
		fprintf(stderr, "usage: generator_test DRIVER\n");
		return 2;
	}
	choose_lcores(lcores, sizeof(lcores));
	snprintf(prefix, sizeof(prefix), "--file-prefix=generator-test-%d", (int)getpid());
	/* Not by EAL's -d, which refuses every file below a directory that anybody may write, as /tmp. */
	if (dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL) == NULL) {
		fprintf(stderr, "generator_test: %s\n", dlerror());
		return 1;
	}
	char *options[] = {"generator_test", "--no-huge",     "-m",   "128", "--no-pci", "--no-shconf", "--lcores",
			   lcores,	     "--log-level=5", prefix, NULL};
	if (rte_eal_init(RTE_DIM(options) - 1, options) < 0)
		return 1;
	pool = rte_pktmbuf_pool_create("test", POOL_MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	if (pool == NULL)
		return 1;

	run("options", test_options);
	run("devices", test_devices);
	run("established", test_established);
	run("verify", test_verify);
	run("losses", test_losses);
	run("neighbours", test_neighbours);
	run("new connections", test_new_connections);
	run("choice", test_choice);
	run("pace", test_pace);
	run("queues", test_queues);
	run("hostile frames", test_hostile_frames);
	run("commands", test_commands);
	run("resets", test_resets);
	char directory[RTE_ETH_NAME_MAX_LEN + 64], telemetry[sizeof(directory) + 32];
	snprintf(directory, sizeof(directory), "%s", rte_eal_get_runtime_dir());
	snprintf(telemetry, sizeof(telemetry), "%s/dpdk_telemetry.v2", directory);
	rte_eal_cleanup();
	unlink(telemetry);
	rmdir(directory); /* EAL leaves it behind */
	printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
