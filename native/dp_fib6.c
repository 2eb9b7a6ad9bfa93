/* IPv6 routes: rte_fib6 with the trie tables and four-byte next hops. */
#include <errno.h>

#include <rte_errno.h>
#include <rte_fib6.h>

#include "dp_shim.h"

struct rte_fib6 *dp_fib6_create(const char *name, uint32_t routes_max, uint32_t groups_max,
				uint64_t default_next_hop, int32_t node, int32_t *error)
{
	struct rte_fib6_conf conf = {
		.type = RTE_FIB6_TRIE,
		.default_nh = default_next_hop,
		.max_routes = (int)routes_max,
		.trie = {.nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = groups_max},
	};

	/* The library keeps two nodes a route and counts them in an int. */
	*error = -EINVAL;
	if (routes_max == 0 || routes_max > INT32_MAX / 2 || groups_max == 0 || groups_max > INT32_MAX ||
	    default_next_hop > INT32_MAX)
		return NULL;

	struct rte_fib6 *fib = rte_fib6_create(name, node, &conf);
	*error = fib != NULL ? 0 : -rte_errno;
	return fib;
}

void dp_fib6_free(struct rte_fib6 *fib)
{
	rte_fib6_free(fib);
}

int32_t dp_fib6_add(struct rte_fib6 *fib, const uint8_t *address, uint32_t length, uint64_t next_hop)
{
	return length > RTE_FIB6_MAXDEPTH ? -EINVAL : rte_fib6_add(fib, address, (uint8_t)length, next_hop);
}

int32_t dp_fib6_lookup_bulk(struct rte_fib6 *fib, const uint8_t *addresses, uint64_t *next_hops, uint32_t count)
{
	/* 22.11 declares the input without const; no implementation writes to it. */
	return rte_fib6_lookup_bulk(fib, (uint8_t(*)[RTE_FIB6_IPV6_ADDR_SIZE])(uintptr_t)addresses, next_hops,
				    (int)count);
}
