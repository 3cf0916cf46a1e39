// SPDX-License-Identifier: Apache-2.0
/*
 * Takes all memory there is: processes without number, all of which do the same. Those
 * that the OOM killer ends leave nothing, and each has as much of its own as lets memory
 * end shortly before the numbers do: much more, and it would be back too soon.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The kernel takes less for a process on arm64: there it grows when the numbers end first. */
#ifdef __aarch64__
#define LARGEST (1 << 20)
#else
#define LARGEST 16384
#endif

int main(void)
{
	static char own[LARGEST];
	size_t size = 16384;

	signal(SIGCHLD, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	for (;;) {
		memset(own, 1, size);
		if (fork() < 0 && errno == EAGAIN && size < sizeof(own))
			size += 4096;
	}
}
