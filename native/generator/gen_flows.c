/* What a pair shares: the state of flows, templates of frames, and the order in which flows are chosen. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_mbuf_ptype.h>

#include "gen_frame.h"

#define WINDOW_SCALE 7u /* with a window of 65535: 8 MiB, more than one side sends before the other's turn */
#define MTU	     1500u

uint64_t gen_tuples(const struct gen_traffic *traffic)
{
	return (uint64_t)traffic->source.count * traffic->sport_count;
}

/* Next `count` elements of `bytes` in the mapping, on a line of their own. */
static void *carve(struct gen_shared *shared, size_t *offset, size_t count, size_t bytes)
{
	void *at = shared->mapping == NULL ? NULL : (uint8_t *)shared->mapping + *offset;

	*offset += RTE_ALIGN_CEIL(count * bytes, RTE_CACHE_LINE_SIZE);
	return at;
}

/* Lays the arrays out; the bytes they take. Runs once to count and once with memory. */
static size_t lay_out(struct gen_shared *shared)
{
	size_t offset = 0, flows = shared->traffic.flows;

	for (uint32_t side = 0; side < RTE_DIM(shared->sides); side++) {
		shared->sides[side].state = carve(shared, &offset, flows, sizeof(uint8_t));
		if (shared->traffic.mode == GEN_TCP)
			shared->sides[side].numbers = carve(shared, &offset, flows, sizeof(struct gen_numbers));
	}
	if (shared->traffic.family == 4)
		shared->endpoints4 = carve(shared, &offset, flows, sizeof(uint64_t));
	else
		shared->endpoints6 = carve(shared, &offset, flows, sizeof(struct gen_endpoint6));
	return offset;
}

/*
 * The state of flows is an ordinary mapping and not EAL's memory, so that ten million flows do not need a larger
 * -m of the program under test; transparent huge pages keep its TLB misses away from the measurement.
 */
