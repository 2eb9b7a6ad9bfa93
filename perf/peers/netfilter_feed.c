/*
 * Traffic for a kernel router between two veth pairs, at the highest rate that the kernel takes without a NIC.
 *
 *   netfilter_feed INSIDE INSIDE_PEER OUTSIDE OUTSIDE_PEER established|new FLOWS SOCKET
 *
 * Frames are put into INSIDE's receive path by BPF_PROG_TEST_RUN with live frames (Linux 5.18): pages from a pool,
 * a batch at a time, no system call a packet, on the core that then forwards them. XDP programs do the rest:
 *
 *   feed    writes the headers of a flow's datagram; the kernel takes the frame as received on INSIDE
 *   answer  at OUTSIDE_PEER: counts what was forwarded, and with "established" sends it back as the reply
 *   pass    at OUTSIDE: nothing; a veth takes what its peer sends back by XDP only if it has a program itself
 *   end     at INSIDE_PEER: counts the replies that were translated back, and drops them
 *
 * Flows are sent once in order, then chosen at random. Counters are served on SOCKET as DPDK's telemetry would, so
 * that one reader serves all programs under test. UDP checksums are absent, which IPv4 allows (RFC 768): nobody
 * computes any.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "netfilter_feed.h"

#define BATCH	  64
#define ROUND	  (16 << 20) /* frames a system call, which a signal ends: each call waits for RCU once */
#define LOG_BYTES 65536

static volatile struct counters *counters;
static uint64_t flows;
static bool established;
static volatile sig_atomic_t stopped;

void fail(const char *what)
{
	fprintf(stderr, "netfilter_feed: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static int bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	return (int)syscall(__NR_bpf, command, attributes, sizeof(*attributes));
}

static int make_map(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(struct counters),
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,
	};
	int map = bpf(BPF_MAP_CREATE, &attributes);

	if (map < 0)
		fail("map");
	void *memory = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, map, 0);
	if (memory == MAP_FAILED)
		fail("mapping the counters");
	counters = memory;
	return map;
}

static int load(const char *name, const struct program *program)
{
	static char log[LOG_BYTES];
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insn_cnt = program->count,
		.insns = (uintptr_t)program->code,
		.license = (uintptr_t) "Dual MIT/GPL",
		.log_level = 1,
		.log_size = sizeof(log),
		.log_buf = (uintptr_t)log,
	};
	int loaded = bpf(BPF_PROG_LOAD, &attributes);

	if (loaded < 0) {
		fprintf(stderr, "%s", log);
		fail(name);
	}
	return loaded;
}

/* The program stays as long as this process does. */
static void attach(int program, const char *interface)
{
	union bpf_attr attributes = {.link_create = {
					     .prog_fd = (uint32_t)program,
					     .target_ifindex = if_nametoindex(interface),
					     .attach_type = BPF_XDP,
					     .flags = XDP_FLAGS_DRV_MODE,
				     }};

	if (bpf(BPF_LINK_CREATE, &attributes) < 0)
		fail(interface);
}

/* ---------------------------------------------------------------- counters, as DPDK's telemetry tells them */

static int answer(const char *request, char *reply, size_t size)
{
	uint64_t sent = counters->sent, forwarded = counters->forwarded, returned = counters->returned;
	uint64_t open = established ? returned : forwarded;

	if (strcmp(request, "/ethdev/list") == 0)
		return snprintf(reply, size, "{\"/ethdev/list\":[0,1]}");
	if (strcmp(request, "/ethdev/info,0") == 0 || strcmp(request, "/ethdev/info,1") == 0)
		return snprintf(reply, size, "{\"/ethdev/info\":{\"name\":\"net_generator%c\"}}", request[13]);
	if (strcmp(request, "/ethdev/xstats,0") != 0 && strcmp(request, "/ethdev/xstats,1") != 0)
		return snprintf(reply, size, "{\"%.32s\":null}", strchr(request, '"') == NULL ? request : "");
	bool inside = request[15] == '0';
	return snprintf(reply, size,
			"{\"/ethdev/xstats\":{\"sent_packets\":%" PRIu64 ",\"returned_packets\":%" PRIu64
			",\"bad_ip_checksum\":0,\"bad_l4_checksum\":0,\"bad_header\":0,\"bad_payload\":0"
			",\"flows\":%" PRIu64 ",\"flows_open\":%" PRIu64 ",\"opening_queues\":%d}}",
			inside	      ? sent
			: established ? forwarded
				      : 0,
			inside ? returned : forwarded, flows, open < flows ? open : flows, inside && sent < flows);
}

