/* The arguments of a device: "key=value,key=value". What is wrong is said once, with the device and the key. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen_frame.h"

struct parse {
	const char *device;
	struct gen_options *options;
	bool has_size, has_protocol;
	char source[GEN_VALUE_MAX], destination[GEN_VALUE_MAX], nat[GEN_VALUE_MAX];
	uint64_t size;
};

struct key {
	const char *name;
	const char *expected; /* ends the message for a value that `read` refuses */
	bool (*read)(struct parse *parse, const char *value);
	bool inside, outside; /* devices that take it */
};

static int refuse(const struct parse *parse, const char *key, const char *value, const char *expected)
{
	GEN_LOG(ERR, "%s: %s=%s: must be %s\n", parse->device, key, value, expected);
	return -EINVAL;
}

static bool read_flag(const char *text, bool *flag)
{
	*flag = strcmp(text, "1") == 0;
	return *flag || strcmp(text, "0") == 0;
}

static bool keep(char *into, const char *value)
{
	return snprintf(into, GEN_VALUE_MAX, "%s", value) < (int)GEN_VALUE_MAX && *value != '\0';
}

static bool read_mode(struct parse *parse, const char *value)
{
	static const char *const names[] = {"udp", "tcp", "new", "synflood"};

	for (uint32_t mode = 0; mode < RTE_DIM(names); mode++) {
		if (strcmp(value, names[mode]) == 0) {
			parse->options->traffic.mode = (enum gen_mode)mode;
			return true;
		}
	}
	return false;
}

static bool read_protocol(struct parse *parse, const char *value)
{
	parse->has_protocol = true;
	parse->options->traffic.protocol = strcmp(value, "tcp") == 0 ? IPPROTO_TCP : IPPROTO_UDP;
	return strcmp(value, "tcp") == 0 || strcmp(value, "udp") == 0;
}

static bool read_family(struct parse *parse, const char *value)
{
	parse->options->traffic.family = *value == '4' ? 4 : 6;
	return strcmp(value, "4") == 0 || strcmp(value, "6") == 0;
}

static bool read_flows(struct parse *parse, const char *value)
{
	uint64_t flows;

	if (!gen_read_number(value, 1, UINT32_MAX, &flows))
		return false;
	parse->options->traffic.flows = (uint32_t)flows;
	return true;
}

static bool read_zipf(struct parse *parse, const char *value)
{
	char *end;
	double exponent = strtod(value, &end);

	parse->options->traffic.zipf = exponent;
	return isdigit((unsigned char)*value) && *end == '\0' && exponent >= 0.1 && exponent <= 4;
}

static bool read_size(struct parse *parse, const char *value)
{
	parse->has_size = true;
	return gen_read_number(value, 64, GEN_FRAME_MAX + GEN_FCS_BYTES, &parse->size);
}

static bool read_ports(struct parse *parse, const char *value)
{
	char first[GEN_VALUE_MAX];
	uint64_t low, high;

	if (!keep(first, value))
		return false;
	char *dash = strchr(first, '-');
	if (dash != NULL)
		*dash = '\0';
	if (!gen_read_number(first, 1, UINT16_MAX, &low) ||
	    !gen_read_number(dash == NULL ? first : dash + 1, low, UINT16_MAX, &high))
		return false;
	parse->options->traffic.sport_first = (uint16_t)low;
	parse->options->traffic.sport_count = (uint32_t)(high - low + 1);
	return true;
}

static bool read_dport(struct parse *parse, const char *value)
{
	uint64_t port;

	if (!gen_read_number(value, 1, UINT16_MAX, &port))
		return false;
	parse->options->traffic.dport = (uint16_t)port;
	return true;
}

/* Ranges are read when the family is known, so that keys may come in any order. */
static bool read_source(struct parse *parse, const char *value)
{
	return keep(parse->source, value);
}

static bool read_destination(struct parse *parse, const char *value)
{
	return keep(parse->destination, value);
}

static bool read_nat(struct parse *parse, const char *value)
{
	return keep(parse->nat, value);
}

static bool read_unicast(const char *value, struct rte_ether_addr *address)
{
	return rte_ether_unformat_addr(value, address) == 0 && rte_is_unicast_ether_addr(address) &&
	       !rte_is_zero_ether_addr(address);
}

static bool read_mac(struct parse *parse, const char *value)
{
	return read_unicast(value, &parse->options->mac);
}

static bool read_remote_mac(struct parse *parse, const char *value)
{
	return read_unicast(value, &parse->options->remote_mac);
}

