// SPDX-License-Identifier: Apache-2.0
/*
 * A library that is loaded after the one under test, and so is ended after it:
 * then it reads bytes of that, as a thread could which is still running.
 */
#include <stddef.h>

const volatile unsigned char *read_at_end;

__attribute__((destructor)) static void read_them(void)
{
	if (read_at_end != NULL)
		(void)*read_at_end;
}
