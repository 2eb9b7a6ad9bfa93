/* Ethernet ports: configuration, state and counters. Nothing here is on a packet's path. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include "dp_shim.h"

_Static_assert(DP_XSTAT_NAME_BYTES == RTE_ETH_XSTATS_NAME_SIZE, "xstat names are copied whole");

#define RSS_TYPES    (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)
#define RX_CHECKSUMS (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM)

uint32_t dp_port_count(void)
{
	return rte_eth_dev_count_avail();
}

int32_t dp_port_find(const char *name)
{
	uint16_t port;

	return rte_eth_dev_get_port_by_name(name, &port) == 0 ? port : -ENODEV;
}

int32_t dp_port_info(uint16_t port, struct dp_port_info *info)
{
	struct rte_eth_dev_info device;

	memset(info, 0, sizeof(*info));
	int result = rte_eth_dev_info_get(port, &device);
	if (result != 0)
		return result;

	info->rx_offloads = device.rx_offload_capa;
	info->tx_offloads = device.tx_offload_capa;
	info->rss_types = device.flow_type_rss_offloads;
	info->interface_index = device.if_index;
	info->rx_pktlen_max = device.max_rx_pktlen;
	info->rx_queues_max = device.max_rx_queues;
	info->tx_queues_max = device.max_tx_queues;
	info->rx_descriptors_max = device.rx_desc_lim.nb_max;
	info->tx_descriptors_max = device.tx_desc_lim.nb_max;
	info->reta_entries = device.reta_size;
	info->mtu_min = device.min_mtu;
	info->mtu_max = device.max_mtu;
	info->rss_key_bytes = device.hash_key_size;
	info->node = rte_eth_dev_socket_id(port);
	if (device.driver_name != NULL)
		rte_strscpy(info->driver, device.driver_name, sizeof(info->driver));

	char name[RTE_ETH_NAME_MAX_LEN];
	if (rte_eth_dev_get_name_by_port(port, name) == 0)
		rte_strscpy(info->name, name, sizeof(info->name));
	return 0;
}

int32_t dp_port_configure(uint16_t port, const struct dp_port_config *config, uint64_t *rss_types,
			  uint64_t *rx_offloads)
{
	struct rte_eth_dev_info device;
	struct rte_eth_conf conf;

	*rss_types = 0;
	*rx_offloads = 0;
	int result = rte_eth_dev_info_get(port, &device);
	if (result != 0)
		return result;

	memset(&conf, 0, sizeof(conf));
	uint16_t mtu = config->mtu;
	if (mtu == 0) {
		result = rte_eth_dev_get_mtu(port, &mtu);
		if (result != 0)
			return result;
	}
	conf.rxmode.mtu = mtu;
	if (config->checksum_rx)
		conf.rxmode.offloads = device.rx_offload_capa & RX_CHECKSUMS;

	/* Asking for a type the driver lacks fails the whole call, so only what it has is asked for. */
	if (config->rss_key != NULL && config->rx_queues > 1 && (device.flow_type_rss_offloads & RSS_TYPES) != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_key = (uint8_t *)(uintptr_t)config->rss_key;
		conf.rx_adv_conf.rss_conf.rss_key_len = (uint8_t)config->rss_key_bytes;
		conf.rx_adv_conf.rss_conf.rss_hf = device.flow_type_rss_offloads & RSS_TYPES;
	}

	result = rte_eth_dev_configure(port, config->rx_queues, config->tx_queues, &conf);
	if (result != 0)
		return result;

	*rss_types = conf.rx_adv_conf.rss_conf.rss_hf;
	*rx_offloads = conf.rxmode.offloads;
	return 0;
}

int32_t dp_port_adjust_descriptors(uint16_t port, uint16_t *rx, uint16_t *tx)
{
	return rte_eth_dev_adjust_nb_rx_tx_desc(port, rx, tx);
}

int32_t dp_port_setup_rx(uint16_t port, uint16_t queue, uint16_t descriptors, struct rte_mempool *pool)
{
	int node = rte_eth_dev_socket_id(port);

	return rte_eth_rx_queue_setup(port, queue, descriptors, (unsigned int)node, NULL, pool);
}