static bool read_seed(struct parse *parse, const char *value)
{
	return gen_read_number(value, 0, UINT64_MAX, &parse->options->traffic.seed);
}

static bool read_rate(struct parse *parse, const char *value)
{
	return gen_read_rate(value, &parse->options->rate);
}

static bool read_verify(struct parse *parse, const char *value)
{
	return read_flag(value, &parse->options->traffic.verify);
}

static bool read_routed(struct parse *parse, const char *value)
{
	return read_flag(value, &parse->options->traffic.routed);
}

static bool read_latency(struct parse *parse, const char *value)
{
	return read_flag(value, &parse->options->traffic.latency);
}

static bool read_peer(struct parse *parse, const char *value)
{
	return *value != '\0' && strcmp(value, parse->device) != 0 &&
	       snprintf(parse->options->peer, sizeof(parse->options->peer), "%s", value) <
		       (int)sizeof(parse->options->peer);
}

static bool read_cross(struct parse *parse, const char *value)
{
	uint64_t cross;

	if (!gen_read_number(value, 0, GEN_QUEUES_MAX - 1, &cross))
		return false;
	parse->options->cross = (uint32_t)cross;
	return true;
}

static bool read_neighbour(struct parse *parse, const char *value)
{
	struct gen_options *options = parse->options;

	options->neighbour_family = strchr(value, ':') != NULL ? 6 : 4;
	return gen_read_range(value, options->neighbour_family, &options->neighbour) &&
	       options->neighbour.count == 1;
}

static const struct key keys[] = {
	{"mode", "udp, tcp, new or synflood", read_mode, true, false},
	{"protocol", "udp or tcp", read_protocol, true, false},
	{"family", "4 or 6", read_family, true, false},
	{"flows", "1 to 16777216 (mode new: to 4294967295)", read_flows, true, false},
	{"zipf", "an exponent from 0.1 to 4", read_zipf, true, false},
	{"size", "64 to 1518 bytes", read_size, true, false},
	{"src", "PREFIX/LENGTH or FIRST-LAST", read_source, true, false},
	{"dst", "PREFIX/LENGTH or FIRST-LAST", read_destination, true, false},
	{"nat", "PREFIX/LENGTH or FIRST-LAST", read_nat, true, false},
	{"sport", "PORT or FIRST-LAST, 1 to 65535", read_ports, true, false},
	{"dport", "1 to 65535", read_dport, true, false},
	{"seed", "a number", read_seed, true, false},
	{"verify", "0 or 1", read_verify, true, false},
	{"routed", "0 or 1", read_routed, true, false},
	{"latency", "0 or 1", read_latency, true, false},
	{"peer", "the name of another net_generator device", read_peer, false, true},
	{"cross", "0 to 63", read_cross, false, true},
	{"mac", "a unicast MAC address", read_mac, true, true},
	{"remote_mac", "a unicast MAC address", read_remote_mac, true, true},
	{"neighbour", "an IPv4 or IPv6 address", read_neighbour, true, true},
	{"rate", "0 to 1000000000 packets a second, or paused", read_rate, true, true},
};

static int read_range(const struct parse *parse, const char *key, const char *value, struct gen_range *range)
{
	uint32_t family = parse->options->traffic.family;

	if (gen_read_range(value, family, range))
		return 0;
	return refuse(
		parse, key, value,
		family == 4 ? "an IPv4 PREFIX/LENGTH without host bits, or FIRST-LAST with at most 16777216 hosts"
			    : "an IPv6 PREFIX/LENGTH without host bits, or FIRST-LAST within 16777216 hosts");
}

static int check_size(struct parse *parse, struct gen_traffic *traffic)
{
	bool bare =
		traffic->mode == GEN_SYNFLOOD || (traffic->mode == GEN_NEW && traffic->protocol == IPPROTO_TCP);
	uint32_t tag = bare ? 0 : GEN_TAG_BYTES;
	uint32_t needed = gen_l4_offset(traffic->family) + gen_l4_bytes(traffic->protocol) + tag + GEN_FCS_BYTES;
	char expected[GEN_VALUE_MAX];

	needed = RTE_MAX(needed, 64u);
	if (!parse->has_size)
		parse->size = needed;
	snprintf(expected, sizeof(expected), "at least %u for these packets", needed);
	traffic->frame = (uint32_t)parse->size - GEN_FCS_BYTES;
	if (parse->size >= needed)
		return 0;
	char value[24];
	snprintf(value, sizeof(value), "%u", (uint32_t)parse->size);
	return refuse(parse, "size", value, expected);
}

