// SPDX-License-Identifier: Apache-2.0
/*
 * Takes all memory there is: processes without number, all of which do the same. Those
 * that the OOM killer ends leave nothing, and each has as much of its own as lets memory
 * end shortly before the numbers do: much more, and it would be back too soon.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	static char own[16384];

	signal(SIGCHLD, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	for (;;) {
		memset(own, 1, sizeof(own));
		fork();
	}
}