int32_t dp_port_setup_tx(uint16_t port, uint16_t queue, uint16_t descriptors)
{
	int node = rte_eth_dev_socket_id(port);

	return rte_eth_tx_queue_setup(port, queue, descriptors, (unsigned int)node, NULL);
}

int32_t dp_port_start(uint16_t port)
{
	return rte_eth_dev_start(port);
}

int32_t dp_port_stop(uint16_t port)
{
	return rte_eth_dev_stop(port);
}

int32_t dp_port_close(uint16_t port)
{
	return rte_eth_dev_close(port);
}

int32_t dp_port_reset(uint16_t port)
{
	return rte_eth_dev_reset(port);
}

int32_t dp_port_mac(uint16_t port, uint8_t *mac)
{
	struct rte_ether_addr address;
	int result = rte_eth_macaddr_get(port, &address);

	if (result == 0)
		memcpy(mac, address.addr_bytes, sizeof(address.addr_bytes));
	return result;
}

int32_t dp_port_mtu(uint16_t port, uint16_t *mtu)
{
	return rte_eth_dev_get_mtu(port, mtu);
}

int32_t dp_port_set_mtu(uint16_t port, uint16_t mtu)
{
	return rte_eth_dev_set_mtu(port, mtu);
}

int32_t dp_port_set_promiscuous(uint16_t port, uint32_t on)
{
	return on ? rte_eth_promiscuous_enable(port) : rte_eth_promiscuous_disable(port);
}

int32_t dp_port_set_multicast(uint16_t port, uint32_t on)
{
	return on ? rte_eth_allmulticast_enable(port) : rte_eth_allmulticast_disable(port);
}

int32_t dp_port_link(uint16_t port, struct dp_port_link *link)
{
	struct rte_eth_link now;

	memset(link, 0, sizeof(*link));
	int result = rte_eth_link_get_nowait(port, &now);
	if (result != 0)
		return result;

	link->speed_mbps = now.link_speed;
	link->up = now.link_status == RTE_ETH_LINK_UP;
	link->full_duplex = now.link_duplex == RTE_ETH_LINK_FULL_DUPLEX;
	link->autonegotiated = now.link_autoneg == RTE_ETH_LINK_AUTONEG;
	return 0;
}

int32_t dp_port_stats(uint16_t port, struct dp_port_stats *stats)
{
	struct rte_eth_stats now;

	memset(stats, 0, sizeof(*stats));
	int result = rte_eth_stats_get(port, &now);
	if (result != 0)
		return result;

	stats->rx_packets = now.ipackets;
	stats->tx_packets = now.opackets;
	stats->rx_bytes = now.ibytes;
	stats->tx_bytes = now.obytes;
	stats->rx_missed = now.imissed;
	stats->rx_errors = now.ierrors;
	stats->tx_errors = now.oerrors;
	stats->rx_no_mbuf = now.rx_nombuf;
	return 0;
}

int32_t dp_port_reset_stats(uint16_t port)
{
	return rte_eth_stats_reset(port);
}

int32_t dp_port_xstats(uint16_t port, char *names, uint64_t *values, uint32_t capacity)
{
	int count = rte_eth_xstats_get_names(port, NULL, 0);

	if (count <= 0 || (uint32_t)count > capacity)
		return count;

	struct rte_eth_xstat *stats = calloc((size_t)count, sizeof(*stats));
	if (stats == NULL)
		return -ENOMEM;

	/* Both answers are the count or an errno; a count that moved between the calls is the caller's to retry.
	 */
	int named = rte_eth_xstats_get_names(port, (struct rte_eth_xstat_name *)names, (unsigned int)count);
	int valued = rte_eth_xstats_get(port, stats, (unsigned int)count);
	if (named == count && valued == count) {
		for (int index = 0; index < count; index++)
			values[index] = stats[index].value;
	} else {
		count = named < 0 ? named : valued < 0 ? valued : -EAGAIN;
	}
	free(stats);
	return count;
}
