/* IPv4 routes: rte_fib with the DIR-24-8 tables and four-byte next hops. */
#include <errno.h>

#include <rte_errno.h>
#include <rte_fib.h>

#include "dp_shim.h"

struct rte_fib *dp_fib_create(const char *name, uint32_t routes_max, uint32_t groups_max,
			      uint64_t default_next_hop, int32_t node, int32_t *error)
{
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.default_nh = default_next_hop,
		.max_routes = (int)routes_max,
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_4B, .num_tbl8 = groups_max},
	};

	*error = -EINVAL;
	if (routes_max == 0 || routes_max > INT32_MAX || default_next_hop > INT32_MAX)
		return NULL;

	struct rte_fib *fib = rte_fib_create(name, node, &conf);
	*error = fib != NULL ? 0 : -rte_errno;
	return fib;
}

void dp_fib_free(struct rte_fib *fib)
{
	rte_fib_free(fib);
}

int32_t dp_fib_add(struct rte_fib *fib, uint32_t address, uint32_t length, uint64_t next_hop)
{
	return length > 32 ? -EINVAL : rte_fib_add(fib, address, (uint8_t)length, next_hop);
}

int32_t dp_fib_delete(struct rte_fib *fib, uint32_t address, uint32_t length)
{
	return length > 32 ? -EINVAL : rte_fib_delete(fib, address, (uint8_t)length);
}

int32_t dp_fib_lookup_bulk(struct rte_fib *fib, const uint32_t *addresses, uint64_t *next_hops, uint32_t count)
{
	/* 22.11 declares the input without const; no implementation writes to it. */
	return rte_fib_lookup_bulk(fib, (uint32_t *)(uintptr_t)addresses, next_hops, (int)count);
}
