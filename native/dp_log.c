/* DPDK's messages go into a ring in memory: start-up errors become one line, and stdout stays the program's. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_log.h>

#include "dp_shim.h"

#define RING_BYTES 65536u /* a start-up at debug level is about 20 KiB */

static pthread_mutex_t ring_lock = PTHREAD_MUTEX_INITIALIZER;
static char ring[RING_BYTES];
static uint64_t ring_position; /* bytes ever written; the newest is at (ring_position - 1) % RING_BYTES */
static int mirror_fd = -1;

static void ring_append(const char *text, size_t size)
{
	if (size > RING_BYTES) {
		ring_position += size - RING_BYTES;
		text += size - RING_BYTES;
		size = RING_BYTES;
	}

	size_t at = ring_position % RING_BYTES;
	size_t first = size < RING_BYTES - at ? size : RING_BYTES - at;

	memcpy(ring + at, text, first);
	memcpy(ring, text + first, size - first);
	ring_position += size;
}

static ssize_t ring_write(void *cookie, const char *text, size_t size)
{
	(void)cookie;
	pthread_mutex_lock(&ring_lock);
	ring_append(text, size);
	int fd = mirror_fd;
	pthread_mutex_unlock(&ring_lock);

	/* A mirror that cannot be written must not fail the log. */
	if (fd >= 0 && write(fd, text, size) < 0)
		return (ssize_t)size;

	return (ssize_t)size;
}

int32_t dp_log_capture(void)
{
	static FILE *stream;

	if (stream != NULL)
		return 0;

	stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = ring_write});
	if (stream == NULL)
		return -ENOMEM;

	setvbuf(stream, NULL, _IOLBF, 0);
	return rte_openlog_stream(stream) == 0 ? 0 : -EIO;
}

uint32_t dp_log_read(char *text, uint32_t size)
{
	if (size == 0)
		return 0;

	pthread_mutex_lock(&ring_lock);
	uint64_t kept = ring_position < RING_BYTES ? ring_position : RING_BYTES;
	uint64_t count = kept < size - 1 ? kept : size - 1;

	for (uint64_t index = 0; index < count; index++)
		text[index] = ring[(ring_position - count + index) % RING_BYTES];
	pthread_mutex_unlock(&ring_lock);

	text[count] = '\0';
	return (uint32_t)count;
}

uint64_t dp_log_position(void)
{
	pthread_mutex_lock(&ring_lock);
	uint64_t position = ring_position;
	pthread_mutex_unlock(&ring_lock);
	return position;
}

void dp_log_mirror(int32_t fd)
{
	pthread_mutex_lock(&ring_lock);
	mirror_fd = fd;
	pthread_mutex_unlock(&ring_lock);
}

/* libbpf_print_fn_t and libxdp_print_fn_t: level 0 warns, 1 informs, 2 debugs. */
static int bpf_print(int level, const char *format, va_list arguments)
{
	char line[512];

	if (level > 1)
		return 0;

	int size = vsnprintf(line, sizeof(line), format, arguments);

	if (size <= 0)
		return 0;
	if ((size_t)size >= sizeof(line))
		size = sizeof(line) - 1;
	ring_write(NULL, line, (size_t)size);
	return size;
}

void dp_log_adopt_bpf(void)
{
	static const char *const libraries[][2] = {
		{"libbpf.so.1", "libbpf_set_print"},
		{"libxdp.so.1", "libxdp_set_print"},
	};
	typedef void *(*set_print)(int (*)(int, const char *, va_list));

	for (size_t index = 0; index < sizeof(libraries) / sizeof(libraries[0]); index++) {
		/* Only when EAL's driver plugin has loaded it: this shim does not depend on either. */
		void *library = dlopen(libraries[index][0], RTLD_NOW | RTLD_NOLOAD);
		if (library == NULL)
			continue;

		set_print set;
		void *symbol = dlsym(library, libraries[index][1]);
		memcpy(&set, &symbol, sizeof(set)); /* ISO C has no cast from object to function pointer */
		if (symbol != NULL)
			set(bpf_print);
		dlclose(library);
	}
}
