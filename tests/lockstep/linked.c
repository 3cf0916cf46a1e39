// SPDX-License-Identifier: Apache-2.0
/* A program that is linked to the library: what version it got, or why not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <supermachine-kernel.h>

int main(void)
{
	if (supermachine_kernel_check_version(SUPERMACHINE_KERNEL_VERSION) == 0)
		return puts(supermachine_kernel_version()) < 0;
	fprintf(stderr, "check_version: made for %s, with %s: %s\n", SUPERMACHINE_KERNEL_VERSION,
		supermachine_kernel_version(), errno == ENOTSUP ? "ENOTSUP" : strerror(errno));
	return 1;
}
