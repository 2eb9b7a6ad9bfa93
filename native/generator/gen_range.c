/* Numbers and ranges of addresses as people write them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen_frame.h"

bool gen_read_number(const char *text, uint64_t low, uint64_t high, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *value >= low && *value <= high;
}

bool gen_read_rate(const char *text, uint64_t *rate)
{
	uint64_t number = GEN_RATE_PAUSED;

	if (strcmp(text, "paused") != 0 && !gen_read_number(text, 0, GEN_RATE_MAX, &number))
		return false;
	*rate = number;
	return true;
}

/* Splits an address into the part that all hosts share and the low 32 bits. */
static bool read_address(const char *text, uint32_t family, uint8_t *high, uint32_t *low)
{
	uint8_t bytes[16];

	if (inet_pton(family == 4 ? AF_INET : AF_INET6, text, bytes) != 1)
		return false;
	if (family == 6)
		memcpy(high, bytes, 12);
	*low = rte_be_to_cpu_32(gen_load32(bytes + (family == 4 ? 0 : 12)));
	return true;
}

/*
 * Hosts of a prefix: an IPv4 network's own and broadcast address are left out up to /30, and so is the
 * subnet-router anycast address of IPv6 (RFC 4291 section 2.6.1). A longer range is used up to GEN_HOSTS_MAX
 * hosts.
 */
static bool read_prefix(char *text, uint32_t family, struct gen_range *range)
{
	uint32_t bits = family == 4 ? 32 : 128;
	char *slash = strchr(text, '/');
	uint64_t length;

	*slash = '\0';
	if (!read_address(text, family, range->high, &range->low) || !gen_read_number(slash + 1, 1, bits, &length))
		return false;

	uint32_t host_bits = bits - (uint32_t)length;
	uint64_t hosts = 1ull << RTE_MIN(host_bits, 32u);
	if ((range->low & (hosts - 1)) != 0)
		return false;
	if (host_bits >= 2) {
		range->low++;
		hosts -= family == 4 ? 2 : 1;
	}
	range->count = (uint32_t)RTE_MIN(hosts, (uint64_t)GEN_HOSTS_MAX);
	return true;
}

static bool read_span(char *text, uint32_t family, struct gen_range *range)
{
	char *dash = strchr(text, '-');
	uint8_t high[12] = {0};
	uint32_t last;

	if (dash != NULL)
		*dash = '\0';
	if (!read_address(text, family, range->high, &range->low) ||
	    !read_address(dash == NULL ? text : dash + 1, family, high, &last))
		return false;
	if (memcmp(high, range->high, sizeof(high)) != 0 || last < range->low ||
	    last - range->low >= GEN_HOSTS_MAX)
		return false;
	range->count = last - range->low + 1;
	return true;
}

bool gen_read_range(const char *text, uint32_t family, struct gen_range *range)
{
	char copy[GEN_VALUE_MAX];

	memset(range, 0, sizeof(*range));
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return false;
	return strchr(copy, '/') != NULL ? read_prefix(copy, family, range) : read_span(copy, family, range);
}
