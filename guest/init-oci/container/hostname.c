// SPDX-License-Identifier: Apache-2.0
/* The names of the machine. */
#include "container/hostname.h"

#include <string.h>
#include <unistd.h>

int hostname_set(const struct config *config, struct error *error)
{
	if (config->hostname && sethostname(config->hostname, strlen(config->hostname)) < 0)
		return step_error("set hostname ", config->hostname, error);
	if (config->domainname && setdomainname(config->domainname, strlen(config->domainname)) < 0)
		return step_error("set domainname ", config->domainname, error);
	return 0;
}
