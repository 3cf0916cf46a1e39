// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <errno.h>
#include <string.h>

#include "supermachine-kernel.h"

/*
 * The end of "supermachine-kernel VERSION": thanks to the name before it, the
 * version can be found, without mistake, in a program that is linked statically
 * with the library. SUPERMACHINE_KERNEL_LOCKSTEP looks for it.
 */
const char *supermachine_kernel_version(void)
{
	return &PACKAGE_STRING[sizeof(PACKAGE_NAME)];
}

const char *supermachine_kernel_guest(void)
{
	return SUPERMACHINE_KERNEL_GUEST;
}

int supermachine_kernel_check_version(const char *version)
{
	if (version != NULL && strcmp(version, PACKAGE_VERSION) == 0)
		return 0;
	errno = version == NULL ? EINVAL : ENOTSUP;
	return -1;
}
