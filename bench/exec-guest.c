// SPDX-License-Identifier: Apache-2.0
/*
 * What bench/exec runs in its container: without arguments it does nothing, like true.
 *
 *   wait                  is the container's own process
 *   start PROGRAM TIMES   fork(), execve() and wait() of the program
 *   fill FILE MIB         makes a file
 *   cat FILE PORT         writes the file to a vsock port of the host
 */
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* That of cat in the GNU coreutils */
static char block[128 * 1024];

static int start(char *program, int times)
{
	char *const arguments[] = { program, NULL };
	int status = 0;

	for (int i = 0; i < times && !status; i++) {
		const pid_t child = fork();

		if (child == 0) {
			execv(program, arguments);
			_exit(127);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0)
			return 1;
	}
	return status != 0;
}

static int write_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		const ssize_t written = write(fd, block + done, size - done);

		if (written < 0)
			return -1;
		done += (size_t)written;
	}
	return 0;
}

static int fill(const char *file, int mebibytes)
{
	const int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	size_t left = (size_t)mebibytes * 1024 * 1024;

	memset(block, 'x', sizeof(block));
	for (; fd >= 0 && left; left -= sizeof(block)) {
		if (write_all(fd, sizeof(block)) < 0)
			break;
	}
	return fd < 0 || left;
}

static int cat(const char *file, unsigned int port)
{
	const struct sockaddr_vm address = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = port,
	};
	const int from = open(file, O_RDONLY);
	const int to = socket(AF_VSOCK, SOCK_STREAM, 0);
	ssize_t got = -1;

	if (from < 0 || connect(to, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return 1;
	while ((got = read(from, block, sizeof(block))) > 0) {
		if (write_all(to, (size_t)got) < 0)
			return 1;
	}
	return got < 0;
}

int main(int count, char *arguments[])
{
	if (count == 1)
		return 0;
	if (count == 2)
		return pause();
	if (count != 4)
		return 2;
	if (!strcmp(arguments[1], "start"))
		return start(arguments[2], atoi(arguments[3]));
	if (!strcmp(arguments[1], "fill"))
		return fill(arguments[2], atoi(arguments[3]));
	return cat(arguments[2], (unsigned int)atoi(arguments[3]));
}
