/* Frames of the generator: offsets, words, checksums, and how a flow's number becomes its addresses. */
#ifndef GEN_FRAME_H
#define GEN_FRAME_H

#include <stddef.h>
#include <string.h>

#include "gen.h"

#define GEN_L3	       RTE_ETHER_HDR_LEN
#define GEN_TAG_BYTES  6u /* flow number and stamp, 24 bits each: what a TCP/IPv4 frame of 64 bytes leaves */
#define GEN_STAMP_MASK 0xffffffu
#define GEN_TTL	       64u
#define GEN_FRAGMENT   0x4000u /* don't fragment: the identification may stay 0 (RFC 6864) */
#define GEN_WINDOW     UINT16_MAX
#define GEN_SYN_BYTES  8u /* options: MSS, window scale */

#define GEN_TCP_FIN 0x01u
#define GEN_TCP_SYN 0x02u
#define GEN_TCP_RST 0x04u
#define GEN_TCP_PSH 0x08u
#define GEN_TCP_ACK 0x10u

/* Initial sequence numbers carry the flow's number: a SYN has no payload to carry it. */
#define GEN_REPLY_ISN 0x80000000u

static inline uint32_t gen_load32(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint16_t gen_load16(const uint8_t *at)
{
	uint16_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline void gen_store32(uint8_t *at, uint32_t word)
{
	memcpy(at, &word, sizeof(word));
}

static inline void gen_store16(uint8_t *at, uint16_t word)
{
	memcpy(at, &word, sizeof(word));
}

/* The 8 bytes of an mbuf that a driver sets anew: headroom, references, segments, port. */
static inline uint8_t *gen_rearm(struct rte_mbuf *mbuf)
{
	return (uint8_t *)mbuf + offsetof(struct rte_mbuf, rearm_data);
}

static inline uint32_t gen_l3_bytes(uint32_t family)
{
	return family == 4 ? 20 : 40;
}

static inline uint32_t gen_l4_offset(uint32_t family)
{
	return GEN_L3 + gen_l3_bytes(family);
}

/* Offset of the last four bytes of an address, the only ones that differ among hosts of a range. */
static inline uint32_t gen_source_offset(uint32_t family)
{
	return family == 4 ? GEN_L3 + 12 : GEN_L3 + 20;
}

static inline uint32_t gen_destination_offset(uint32_t family)
{
	return family == 4 ? GEN_L3 + 16 : GEN_L3 + 36;
}

/* TCP's header of a kind: the SYN of a connection that will be used has options; the one of a flood is bare. */
static inline uint32_t gen_tcp_bytes(const struct gen_traffic *traffic, enum gen_template_kind kind)
{
	return kind != GEN_TEMPLATE_DATA && traffic->mode == GEN_TCP ? 20 + GEN_SYN_BYTES : 20;
}

static inline uint8_t gen_tcp_flags(enum gen_template_kind kind)
{
	return kind == GEN_TEMPLATE_DATA  ? GEN_TCP_PSH | GEN_TCP_ACK
	       : kind == GEN_TEMPLATE_SYN ? GEN_TCP_SYN
					  : GEN_TCP_SYN | GEN_TCP_ACK;
}

/* The first sequence number of a side: what it sends after its SYN begins one behind it. */
static inline uint32_t gen_first_sequence(uint32_t flow, bool outside)
{
	return outside ? flow << 8 ^ GEN_REPLY_ISN : flow << 8;
}

static inline uint32_t gen_l4_bytes(uint32_t protocol)
{
	return protocol == IPPROTO_UDP ? 8 : 20;
}

/*
 * Sum of native words, for RFC 1071: one's complement sums do not depend on byte order, and 32 bits at a time give
 * the same after folding. An odd last byte counts as if a zero followed.
 */
static inline uint64_t gen_sum(const uint8_t *at, uint32_t bytes)
{
	uint64_t sum = 0;
	uint32_t offset = 0;

	for (; offset + 4 <= bytes; offset += 4)
		sum += gen_load32(at + offset);
	if (offset + 2 <= bytes) {
		sum += gen_load16(at + offset);
		offset += 2;
	}
	if (offset < bytes) {
		const uint8_t last[2] = {at[offset], 0};
		sum += gen_load16(last);
	}
	return sum;
}

/* The checksum of a sum, in network order. */
static inline uint16_t gen_fold(uint64_t sum)
{
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffu) + (sum >> 16);
	sum = (sum & 0xffffu) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The pseudo header of RFC 768, RFC 9293 section 3.1 and RFC 8200 section 8.1, without the addresses. */
static inline uint64_t gen_pseudo_sum(uint32_t protocol, uint32_t l4_bytes)
{
	return (uint64_t)rte_cpu_to_be_16((uint16_t)protocol) + rte_cpu_to_be_16((uint16_t)l4_bytes);
}

/*
 * value / divisor by one multiplication. With M = ceil(2^48 / d) the error of value * M / 2^48 is below
 * value / 2^48, which cannot reach the next 1/d while value and d stay within 24 bits.
 */
static inline uint64_t gen_reciprocal(uint32_t divisor)
{
	return ((1ull << 48) + divisor - 1) / divisor;
}

static inline uint32_t gen_divide(uint32_t value, uint64_t reciprocal)
{
	return (uint32_t)(((unsigned __int128)value * reciprocal) >> 48);
}

/* The inside tuple of a flow: hosts vary first, then ports. Destinations go round on their own. */
struct gen_tuple {
	uint32_t source, destination; /* last four bytes, network order */
	uint16_t sport;		      /* network order */
};

static inline uint32_t gen_flow_destination(const struct gen_shared *shared, uint32_t flow)
{
	const struct gen_range *range = &shared->traffic.destination;

	return rte_cpu_to_be_32(range->low + flow -
				gen_divide(flow, shared->destination_reciprocal) * range->count);
}

static inline struct gen_tuple gen_flow_tuple(const struct gen_shared *shared, uint32_t flow)
{
	const struct gen_traffic *traffic = &shared->traffic;
	uint32_t turn = gen_divide(flow, shared->source_reciprocal);

	return (struct gen_tuple){
		.source = rte_cpu_to_be_32(traffic->source.low + flow - turn * traffic->source.count),
		.destination = gen_flow_destination(shared, flow),
		.sport = rte_cpu_to_be_16((uint16_t)(traffic->sport_first + turn)),
	};
}

static inline uint32_t gen_stamp(const struct gen_shared *shared, uint64_t tsc)
{
	return (uint32_t)(tsc >> shared->stamp_shift) & GEN_STAMP_MASK;
}

/* One step of wyrand: a Weyl sequence through a multiplication; passes BigCrush and PractRand. */
static inline uint64_t gen_random(uint64_t *state)
{
	*state += 0xa0761d6478bd642full;
	unsigned __int128 product = (unsigned __int128)*state * (*state ^ 0xe7037ed1a0b428dbull);
	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* A number below `bound` from the high half of a draw. */
static inline uint32_t gen_below(uint64_t draw, uint32_t bound)
{
	return (uint32_t)(((draw >> 32) * bound) >> 32);
}

#endif
