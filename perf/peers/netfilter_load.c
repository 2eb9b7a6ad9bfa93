/* The bpf system call: maps and programs. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "netfilter_feed.h"

#define LOG_BYTES (1 << 20)

void fail(const char *what)
{
	fprintf(stderr, "netfilter_feed: %s: %s\n", what, strerror(errno));
	exit(1);
}

int bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	return (int)syscall(__NR_bpf, command, attributes, sizeof(*attributes));
}

static int make_map(uint32_t value_bytes, uint32_t entries, uint32_t flags)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = value_bytes,
		.max_entries = entries,
		.map_flags = flags,
	};
	int map = bpf(BPF_MAP_CREATE, &attributes);

	if (map < 0)
		fail("map");
	return map;
}

volatile struct counters *make_maps(struct traffic *traffic)
{
	traffic->counters_map = make_map(sizeof(struct counters), 1, BPF_F_MMAPABLE);
	if (traffic->mode == ESTABLISHED && traffic->protocol == IPPROTO_TCP)
		traffic->flows_map = make_map(sizeof(struct flow), traffic->flows, 0);
	else if (traffic->mode == ESTABLISHED)
		traffic->flows_map = make_map(FLOW_BITS / 8, (traffic->flows + FLOW_BITS - 1) / FLOW_BITS, 0);
	void *memory = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, traffic->counters_map, 0);
	if (memory == MAP_FAILED)
		fail("mapping the counters");
	return memory;
}

int load(const char *name, const struct program *program)
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
