/* Arguments: what is refused, with which words, and what is taken. */
#include <errno.h>
#include <string.h>

#include <rte_log.h>

#include "test.h"

static const struct {
	const char *arguments, *said;
} refused[] = {
	{"flows", "must be KEY=VALUE"},
	{"flow=1", "there is no key 'flow'"},
	{"flow=1", "keys are: mode"},
	{"mode=icmp", "mode=icmp: must be udp, tcp, new or synflood"},
	{"flows=0", "flows=0: must be 1 to"},
	{"flows=1e6", "flows=1e6: must be"},
	{"flows=-1", "flows=-1: must be"},
	{"flows=", "flows=: must be"},
	{"flows=99999999999999999999999", "must be 1 to"},
	{"flows=16777217", "must be at most 16777216"},
	{"flows=300,src=10.0.0.1,sport=1-100", "src and sport allow only 100"},
	{"family=5", "family=5: must be 4 or 6"},
	{"size=63", "size=63: must be 64 to 1518"},
	{"size=1519", "size=1519: must be"},
	{"size=64,family=6", "size=64: must be at least 72"},
	{"size=83,family=6,mode=tcp", "size=83: must be at least 84"},
	{"src=10.0.0.1/16", "src=10.0.0.1/16: must be an IPv4 PREFIX"},
	{"src=10.0.0.0/33", "src=10.0.0.0/33: must be"},
	{"src=10.0.0.9-10.0.0.1", "must be an IPv4"},
	{"src=2001:db8::/112", "must be an IPv4"},
	{"dst=10.0.0.0/16,family=6", "must be an IPv6"},
	{"dst=2001:db8::1-2001:db8:1::2,family=6", "must be an IPv6"},
	{"nat=x", "nat=x: must be"},
	{"sport=0-10", "sport=0-10: must be PORT or FIRST-LAST"},
	{"sport=10-5", "sport=10-5: must be"},
	{"sport=5-65536", "must be PORT"},
	{"dport=65536", "dport=65536: must be"},
	{"mac=01:00:5e:00:00:01", "must be a unicast MAC"},
	{"remote_mac=00:00:00:00:00:00", "must be a unicast MAC"},
	{"verify=yes", "verify=yes: must be 0 or 1"},
	{"zipf=0", "zipf=0: must be an exponent"},
	{"zipf=nan", "zipf=nan: must be an exponent"},
	{"zipf=1.1,mode=new", "only mode=udp and mode=tcp choose"},
	{"protocol=tcp", "only mode=new has a choice"},
	{"rate=1000000001", "rate=1000000001: must be"},
	{"rate=pause", "rate=pause: must be 0 to 1000000000 packets a second, or paused"},
	{"cross=1", "cross=: needs peer="},
	{"neighbour=2001:db8::1", "neighbour=: must be an IPv4 address"},
	{"neighbour=10.0.0.0/30", "neighbour=10.0.0.0/30: must be"},
	{"peer=net_generator7", "no such net_generator device"},
	{"peer=net_generator0", "peer=net_generator0: must be the name of another"},
	{"peer=net_generator7,flows=1", "flows=: belongs to the device that peer= names"},
};

static const char *const taken[] = {
	"",
	"mode=udp,flows=16777216,src=10.0.0.0/8",
	"family=6,size=72",
	"mode=tcp,family=4,size=64",
	"mode=new,protocol=tcp,flows=4000000000,src=10.0.0.0/8,size=64",
	"mode=synflood,family=6,size=78",
	"zipf=1.1,flows=1000,seed=18446744073709551615",
	"src=10.0.0.2-10.0.0.9,sport=7,dport=80,flows=8,nat=203.0.113.1",
	"neighbour=192.0.2.1,mac=02:00:00:00:00:01,remote_mac=02:00:00:00:00:02,verify=1,routed=1,latency=0",
};

void test_options(void)
{
	char text[512];

	for (uint32_t index = 0; index < RTE_DIM(refused); index++) {
		snprintf(text, sizeof(text), "net_generator0,%s", refused[index].arguments);
		check(add_device(text) < 0, "'%s' is refused", refused[index].arguments);
		check(strstr(logged, refused[index].said) != NULL, "'%s' is refused with '%s', not with '%s'",
		      refused[index].arguments, refused[index].said, logged);
		check(strstr(logged, "net_generator0: ") != NULL, "and the device is named: '%s'", logged);
	}
	for (uint32_t index = 0; index < RTE_DIM(taken); index++) {
		snprintf(text, sizeof(text), "net_generator0,%s", taken[index]);
		if (check(add_device(text) == 0, "'%s' is taken, not refused with '%s'", taken[index], logged))
			remove_device("net_generator0");
	}
}

static void expect_start(const char *arguments, uint16_t queues, int result)
{
	uint16_t port;

	check(add_device(arguments) == 0 && rte_eth_dev_get_port_by_name("net_generator0", &port) == 0, "%s",
	      arguments);
	rte_log_set_global_level(RTE_LOG_CRIT); /* refusals are expected */
	int started = start_port(port, queues);
	rte_log_set_global_level(RTE_LOG_WARNING);
	check(started == result, "%s starts with %d, not %d", arguments, result, started);
	remove_device("net_generator0");
}

void test_devices(void)
{
	uint16_t port;
	struct rte_eth_link link;
	struct rte_ether_addr address;

	expect_start("net_generator0,mode=tcp", 1, -EINVAL); /* nobody to shake hands with */
	expect_start("net_generator0,flows=3", 4, -EINVAL);
	expect_start("net_generator0,flows=4", 4, 0);

	check(add_device("net_generator0,mac=02:00:00:00:00:77") == 0, "a device is made");
	check(add_device("net_generator1,peer=net_generator0") == 0, "and a peer");
	check(add_device("net_generator2,peer=net_generator0") < 0 && strstr(logged, "has a peer already") != NULL,
	      "but not two");
	check(add_device("net_generator2,peer=net_generator1") < 0, "a peer has no peer of its own");
	remove_device("net_generator1");
	check(add_device("net_generator1,peer=net_generator0") == 0, "a peer may come back");
	rte_eth_dev_get_port_by_name("net_generator0", &port);
	check(rte_eth_macaddr_get(port, &address) == 0 && address.addr_bytes[5] == 0x77,
	      "it has the address it was given");
	check(start_port(port, 1) == 0, "it starts");
	check(rte_eth_link_get_nowait(port, &link) == 0 && link.link_status == RTE_ETH_LINK_UP, "its link is up");
	check(rte_eth_dev_stop(port) == 0 && rte_eth_dev_start(port) == 0, "it stops and starts again");
	remove_device("net_generator0");
	remove_device("net_generator1");

	check(add_device("net_generator0,") == 0, "a device is made again");
	rte_eth_dev_get_port_by_name("net_generator0", &port);
	start_port(port, 1);
	check(add_device("net_generator1,peer=net_generator0") < 0 && strstr(logged, "has been started") != NULL,
	      "a peer of a device that runs is refused");
	remove_device("net_generator0");
}
