/* The DPDK driver: devices, their configuration and life. Nothing here is on a packet's path. */
#include <errno.h>
#include <stdlib.h>

#include <ethdev_driver.h>
#include <ethdev_vdev.h>
#include <rte_malloc.h>

#include "gen_frame.h"

#define DESCRIPTORS	1024u
#define DESCRIPTORS_MAX 32768u
#define RSS_KEY_BYTES	40u
#define RX_OFFLOADS                                                                                               \
	(RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM |            \
	 RTE_ETH_RX_OFFLOAD_RSS_HASH)
#define RSS_TYPES (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)

RTE_LOG_REGISTER(gen_log_type, pmd.net.generator, NOTICE);

static int configure(struct rte_eth_dev *device)
{
	struct gen_port *port = device->data->dev_private;
	const struct rte_eth_conf *conf = &device->data->dev_conf;
	const struct gen_traffic *traffic = &port->shared->traffic;

	port->rx_queues = device->data->nb_rx_queues;
	port->tx_queues = device->data->nb_tx_queues;
	port->rx_offloads = conf->rxmode.offloads;
	port->rss = (conf->rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG) != 0 ||
		    (conf->rxmode.offloads & RTE_ETH_RX_OFFLOAD_RSS_HASH) != 0;
	port->fast_free = (conf->txmode.offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0;
	if (traffic->flows != 0 && traffic->flows < port->rx_queues) {
		GEN_LOG(ERR, "%s: %u flows for %u receive queues\n", device->data->name, traffic->flows,
			port->rx_queues);
		return -EINVAL;
	}
	return 0;
}

/* What depends on the role, which is known when the devices start. */
static int prepare(struct rte_eth_dev *device)
{
	struct gen_port *port = device->data->dev_private;
	const struct gen_traffic *traffic = &port->shared->traffic;

	if (port->role != GEN_OUTSIDE)
		port->role = port->shared->ports[1] != NULL ? GEN_INSIDE : GEN_ALONE;
	if (traffic->mode == GEN_TCP && port->role == GEN_ALONE) {
		GEN_LOG(ERR, "%s: mode=tcp needs a second device with peer=%s\n", device->data->name,
			device->data->name);
		return -EINVAL;
	}
	port->templates = gen_templates_create(port);
	if (port->templates == NULL)
		return -ENOMEM;
	if (traffic->zipf != 0) {
		port->alias = gen_alias_create(traffic->flows / port->rx_queues, traffic->zipf);
		if (port->alias == NULL)
			return -ENOMEM;
	}
	return 0;
}

static void unprepare(struct gen_port *port)
{
	rte_free(port->templates);
	free(port->alias);
	port->templates = NULL;
	port->alias = NULL;
}

static int start(struct rte_eth_dev *device)
{
	struct gen_port *port = device->data->dev_private;
	int result = prepare(device);

	if (result != 0) {
		unprepare(port);
		return result;
	}
	gen_lock(); /* a rate may be commanded at this moment */
	if (port->shared->started++ == 0)
		gen_shared_reset(port->shared);
	for (uint16_t queue = 0; queue < port->rx_queues; queue++)
		gen_send_prepare(port->rx[queue]);
	for (uint16_t queue = 0; queue < port->tx_queues; queue++) {
		port->tx[queue]->shared = port->shared;
		port->tx[queue]->side = &port->shared->sides[port->role == GEN_OUTSIDE];
	}
	device->rx_pkt_burst = gen_send_function(port);
	device->tx_pkt_burst = gen_return_function(port);
	device->data->dev_link.link_status = RTE_ETH_LINK_UP;
	port->started = true;
	gen_unlock();
	return 0;
}

static int stop(struct rte_eth_dev *device)
{
	struct gen_port *port = device->data->dev_private;

	if (port->started)
		port->shared->started--;
	port->started = false;
	device->data->dev_link.link_status = RTE_ETH_LINK_DOWN;
	unprepare(port);
	return 0;
}

static int rx_setup(struct rte_eth_dev *device, uint16_t id, uint16_t descriptors, unsigned int node,
		    const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	struct gen_port *port = device->data->dev_private;
	uint32_t room = (uint32_t)rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;

	RTE_SET_USED(conf);
	if (room <
	    RTE_MAX(port->shared->traffic.frame, 2u * RTE_CACHE_LINE_SIZE)) { /* gen_send.c copies whole lines */
		GEN_LOG(ERR, "%s: mbufs of %u bytes are too small for frames of %u\n", device->data->name, room,
			port->shared->traffic.frame);
		return -EINVAL;
	}
	struct gen_rx_queue *queue =
		rte_zmalloc_socket("net_generator", sizeof(*queue), RTE_CACHE_LINE_SIZE, (int)node);
	if (queue == NULL)
		return -ENOMEM;
	queue->port = port;
	queue->pool = pool;
	queue->room = descriptors;
	queue->id = id;
	gen_lock();
	port->rx[id] = queue;
	gen_unlock();
	device->data->rx_queues[id] = queue;
	return 0;
}

static int tx_setup(struct rte_eth_dev *device, uint16_t id, uint16_t descriptors, unsigned int node,
		    const struct rte_eth_txconf *conf)
{
	struct gen_port *port = device->data->dev_private;
	struct gen_tx_queue *queue =
		rte_zmalloc_socket("net_generator", sizeof(*queue), RTE_CACHE_LINE_SIZE, (int)node);

	RTE_SET_USED(descriptors);
	if (queue == NULL)
		return -ENOMEM;
	queue->port = port;
	if ((conf->offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0)
		port->fast_free = true;
	gen_lock();
	port->tx[id] = queue;
	gen_unlock();
	device->data->tx_queues[id] = queue;
	return 0;
}

static void rx_release(struct rte_eth_dev *device, uint16_t id)
{
	struct gen_port *port = device->data->dev_private;

	gen_lock();
	rte_free(port->rx[id]);
	port->rx[id] = NULL;
	gen_unlock();
}

static void tx_release(struct rte_eth_dev *device, uint16_t id)
{
	struct gen_port *port = device->data->dev_private;

	gen_lock();
	rte_free(port->tx[id]);
	port->tx[id] = NULL;
	gen_unlock();
}

static int info_get(struct rte_eth_dev *device, struct rte_eth_dev_info *info)
{
	RTE_SET_USED(device);
	info->max_mac_addrs = 1;
	info->min_mtu = RTE_ETHER_MIN_MTU;
	info->max_mtu = RTE_ETHER_MTU;
	info->max_rx_pktlen = RTE_ETHER_MAX_LEN;
	info->max_rx_queues = GEN_QUEUES_MAX;
	info->max_tx_queues = GEN_QUEUES_MAX;
	info->rx_desc_lim = (struct rte_eth_desc_lim){.nb_max = DESCRIPTORS_MAX, .nb_min = 1, .nb_align = 1};
	info->tx_desc_lim = info->rx_desc_lim;
	info->default_rxportconf.ring_size = DESCRIPTORS;
	info->default_txportconf.ring_size = DESCRIPTORS;
	info->rx_offload_capa = RX_OFFLOADS;
	info->tx_offload_capa = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	info->tx_queue_offload_capa = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	info->flow_type_rss_offloads = RSS_TYPES;
	info->hash_key_size = RSS_KEY_BYTES;
	return 0;
}

static const uint32_t *packet_types(struct rte_eth_dev *device)
{
	static const uint32_t types[] = {RTE_PTYPE_L2_ETHER, RTE_PTYPE_L3_IPV4, RTE_PTYPE_L3_IPV6,
					 RTE_PTYPE_L4_UDP,   RTE_PTYPE_L4_TCP,	RTE_PTYPE_UNKNOWN};

	RTE_SET_USED(device);
	return types;
}

static int link_update(struct rte_eth_dev *device, int wait)
{
	RTE_SET_USED(device);
	RTE_SET_USED(wait);
	return 0;
}

/* Every frame is given to the port whatever it listens to, so these have nothing to change. */
static int take_any(struct rte_eth_dev *device)
{
	RTE_SET_USED(device);
	return 0;
}

static int mtu_set(struct rte_eth_dev *device, uint16_t mtu)
{
	RTE_SET_USED(device);
	RTE_SET_USED(mtu); /* ethdev has checked the limits; frames have the size that was asked for */
	return 0;
}

/* Frames are addressed to the port, so its address may change only while none are made. */
static int mac_set(struct rte_eth_dev *device, struct rte_ether_addr *address)
{
	struct gen_port *port = device->data->dev_private;

	if (port->started)
		return -EBUSY;
	rte_ether_addr_copy(address, &port->options.mac);
	return 0;
}

/* Flows are dealt to the queues by the generator itself, so a key changes nothing but is no error. */
static int rss_update(struct rte_eth_dev *device, struct rte_eth_rss_conf *conf)
{
	RTE_SET_USED(device);
	RTE_SET_USED(conf);
	return 0;
}

static int close_port(struct rte_eth_dev *device)
{
	struct gen_port *port = device->data->dev_private;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return 0;
	stop(device);
	for (uint16_t queue = 0; queue < GEN_QUEUES_MAX; queue++) {
		rx_release(device, queue);
		tx_release(device, queue);
	}
	gen_lock();
	gen_note_port(port->id, NULL);
	port->shared->ports[port->role == GEN_OUTSIDE] = NULL;
	gen_unlock();
	gen_shared_release(port->shared);
	device->data->mac_addrs = NULL; /* a part of the private data, which ethdev frees */
	return 0;
}

static struct eth_dev_ops operations = {
	.dev_configure = configure,
	.dev_start = start,
	.dev_stop = stop,
	.dev_close = close_port,
	.dev_infos_get = info_get,
	.dev_supported_ptypes_get = packet_types,
	.rx_queue_setup = rx_setup,
	.tx_queue_setup = tx_setup,
	.rx_queue_release = rx_release,
	.tx_queue_release = tx_release,
	.link_update = link_update,
	.promiscuous_enable = take_any,
	.promiscuous_disable = take_any,
	.allmulticast_enable = take_any,
	.allmulticast_disable = take_any,
	.mtu_set = mtu_set,
	.mac_addr_set = mac_set,
	.rss_hash_update = rss_update,
};

/* The inside device that an outside names. */
static int find_peer(const char *name, const char *peer, struct gen_shared **shared)
{
	gen_lock();
	const struct gen_port *inside = gen_find_port(peer);
	gen_unlock();

	if (inside == NULL) {
		GEN_LOG(ERR, "%s: peer=%s: no such net_generator device; it must be made first\n", name, peer);
		return -ENODEV;
	}
	if (inside->role == GEN_OUTSIDE || inside->shared->ports[1] != NULL || inside->started) {
		GEN_LOG(ERR, "%s: peer=%s: %s\n", name, peer,
			inside->started ? "has been started" : "has a peer already");
		return -EBUSY;
	}
	*shared = inside->shared;
	(*shared)->users++;
	return 0;
}

/* Addresses that were not given: locally administered, different for every port. */
static void default_macs(struct gen_port *port)
{
	struct rte_ether_addr *macs[] = {&port->options.mac, &port->options.remote_mac};

	for (uint8_t index = 0; index < RTE_DIM(macs); index++)
		if (rte_is_zero_ether_addr(macs[index]))
			*macs[index] = (struct rte_ether_addr){
				{0x02, 0x67, 0x65, index, (uint8_t)(port->id >> 8), (uint8_t)port->id}};
}

static int create(struct rte_vdev_device *vdev, struct gen_options *options, struct gen_shared *shared)
{
	struct rte_eth_dev *device = rte_eth_vdev_allocate(vdev, sizeof(struct gen_port));

	if (device == NULL)
		return -ENOMEM;
	struct gen_port *port = device->data->dev_private;
	port->options = *options;
	port->shared = shared;
	port->id = device->data->port_id;
	port->name = device->data->name;
	port->role = options->peer[0] != '\0' ? GEN_OUTSIDE : GEN_ALONE;
	shared->ports[port->role == GEN_OUTSIDE] = port;
	default_macs(port);

	device->data->mac_addrs = &port->options.mac;
	device->data->dev_link = (struct rte_eth_link){
		.link_speed = RTE_ETH_SPEED_NUM_100G,
		.link_duplex = RTE_ETH_LINK_FULL_DUPLEX,
		.link_autoneg = RTE_ETH_LINK_FIXED,
		.link_status = RTE_ETH_LINK_DOWN,
	};
	device->data->promiscuous = 1;
	device->dev_ops = &operations;
	rte_eth_dev_probing_finish(device);
	gen_lock();
	gen_note_port(port->id, port);
	gen_unlock();
	return 0;
}

static int probe(struct rte_vdev_device *vdev)
{
	const char *name = rte_vdev_device_name(vdev);
	struct gen_options options;
	struct gen_shared *shared;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		GEN_LOG(ERR, "%s: lives in the primary process only\n", name);
		return -ENOTSUP;
	}
	gen_stats_operations(&operations);
	int result = gen_options_parse(name, rte_vdev_device_args(vdev), &options);
	if (result == 0)
		result = options.peer[0] != '\0' ? find_peer(name, options.peer, &shared)
						 : gen_shared_create(&options.traffic, &shared);
	if (result != 0)
		return result;

	if (options.neighbour_family != 0 && options.neighbour_family != shared->traffic.family) {
		GEN_LOG(ERR, "%s: neighbour=: must be an IPv%u address like the flows'\n", name,
			shared->traffic.family);
		result = -EINVAL;
	} else {
		result = create(vdev, &options, shared);
	}
	if (result != 0)
		gen_shared_release(shared);
	return result;
}

static int remove_device(struct rte_vdev_device *vdev)
{
	struct rte_eth_dev *device = rte_eth_dev_allocated(rte_vdev_device_name(vdev));

	if (device == NULL)
		return 0;				      /* closed before */
	int result = rte_eth_dev_stop(device->data->port_id); /* 0 for one that is stopped */
	return result != 0 ? result : rte_eth_dev_close(device->data->port_id);
}

static struct rte_vdev_driver driver = {
	.probe = probe,
	.remove = remove_device,
};

RTE_PMD_REGISTER_VDEV(net_generator, driver);
RTE_PMD_REGISTER_PARAM_STRING(net_generator, "mode=<udp|tcp|new|synflood> flows=<int> ... peer=<device>");
