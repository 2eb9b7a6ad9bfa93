/* The counters, as DPDK's telemetry (version 2) tells them: one reader serves all programs under test. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "netfilter_feed.h"

struct service {
	int listener;
	const struct traffic *traffic;
	const volatile struct counters *counters;
};

/*
 * Established flows from whose server something came back, each counted once. Of the others nothing comes back:
 * packets that were forwarded, as many as there are flows at most.
 */
static uint64_t flows_open(const struct service *service)
{
	const struct traffic *traffic = service->traffic;
	const volatile struct counters *counters = service->counters;
	uint64_t open = traffic->mode == ESTABLISHED ? counters->opened : counters->outside.arrived;

	return open < traffic->flows ? open : traffic->flows;
}

static int tell(const struct service *service, bool inside, char *reply, size_t size)
{
	const volatile struct counters *counters = service->counters;
	const volatile struct side *side = inside ? &counters->inside : &counters->outside;

	/* what arrived is read first: what is under way then counts as lost, never as less than nothing */
	uint64_t returned = side->arrived;
	uint64_t elsewhere = inside ? counters->outside.arrived : counters->inside.arrived;
	uint64_t sent = inside					? counters->sent
			: service->traffic->mode == ESTABLISHED ? counters->outside.arrived
								: 0;

	return snprintf(reply, size,
			"{\"/ethdev/xstats\":{\"sent_packets\":%" PRIu64 ",\"returned_packets\":%" PRIu64
			",\"lost_packets\":%" PRIu64 ",\"bad_ip_checksum\":%" PRIu64
			",\"bad_l4_checksum\":%" PRIu64 ",\"bad_header\":%" PRIu64 ",\"bad_payload\":%" PRIu64
			",\"flows\":%" PRIu32 ",\"flows_open\":%" PRIu64 ",\"opening_queues\":%d}}",
			sent, returned, sent - elsewhere, side->bad_ip_checksum, side->bad_l4_checksum,
			side->bad_header, side->bad_payload, service->traffic->flows, flows_open(service),
			inside && sent < opening_packets(service->traffic));
}

static int answer(const struct service *service, const char *request, char *reply, size_t size)
{
	if (strcmp(request, "/ethdev/list") == 0)
		return snprintf(reply, size, "{\"/ethdev/list\":[0,1]}");
	if (strcmp(request, "/ethdev/info,0") == 0 || strcmp(request, "/ethdev/info,1") == 0)
		return snprintf(reply, size, "{\"/ethdev/info\":{\"name\":\"net_generator%c\"}}", request[13]);
	if (strcmp(request, "/ethdev/xstats,0") == 0 || strcmp(request, "/ethdev/xstats,1") == 0)
		return tell(service, request[15] == '0', reply, size);
	return snprintf(reply, size, "{\"%.32s\":null}", strchr(request, '"') == NULL ? request : "");
}

static void *serve(void *argument)
{
	const struct service *service = argument;
	char request[128], reply[1024];

	while (true) {
		int client = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		int length = snprintf(reply, sizeof(reply),
				      "{\"version\":\"netfilter_feed\",\"pid\":%d,\"max_output_len\":%zu}",
				      getpid(), sizeof(reply));
		ssize_t got = send(client, reply, (size_t)length, MSG_NOSIGNAL);
		while (got > 0 && (got = recv(client, request, sizeof(request) - 1, 0)) > 0) {
			request[got] = '\0';
			length = answer(service, request, reply, sizeof(reply));
			got = send(client, reply, (size_t)length, MSG_NOSIGNAL);
		}
		close(client);
	}
	return NULL;
}

void start_serving(const char *path, const struct traffic *traffic, const volatile struct counters *counters)
{
	static struct service service;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pthread_t thread;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >= (int)sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		fail(path);
	}
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listener, 4) != 0)
		fail(path);
	service = (struct service){listener, traffic, counters};
	errno = pthread_create(&thread, NULL, serve, &service);
	if (errno != 0)
		fail("thread");
}