static int map_flows(struct gen_shared *shared)
{
	if (shared->traffic.mode != GEN_UDP && shared->traffic.mode != GEN_TCP)
		return 0;
	shared->mapped = lay_out(shared);
	shared->mapping = mmap(NULL, shared->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (shared->mapping == MAP_FAILED) {
		shared->mapping = NULL;
		return -ENOMEM;
	}
	madvise(shared->mapping, shared->mapped, MADV_HUGEPAGE); /* a kernel without them is slower, not wrong */
	lay_out(shared);
	gen_shared_reset(shared);
	return 0;
}

int gen_shared_create(const struct gen_traffic *traffic, struct gen_shared **shared)
{
	struct gen_shared *made = rte_zmalloc("net_generator", sizeof(*made), RTE_CACHE_LINE_SIZE);

	if (made == NULL)
		return -ENOMEM;
	made->traffic = *traffic;
	made->users = 1;
	made->source_reciprocal = gen_reciprocal(traffic->source.count);
	made->destination_reciprocal = gen_reciprocal(traffic->destination.count);

	/* The finest unit in which 24 bits last half a second: no packet stays that long in a router of mbufs. */
	uint64_t hertz = rte_get_tsc_hz();
	while ((((uint64_t)GEN_STAMP_MASK + 1) << made->stamp_shift) < hertz / 2)
		made->stamp_shift++;
	made->stamp_ns = (double)(1ull << made->stamp_shift) * 1e9 / (double)hertz;

	int result = map_flows(made);
	if (result != 0) {
		rte_free(made);
		return result;
	}
	*shared = made;
	return 0;
}

void gen_shared_release(struct gen_shared *shared)
{
	if (--shared->users > 0)
		return;
	if (shared->mapping != NULL)
		munmap(shared->mapping, shared->mapped);
	rte_free(shared);
}

void gen_shared_reset(struct gen_shared *shared)
{
	if (shared->mapping != NULL)
		memset(shared->mapping, 0, shared->mapped);
}

/*
 * Vose's method: every column of width 1/count holds one rank up to its threshold and another above it. Ranks with
 * less than their share (small) are filled up by those with more (large). Both work lists are one array, from
 * either end.
 */
static void fill_alias(struct gen_alias *table, double *share, uint32_t *work, uint32_t count)
{
	uint32_t small = 0, large = count;

	for (uint32_t rank = 0; rank < count; rank++) {
		if (share[rank] < 1)
			work[small++] = rank;
		else
			work[--large] = rank;
	}
	while (small > 0 && large < count) {
		uint32_t poor = work[--small], rich = work[large];

		table[poor].threshold = (uint32_t)(share[poor] * 4294967295.0);
		table[poor].alias = rich;
		share[rich] -= 1 - share[poor];
		if (share[rich] < 1) {
			large++;
			work[small++] = rich;
		}
	}
	/* What is left has a share of 1 but for rounding: its own alias, so that the threshold does not matter. */
	for (uint32_t left = 0; left < small; left++)
		table[work[left]] = (struct gen_alias){UINT32_MAX, work[left]};
	for (; large < count; large++)
		table[work[large]] = (struct gen_alias){UINT32_MAX, work[large]};
}

struct gen_alias *gen_alias_create(uint32_t count, double exponent)
{
	struct gen_alias *table = malloc(count * sizeof(*table));
	double *share = malloc(count * sizeof(*share));
	uint32_t *work = malloc(count * sizeof(*work));
	double sum = 0;

	if (table != NULL && share != NULL && work != NULL) {
		for (uint32_t rank = 0; rank < count; rank++) {
			share[rank] = pow(rank + 1.0, -exponent);
			sum += share[rank];
		}
		for (uint32_t rank = 0; rank < count; rank++)
			share[rank] *= count / sum;
		fill_alias(table, share, work, count);
	} else {
		free(table);
		table = NULL;
	}
	free(share);
	free(work);
	return table;
}

static void write_ethernet(uint8_t *frame, const struct gen_port *port)
{
	memcpy(frame, &port->options.mac, RTE_ETHER_ADDR_LEN);
	memcpy(frame + RTE_ETHER_ADDR_LEN, &port->options.remote_mac, RTE_ETHER_ADDR_LEN);
	gen_store16(
		frame + 2 * RTE_ETHER_ADDR_LEN,
		rte_cpu_to_be_16(port->shared->traffic.family == 4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6));
}

/* The IP header with what does not vary: all but the checksum and the last four bytes of addresses. */
static void write_ip(uint8_t *frame, const struct gen_port *port, uint32_t l4_bytes)
{
	const struct gen_traffic *traffic = &port->shared->traffic;
	bool reply = port->role == GEN_OUTSIDE;
	uint8_t *ip = frame + GEN_L3;

	if (traffic->family == 4) {
		ip[0] = 0x45;
		gen_store16(ip + 2, rte_cpu_to_be_16((uint16_t)(20 + l4_bytes)));
		gen_store16(ip + 6, rte_cpu_to_be_16(GEN_FRAGMENT));
		ip[8] = GEN_TTL;
		ip[9] = (uint8_t)traffic->protocol;
		return;
	}
	ip[0] = 0x60;
	gen_store16(ip + 4, rte_cpu_to_be_16((uint16_t)l4_bytes));
	ip[6] = (uint8_t)traffic->protocol;
	ip[7] = GEN_TTL;
	memcpy(ip + 8, reply ? traffic->destination.high : traffic->source.high, 12);
	if (!reply) /* a reply's destination is learned whole */
		memcpy(ip + 24, traffic->destination.high, 12);
}

static void write_tcp(uint8_t *tcp, uint32_t header, uint8_t flags, uint32_t mss)
{
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = flags;
	gen_store16(tcp + 14, GEN_WINDOW);
	if (header > 20) {
		const uint8_t options[GEN_SYN_BYTES] = {2, 4, (uint8_t)(mss >> 8), (uint8_t)mss, 1,
							3, 3, WINDOW_SCALE};
		memcpy(tcp + 20, options, sizeof(options));
	}
}

static void write_template(struct gen_template *template, const struct gen_port *port, enum gen_template_kind kind)
{
	const struct gen_traffic *traffic = &port->shared->traffic;
	bool tcp = traffic->protocol == IPPROTO_TCP, data = kind == GEN_TEMPLATE_DATA;
	uint32_t l4 = gen_l4_offset(traffic->family), header = tcp ? gen_tcp_bytes(traffic, kind) : 8;
	uint32_t l4_bytes = data ? traffic->frame - l4 : header;
	uint8_t *frame = template->bytes;

	template->length = (uint16_t)RTE_MAX(l4 + l4_bytes, 60u);
	template->payload = (uint16_t)(l4_bytes - header);
	template->packet_type = RTE_PTYPE_L2_ETHER |
				(traffic->family == 4 ? RTE_PTYPE_L3_IPV4 : RTE_PTYPE_L3_IPV6) |
				(tcp ? RTE_PTYPE_L4_TCP : RTE_PTYPE_L4_UDP);
	write_ethernet(frame, port);
	write_ip(frame, port, l4_bytes);
	if (tcp)
		write_tcp(frame + l4, header, gen_tcp_flags(kind), MTU - gen_l3_bytes(traffic->family) - 20);
	else
		gen_store16(frame + l4 + 4, rte_cpu_to_be_16((uint16_t)l4_bytes));
	for (uint32_t offset = header + GEN_TAG_BYTES; offset < l4_bytes; offset++)
		frame[l4 + offset] = (uint8_t)offset;

	if (traffic->family == 4)
		template->ip_sum = gen_sum(frame + GEN_L3, 20);
	else
		template->l4_sum = gen_sum(frame + GEN_L3 + 8, 32);
	template->l4_sum += gen_pseudo_sum(traffic->protocol, l4_bytes) + gen_sum(frame + l4, l4_bytes);
}

struct gen_template *gen_templates_create(const struct gen_port *port)
{
	struct gen_template *templates =
		rte_zmalloc("net_generator", GEN_TEMPLATES * sizeof(*templates), RTE_CACHE_LINE_SIZE);

	if (templates == NULL)
		return NULL;
	if (port->shared->traffic.protocol == IPPROTO_TCP) {
		write_template(&templates[GEN_TEMPLATE_SYN], port, GEN_TEMPLATE_SYN);
		write_template(&templates[GEN_TEMPLATE_SYN_ACK], port, GEN_TEMPLATE_SYN_ACK);
	}
	if (port->shared->traffic.protocol == IPPROTO_UDP || port->shared->traffic.mode == GEN_TCP)
		write_template(&templates[GEN_TEMPLATE_DATA], port, GEN_TEMPLATE_DATA);
	return templates;
}
