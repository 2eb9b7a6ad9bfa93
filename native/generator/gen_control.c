/*
 * Commands to a running port, over the telemetry socket of the process that has it:
 *
 *   /generator/rate,PORT[,RATE]       RATE as the argument `rate`; answers with what holds
 *   /generator/reset,PORT[,times]     counters, latencies and the gap between polls begin anew; times: only the
 * last two
 *
 * An order is a word that the polling thread reads at its next poll. What is wrong with a command is its answer's
 * "error".
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_telemetry.h>

#include "gen_frame.h"

#define PARAMETERS_MAX 256u
#define ERROR_MAX      128u /* telemetry's longest string in an object */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* All ports by DPDK's number. Under gen_lock: ethdev's own list has none against commands from other threads. */
static struct gen_port *ports[RTE_MAX_ETHPORTS];

void gen_lock(void)
{
	pthread_mutex_lock(&lock);
}

void gen_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

void gen_note_port(uint16_t id, struct gen_port *port)
{
	ports[id] = port;
}

struct gen_port *gen_find_port(const char *name)
{
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++)
		if (ports[id] != NULL && strcmp(ports[id]->name, name) == 0)
			return ports[id];
	return NULL;
}

/* The words of a command's parameters. Those that were not given are NULL. */
struct words {
	char text[PARAMETERS_MAX];
	char *port, *value;
	bool excess;
};

static void split(struct words *words, const char *parameters)
{
	*words = (struct words){0};
	words->excess = snprintf(words->text, sizeof(words->text), "%s", parameters == NULL ? "" : parameters) >=
			(int)sizeof(words->text);
	char *rest = words->text;
	words->port = strsep(&rest, ",");
	words->value = strsep(&rest, ",");
	words->excess |= rest != NULL;
}

__rte_format_printf(2, 3) static int refuse(struct rte_tel_data *answer, const char *format, ...)
{
	char text[ERROR_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return rte_tel_data_add_dict_string(answer, "error", text);
}

/* What a command does to its port. Under gen_lock; 0, or what the telemetry library answers. */
typedef int (*action)(struct gen_port *port, const char *value, struct rte_tel_data *answer);

static int perform(const char *parameters, struct rte_tel_data *answer, const char *usage, action act)
{
	struct words words;

	split(&words, parameters);
	rte_tel_data_start_dict(answer);
	if (words.excess || *words.port == '\0')
		return refuse(answer, "must be %s", usage);
	gen_lock();
	struct gen_port *port = gen_find_port(words.port);
	int result = port == NULL ? refuse(answer, "%.64s: no such net_generator device", words.port)
				  : act(port, words.value, answer);
	gen_unlock();
	return result;
}

static int set_rate(struct gen_port *port, const char *value, struct rte_tel_data *answer)
{
	if (value != NULL && !gen_read_rate(value, &port->options.rate))
		return refuse(answer, "%.32s: must be 0 to %u packets a second, or paused", value, GEN_RATE_MAX);
	for (uint16_t queue = 0; queue < port->rx_queues; queue++)
		if (port->rx[queue] != NULL)
			__atomic_store_n(&port->rx[queue]->interval_wanted, gen_interval(port, port->options.rate),
					 __ATOMIC_RELAXED);
	return port->options.rate == GEN_RATE_PAUSED
		       ? rte_tel_data_add_dict_string(answer, "rate", "paused")
		       : rte_tel_data_add_dict_u64(answer, "rate", port->options.rate);
}

static int reset(struct gen_port *port, const char *value, struct rte_tel_data *answer)
{
	if (value != NULL && strcmp(value, "times") != 0)
		return refuse(answer, "%.32s: must be times, or nothing", value);
	gen_stats_reset(port, value != NULL);
	return rte_tel_data_add_dict_string(answer, "reset", value == NULL ? "all" : value);
}

static int command_rate(const char *command, const char *parameters, struct rte_tel_data *answer)
{
	RTE_SET_USED(command);
	return perform(parameters, answer, "/generator/rate,PORT[,RATE]", set_rate);
}

static int command_reset(const char *command, const char *parameters, struct rte_tel_data *answer)
{
	RTE_SET_USED(command);
	return perform(parameters, answer, "/generator/reset,PORT[,times]", reset);
}

RTE_INIT(register_commands)
{
	rte_telemetry_register_cmd("/generator/rate", command_rate,
				   "Packets a second of a generator's port. Parameters: PORT[,RATE|paused]");
	rte_telemetry_register_cmd("/generator/reset", command_reset,
				   "Counters of a generator's port begin anew. Parameters: PORT[,times]");
}
