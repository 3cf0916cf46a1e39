// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <errno.h>
#include <string.h>

#include "supermachine-kernel.h"

const char *supermachine_kernel_version(void)
{
	return PACKAGE_VERSION;
}

int supermachine_kernel_check_version(const char *version)
{
	if (version != NULL && strcmp(version, PACKAGE_VERSION) == 0)
		return 0;
	errno = version == NULL ? EINVAL : ENOTSUP;
	return -1;
}