static void *serve(void *argument)
{
	int listener = *(int *)argument;
	char request[128], reply[1024];

	while (true) {
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		int length = snprintf(reply, sizeof(reply),
				      "{\"version\":\"netfilter_feed\",\"pid\":%d,\"max_output_len\":%zu}",
				      getpid(), sizeof(reply));
		ssize_t got = send(client, reply, (size_t)length, MSG_NOSIGNAL);
		while (got > 0 && (got = recv(client, request, sizeof(request) - 1, 0)) > 0) {
			request[got] = '\0';
			length = answer(request, reply, sizeof(reply));
			got = send(client, reply, (size_t)length, MSG_NOSIGNAL);
		}
		close(client);
	}
	return NULL;
}

static void start_serving(const char *path)
{
	static int listener;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pthread_t thread;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >= (int)sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		fail(path);
	}
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listener, 4) != 0)
		fail(path);
	errno = pthread_create(&thread, NULL, serve, &listener);
	if (errno != 0)
		fail("thread");
}

int main(int argc, char **argv)
{
	static struct program feed, pass, reply, end;
	static uint8_t frame[FRAME_BYTES];
	struct ifreq interface = {0};
	char *rest = NULL;

	if (argc == 8)
		flows = strtoull(argv[6], &rest, 10);
	established = argc == 8 && strcmp(argv[5], "established") == 0;
	if (rest == NULL || *rest != '\0' || flows < 1 || flows > INT32_MAX ||
	    (!established && strcmp(argv[5], "new") != 0)) {
		fprintf(stderr, "usage: netfilter_feed INSIDE INSIDE_PEER OUTSIDE OUTSIDE_PEER established|new "
				"FLOWS SOCKET\n");
		return 2;
	}
	signal(SIGTERM, stop);
	signal(SIGINT, stop);

	snprintf(interface.ifr_name, sizeof(interface.ifr_name), "%s", argv[1]);
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (control < 0 || ioctl(control, SIOCGIFHWADDR, &interface) != 0)
		fail(argv[1]);
	int map = make_map();
	write_feed(&feed, map, (const uint8_t *)interface.ifr_hwaddr.sa_data, flows, established);
	write_pass(&pass);
	write_answer(&reply, map, established);
	write_end(&end, map);
	int feeder = load("feed", &feed);
	attach(load("pass", &pass), argv[3]);
	attach(load("answer", &reply), argv[4]);
	attach(load("end", &end), argv[2]);
	start_serving(argv[7]);

	struct xdp_md context = {.data_end = FRAME_BYTES, .ingress_ifindex = if_nametoindex(argv[1])};
	while (!stopped) {
		union bpf_attr attributes = {.test = {
						     .prog_fd = (uint32_t)feeder,
						     .data_size_in = FRAME_BYTES,
						     .data_in = (uintptr_t)frame,
						     .repeat = ROUND,
						     .ctx_size_in = sizeof(context),
						     .ctx_in = (uintptr_t)&context,
						     .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
						     .batch_size = BATCH,
					     }};
		if (bpf(BPF_PROG_TEST_RUN, &attributes) < 0 && errno != EINTR && errno != EAGAIN)
			fail("live frames");
	}
	return 0;
}
