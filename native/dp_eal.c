/* EAL start and stop, lcores, devices, and the locks that tell who already runs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_version.h>

#include "dp_shim.h"

int32_t dp_eal_init(int32_t argc, char **argv)
{
	static int done;
	cpu_set_t before;

	if (__atomic_exchange_n(&done, 1, __ATOMIC_SEQ_CST))
		return -EALREADY;

	int captured = dp_log_capture();
	if (captured != 0)
		return captured;

	/* EAL pins its caller to the main lcore, and every thread created later would inherit that. */
	int error = pthread_getaffinity_np(pthread_self(), sizeof(before), &before);
	if (error != 0)
		return -error;

	int parsed = rte_eal_init(argc, argv);
	int result = parsed >= 0 ? 0 : rte_errno != 0 ? -rte_errno : -EINVAL;

	error = pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
	if (result == 0 && error != 0)
		result = -error;
	if (result == 0)
		dp_log_adopt_bpf();
	return result;
}

int32_t dp_eal_cleanup(void)
{
	return rte_eal_cleanup();
}

const char *dp_eal_version(void)
{
	return rte_version();
}

int32_t dp_cpu_check(uint32_t cpu)
{
	cpu_set_t before, only;

	if (cpu >= CPU_SETSIZE)
		return -EINVAL;

	int error = pthread_getaffinity_np(pthread_self(), sizeof(before), &before);
	if (error != 0)
		return -error;

	CPU_ZERO(&only);
	CPU_SET(cpu, &only);
	error = pthread_setaffinity_np(pthread_self(), sizeof(only), &only);
	if (error != 0)
		return -error;

	return -pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
}

int32_t dp_cpu_current(void)
{
	int cpu = sched_getcpu();
	return cpu >= 0 ? cpu : -errno;
}

static struct flock whole_file(void)
{
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

int32_t dp_lock_take(const char *path, int32_t *holder)
{
	struct flock lock = whole_file();

	*holder = 0;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0; /* fd stays open on purpose: the lock lives as long as the process */

	int error = errno;
	if (error == EACCES || error == EAGAIN) {
		error = EBUSY;
		if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
			*holder = lock.l_pid > 0 ? lock.l_pid : 0;
	}
	close(fd);
	return -error;
}

int32_t dp_lock_holder(const char *path)
{
	struct flock lock = whole_file();
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;

	int result = fcntl(fd, F_GETLK, &lock) == 0 ? 0 : -errno;
	close(fd);
	return result != 0 || lock.l_type == F_UNLCK ? result : lock.l_pid;
}

int32_t dp_lcore_launch(uint32_t lcore, dp_lcore_entry entry, void *argument)
{
	if (lcore >= RTE_MAX_LCORE || !rte_lcore_is_enabled(lcore) || lcore == rte_get_main_lcore())
		return -EINVAL;
	return rte_eal_remote_launch(entry, argument, lcore);
}

int32_t dp_lcore_wait(uint32_t lcore, int32_t *result)
{
	if (lcore >= RTE_MAX_LCORE || !rte_lcore_is_enabled(lcore) || lcore == rte_lcore_id())
		return -EINVAL;
	*result = rte_eal_wait_lcore(lcore);
	return 0;
}

int32_t dp_lcore_busy(uint32_t lcore)
{
	if (lcore >= RTE_MAX_LCORE || !rte_lcore_is_enabled(lcore))
		return -EINVAL;
	return rte_eal_get_lcore_state(lcore) == RUNNING;
}

uint32_t dp_lcore_current(void)
{
	return rte_lcore_id();
}

int32_t dp_lcore_node(uint32_t lcore)
{
	if (lcore >= RTE_MAX_LCORE || !rte_lcore_is_enabled(lcore))
		return -EINVAL;
	return (int32_t)rte_lcore_to_socket_id(lcore);
}

int32_t dp_device_add(const char *devargs)
{
	return rte_dev_probe(devargs);
}

int32_t dp_device_remove(const char *bus, const char *name)
{
	return rte_eal_hotplug_remove(bus, name);
}
