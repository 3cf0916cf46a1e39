// SPDX-License-Identifier: Apache-2.0
/* The network interface by which the machine reaches itself. */
#include "container/loopback.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int loopback_bring_up(struct error *error)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result;

	/* A kernel without IPv4 has no loopback to bring up. */
	if (fd < 0 && errno == EAFNOSUPPORT)
		return 0;
	if (fd < 0)
		return step_error("bring lo up", "", error);
	result = ioctl(fd, SIOCSIFFLAGS, &request);
	if (result < 0)
		step_error("bring lo up", "", error);
	close(fd);
	return result;
}