static int check_traffic(struct parse *parse)
{
	struct gen_traffic *traffic = &parse->options->traffic;
	const char *device = parse->device;
	bool four = traffic->family == 4;
	bool forced = traffic->mode == GEN_UDP || traffic->mode == GEN_TCP || traffic->mode == GEN_SYNFLOOD;

	if (forced && parse->has_protocol) {
		GEN_LOG(ERR, "%s: protocol=: only mode=new has a choice\n", device);
		return -EINVAL;
	}
	if (forced)
		traffic->protocol = traffic->mode == GEN_UDP ? IPPROTO_UDP : IPPROTO_TCP;
	if (traffic->zipf != 0 && traffic->mode != GEN_UDP && traffic->mode != GEN_TCP) {
		GEN_LOG(ERR, "%s: zipf=: only mode=udp and mode=tcp choose among flows\n", device);
		return -EINVAL;
	}

	const char *source = *parse->source ? parse->source : four ? "10.0.0.0/16" : "2001:db8:a::/112";
	const char *destination = *parse->destination ? parse->destination
				  : four	      ? "198.18.0.0/16"
						      : "2001:2::/112";
	traffic->has_nat = *parse->nat != '\0';
	if (read_range(parse, "src", source, &traffic->source) != 0 ||
	    read_range(parse, "dst", destination, &traffic->destination) != 0 ||
	    (traffic->has_nat && read_range(parse, "nat", parse->nat, &traffic->nat) != 0))
		return -EINVAL;

	if (traffic->flows == 0 && traffic->mode != GEN_NEW)
		traffic->flows = 65536;
	uint64_t tuples = gen_tuples(traffic);
	if (traffic->mode != GEN_SYNFLOOD && traffic->flows > tuples) {
		GEN_LOG(ERR, "%s: flows=%u: src and sport allow only %" PRIu64 "\n", device, traffic->flows,
			tuples);
		return -EINVAL;
	}
	if ((traffic->mode == GEN_UDP || traffic->mode == GEN_TCP) && traffic->flows > GEN_FLOWS_MAX) {
		GEN_LOG(ERR, "%s: flows=%u: must be at most %u\n", device, traffic->flows, GEN_FLOWS_MAX);
		return -EINVAL;
	}
	return check_size(parse, traffic);
}

static const struct key *find_key(const char *name)
{
	for (uint32_t index = 0; index < RTE_DIM(keys); index++)
		if (strcmp(keys[index].name, name) == 0)
			return &keys[index];
	return NULL;
}

/* One "key=value"; outside: the arguments have a peer. */
static int read_argument(struct parse *parse, char *argument, bool outside)
{
	char *value = strchr(argument, '=');

	if (value == NULL) {
		GEN_LOG(ERR, "%s: '%s': must be KEY=VALUE\n", parse->device, argument);
		return -EINVAL;
	}
	*value++ = '\0';
	const struct key *key = find_key(argument);
	if (key == NULL) {
		GEN_LOG(ERR, "%s: there is no key '%s'; keys are:", parse->device, argument);
		for (uint32_t index = 0; index < RTE_DIM(keys); index++)
			rte_log(RTE_LOG_ERR, gen_log_type, " %s", keys[index].name);
		rte_log(RTE_LOG_ERR, gen_log_type, "\n");
		return -EINVAL;
	}
	if (outside ? !key->outside : !key->inside) {
		GEN_LOG(ERR, "%s: %s=: %s\n", parse->device, argument,
			outside ? "belongs to the device that peer= names" : "needs peer=");
		return -EINVAL;
	}
	return key->read(parse, value) ? 0 : refuse(parse, argument, value, key->expected);
}

int gen_options_parse(const char *device, const char *arguments, struct gen_options *options)
{
	struct parse parse = {.device = device, .options = options};
	char *copy = strdup(arguments == NULL ? "" : arguments), *rest = copy, *argument;
	int result = copy == NULL ? -ENOMEM : 0;

	*options = (struct gen_options){
		.traffic = {.family = 4, .protocol = IPPROTO_UDP, .dport = 9, .seed = 1, .latency = true},
	};
	options->traffic.sport_first = 1024;
	options->traffic.sport_count = UINT16_MAX - 1024 + 1;

	bool outside = copy != NULL && (strncmp(copy, "peer=", 5) == 0 || strstr(copy, ",peer=") != NULL);
	while (result == 0 && (argument = strsep(&rest, ",")) != NULL)
		if (*argument != '\0')
			result = read_argument(&parse, argument, outside);
	free(copy);
	if (result == 0 && !outside)
		result = check_traffic(&parse);
	return result;
}
