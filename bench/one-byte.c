// SPDX-License-Identifier: Apache-2.0
/*
 * Read one byte of the kernel, and end. With WITHOUT_LIBRARY, the same program
 * with a byte of its own.
 */
#include <config.h>

#if defined WITHOUT_LIBRARY
static const unsigned char byte = 1;
static const unsigned char *const bytes = &byte;
#else
#include <supermachine-kernel.h>
#define bytes supermachine_kernel_bytes
#endif

int main(void)
{
	const volatile unsigned char *first = bytes;

	(void)first[0];
	return 0;
}
