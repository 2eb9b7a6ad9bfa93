/*
 * How many random cache lines a second one core can fetch from a region: what no table of that size can beat.
 *
 * Indices come from a multiplicative generator that costs a few cycles, so that the memory stays the bottleneck.
 * A ring holds the `depth` lines whose prefetch is under way; each step reads the oldest and prefetches a new
 * one. Depth is the caller's to sweep: too little leaves line-fill buffers idle, too much makes prefetches wait
 * for one. Depth 0 reads directly and leaves the overlap to out-of-order execution.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "dp_shim.h"

#define LINE_BYTES 64u
#define HUGE_BYTES (2u << 20)
#define DEPTH_MAX  256u

struct dp_memory_limit {
	uint8_t *base;
	uint64_t mapped;
	uint64_t lines;
	uint64_t sink; /* keeps the reads from being optimised away */
};

static void *map(uint64_t bytes, int flags)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

int32_t dp_memory_limit_open(uint64_t bytes, uint32_t hugepages, struct dp_memory_limit **region, uint32_t *pages)
{
	*region = NULL;
	*pages = DP_PAGES_SMALL;
	if (bytes < LINE_BYTES || bytes / LINE_BYTES > UINT32_MAX)
		return -EINVAL;

	struct dp_memory_limit *made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;

	made->lines = bytes / LINE_BYTES;
	made->mapped = (bytes + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
	made->base = MAP_FAILED;
	if (hugepages == 1) {
		/* MAP_POPULATE: a pool that is too small fails here instead of with SIGBUS later. */
		made->base = map(made->mapped, MAP_HUGETLB | MAP_POPULATE);
		if (made->base != MAP_FAILED)
			*pages = DP_PAGES_HUGETLB;
	}
	if (made->base == MAP_FAILED) {
		made->base = map(made->mapped, 0);
		if (made->base == MAP_FAILED) {
			free(made);
			return -ENOMEM;
		}
		if (hugepages != 0 && madvise(made->base, made->mapped, MADV_HUGEPAGE) == 0)
			*pages = DP_PAGES_TRANSPARENT;
		else
			madvise(made->base, made->mapped, MADV_NOHUGEPAGE);
	}

	memset(made->base, 1, made->mapped); /* the zero page would be one line for all */
	*region = made;
	return 0;
}

static inline uint64_t random_line(uint64_t *state, uint64_t lines)
{
	/* Knuth's MMIX generator; its high half is good enough to defeat every hardware prefetcher. */
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return ((*state >> 32) * lines) >> 32;
}

static inline uint64_t read_line(const uint8_t *base, uint64_t line)
{
	return *(const volatile uint64_t *)(base + line * LINE_BYTES);
}

static uint64_t run_plain(const struct dp_memory_limit *region, uint64_t accesses, uint64_t seed)
{
	uint64_t sum = 0;

	for (uint64_t index = 0; index < accesses; index++)
		sum += read_line(region->base, random_line(&seed, region->lines));
	return sum;
}

static uint64_t run_ahead(const struct dp_memory_limit *region, uint32_t depth, uint64_t accesses, uint64_t seed)
{
	uint64_t ahead[DEPTH_MAX];
	uint64_t sum = 0;
	uint32_t slot = 0;

	for (uint32_t index = 0; index < depth; index++) {
		ahead[index] = random_line(&seed, region->lines);
		__builtin_prefetch(region->base + ahead[index] * LINE_BYTES);
	}

	for (uint64_t index = 0; index < accesses; index++) {
		sum += read_line(region->base, ahead[slot]);
		ahead[slot] = random_line(&seed, region->lines);
		__builtin_prefetch(region->base + ahead[slot] * LINE_BYTES);
		slot = slot + 1 == depth ? 0 : slot + 1;
	}
	return sum;
}

int32_t dp_memory_limit_run(struct dp_memory_limit *region, uint32_t depth, uint64_t accesses,
			    double *lines_per_second)
{
	struct timespec start, end;

	*lines_per_second = 0;
	if (depth > DEPTH_MAX || accesses == 0)
		return -EINVAL;

	clock_gettime(CLOCK_MONOTONIC, &start);
	uint64_t seed = (uint64_t)start.tv_nsec * 0x9E3779B97F4A7C15u + 1;
	region->sink += depth == 0 ? run_plain(region, accesses, seed) : run_ahead(region, depth, accesses, seed);
	clock_gettime(CLOCK_MONOTONIC, &end);

	double seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9;
	*lines_per_second = (double)accesses / seconds;
	return 0;
}

void dp_memory_limit_close(struct dp_memory_limit *region)
{
	if (region == NULL)
		return;
	munmap(region->base, region->mapped);
	free(region);
}
