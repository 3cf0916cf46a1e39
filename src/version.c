// SPDX-License-Identifier: Apache-2.0
#include <config.h>

#include "supermachine-kernel.h"

const char *supermachine_kernel_version(void)
{
	return PACKAGE_VERSION;
}
