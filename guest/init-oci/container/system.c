// SPDX-License-Identifier: Apache-2.0
#include "container/system.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "container/sysctl.h"

static int bring_loopback_up(struct error *error)
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

int system_set_up(const struct config *config, struct error *error)
{
	if (config->hostname && sethostname(config->hostname, strlen(config->hostname)) < 0)
		return step_error("set hostname ", config->hostname, error);
	if (config->domainname && setdomainname(config->domainname, strlen(config->domainname)) < 0)
		return step_error("set domainname ", config->domainname, error);
	if (sysctl_apply(config, error) < 0)
		return -1;
	return bring_loopback_up(error);
}
