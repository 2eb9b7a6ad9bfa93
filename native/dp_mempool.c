/* Pools of packet buffers. */
#include <errno.h>

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dp_shim.h"

struct rte_mempool *dp_mempool_create(const char *name, uint32_t count, uint32_t cache, uint32_t data_room,
				      int32_t node, int32_t *error)
{
	*error = -EINVAL;
	if (data_room > UINT16_MAX || data_room < RTE_PKTMBUF_HEADROOM)
		return NULL;

	struct rte_mempool *pool = rte_pktmbuf_pool_create(name, count, cache, 0, (uint16_t)data_room, node);
	*error = pool != NULL ? 0 : -rte_errno;
	return pool;
}

void dp_mempool_free(struct rte_mempool *pool)
{
	rte_mempool_free(pool);
}

uint32_t dp_mempool_available(const struct rte_mempool *pool)
{
	return rte_mempool_avail_count(pool);
}

uint32_t dp_mempool_in_use(const struct rte_mempool *pool)
{
	return rte_mempool_in_use_count(pool);
}

uint32_t dp_mempool_chunks(const struct rte_mempool *pool)
{
	return pool->nb_mem_chunks;
}

uint32_t dp_mempool_object_bytes(const struct rte_mempool *pool)
{
	return pool->header_size + pool->elt_size + pool->trailer_size;
}
