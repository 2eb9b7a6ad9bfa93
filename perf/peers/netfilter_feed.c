/*
 * Traffic for a kernel router between two veth pairs, at the highest rate that the kernel takes without a NIC.
 *
 *   netfilter_feed INSIDE INSIDE_PEER OUTSIDE OUTSIDE_PEER SOCKET TRAFFIC FLOWS BYTES [verify] [untranslated]
 *
 * TRAFFIC is udp or tcp (established, both directions), new-udp, new-tcp (a connection a packet) or synflood;
 * BYTES is a frame with its check sequence, 64 to 1518. Frames are put into INSIDE's receive path by
 * BPF_PROG_TEST_RUN with live frames (Linux 5.18): pages from a pool, a batch at a time, no system call a packet,
 * on the core that then forwards them. XDP programs do the rest:
 *
 *   feed    writes the headers of a flow's packet; the kernel takes the frame as received on INSIDE
 *   answer  at OUTSIDE_PEER: counts what was forwarded, and of established traffic sends it back as the reply
 *   pass    at OUTSIDE: nothing; a veth takes what its peer sends back by XDP only if it has a program itself
 *   end     at INSIDE_PEER: counts the replies that were translated back, and drops them
 *
 * Flows are opened in order, then chosen at random. With `verify` the last two also check what arrives: that it
 * was translated, or with `untranslated` that it was not. Counters are served on SOCKET as DPDK's telemetry would.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "netfilter_feed.h"

#define BATCH		     64
#define ROUND		     (16 << 20) /* frames a system call, which a signal ends: each call waits for RCU once */
#define CHECK_SEQUENCE_BYTES 4

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* A whole number from `min` to `max`; false for anything else. */
static bool parse(const char *text, uint32_t min, uint32_t max, uint32_t *number)
{
	char *rest;

	errno = 0;
	unsigned long value = strtoul(text, &rest, 10);
	*number = (uint32_t)value;
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *rest == '\0' && value >= min && value <= max;
}

static bool parse_traffic(int argc, char **argv, struct traffic *traffic)
{
	static const struct {
		const char *name;
		enum mode mode;
		uint8_t protocol;
	} kinds[] = {
		{"udp", ESTABLISHED, IPPROTO_UDP}, {"tcp", ESTABLISHED, IPPROTO_TCP},
		{"new-udp", NEW, IPPROTO_UDP},	   {"new-tcp", NEW, IPPROTO_TCP},
		{"synflood", FLOOD, IPPROTO_TCP},
	};

	if (argc < 9)
		return false;
	for (int index = 9; index < argc; index++) {
		bool *option = strcmp(argv[index], "verify") == 0	  ? &traffic->verify
			       : strcmp(argv[index], "untranslated") == 0 ? &traffic->untranslated
									  : NULL;
		if (option == NULL || *option)
			return false;
		*option = true;
	}
	for (size_t index = 0; index < sizeof(kinds) / sizeof(kinds[0]); index++) {
		if (strcmp(argv[6], kinds[index].name) != 0)
			continue;
		traffic->mode = kinds[index].mode;
		traffic->protocol = kinds[index].protocol;
		if (!parse(argv[7], 1, traffic->mode == ESTABLISHED ? FLOWS_MAX : INT32_MAX, &traffic->flows) ||
		    !parse(argv[8], FRAME_BYTES_MIN + CHECK_SEQUENCE_BYTES, FRAME_BYTES_MAX + CHECK_SEQUENCE_BYTES,
			   &traffic->frame_bytes))
			return false;
		traffic->frame_bytes -= CHECK_SEQUENCE_BYTES;
		return true;
	}
	return false;
}

static void address_of(const char *name, uint8_t *mac)
{
	struct ifreq interface = {0};
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(interface.ifr_name, sizeof(interface.ifr_name), "%s", name);
	if (control < 0 || ioctl(control, SIOCGIFHWADDR, &interface) != 0)
		fail(name);
	memcpy(mac, interface.ifr_hwaddr.sa_data, 6);
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

/* Puts frames into an interface's receive path until a signal comes. */
static void run(int feeder, const char *inside, uint32_t frame_bytes)
{
	static uint8_t frame[FRAME_BYTES_MAX];
	struct xdp_md context = {.data_end = frame_bytes, .ingress_ifindex = if_nametoindex(inside)};

	while (!stopped) {
		union bpf_attr attributes = {.test = {
						     .prog_fd = (uint32_t)feeder,
						     .data_size_in = frame_bytes,
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
}

int main(int argc, char **argv)
{
	static struct program feed, pass, reply, end;
	static struct traffic traffic;

	if (!parse_traffic(argc, argv, &traffic)) {
		fprintf(stderr,
			"usage: netfilter_feed INSIDE INSIDE_PEER OUTSIDE OUTSIDE_PEER SOCKET "
			"udp|tcp|new-udp|new-tcp|synflood FLOWS BYTES [verify] [untranslated]\n"
			"FLOWS: 1 to %u, without established flows to %d; BYTES: %d to %d\n",
			FLOWS_MAX, INT32_MAX, FRAME_BYTES_MIN + CHECK_SEQUENCE_BYTES,
			FRAME_BYTES_MAX + CHECK_SEQUENCE_BYTES);
		return 2;
	}
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	address_of(argv[1], traffic.inside_mac);
	address_of(argv[3], traffic.outside_mac);

	const volatile struct counters *counters = make_maps(&traffic);
	write_feed(&feed, &traffic);
	write_pass(&pass);
	write_answer(&reply, &traffic);
	write_end(&end, &traffic);
	int feeder = load("feed", &feed);
	attach(load("pass", &pass), argv[3]);
	attach(load("answer", &reply), argv[4]);
	attach(load("end", &end), argv[2]);
	start_serving(argv[5], &traffic, counters);
	run(feeder, argv[1], traffic.frame_bytes);
	return 0;
}
