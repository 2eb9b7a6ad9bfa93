/* What workers call: bursts, buffers, clocks. Inline functions of DPDK given an address, nothing more. */
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include "dp_shim.h"

uint16_t dp_burst_rx(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count)
{
	return rte_eth_rx_burst(port, queue, mbufs, count);
}

uint16_t dp_burst_tx(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count)
{
	return rte_eth_tx_burst(port, queue, mbufs, count);
}

int32_t dp_mbuf_alloc_bulk(struct rte_mempool *pool, struct rte_mbuf **mbufs, uint32_t count)
{
	return rte_pktmbuf_alloc_bulk(pool, mbufs, count);
}

void dp_mbuf_free_bulk(struct rte_mbuf **mbufs, uint32_t count)
{
	rte_pktmbuf_free_bulk(mbufs, count);
}

uint64_t dp_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t dp_clock_tsc(void)
{
	return rte_rdtsc();
}

uint64_t dp_clock_tsc_hz(void)
{
	return rte_get_tsc_hz();
}

void dp_clock_sleep_ns(uint64_t nanoseconds)
{
	struct timespec span = {
		.tv_sec = (time_t)(nanoseconds / 1000000000u),
		.tv_nsec = (long)(nanoseconds % 1000000000u),
	};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL);
}

void dp_clock_pause(void)
{
	rte_pause();
}
