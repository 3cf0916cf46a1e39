// SPDX-License-Identifier: Apache-2.0
/*
 * What a user can do with a process of the same user that has not become its program yet:
 * with a lease of PROGRAM, whose start then waits, it takes a look at the first such
 * process and prints what it could open, or "nothing".
 *
 * Usage: trace-starting PROGRAM
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <time.h>
#include <unistd.h>

static void get(const char *pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		got = read(fd, text, size - 1);
		close(fd);
	}
	text[got < 0 ? 0 : got] = '\0';
}

/* PID 1's program has the name that the kernel gives it. */
static bool is_starting(const char *pid)
{
	char text[1024];
	const char *user;

	get(pid, "cmdline", text, sizeof(text));
	if (strcmp(text, "/init"))
		return false;
	get(pid, "status", text, sizeof(text));
	user = strstr(text, "\nUid:");
	return user && (uid_t)atoi(user + strlen("\nUid:")) == getuid();
}

static bool find(char *pid, size_t size)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (!found && processes && (entry = readdir(processes))) {
		found = atoi(entry->d_name) > 1 && is_starting(entry->d_name);
		if (found)
			snprintf(pid, size, "%s", entry->d_name);
	}
	if (processes)
		closedir(processes);
	return found;
}

static bool try(const char *pid, const char *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	close(fd);
	printf(" %s", file);
	return true;
}

int main(int argc, char **argv)
{
	const time_t end = time(NULL) + 120;
	bool any = false;
	char pid[16];
	int fd;

	if (argc != 2)
		return 2;
	signal(SIGIO, SIG_IGN);
	fd = open(argv[1], O_WRONLY);
	if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0) {
		perror(argv[1]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (!find(pid, sizeof(pid))) {
		if (time(NULL) > end)
			return 1;
	}
	printf("could open:");
	/* From the moment that it is this user's until its start goes on. */
	for (int i = 0; i < 1000 && is_starting(pid); i++) {
		any = try(pid, "mem") || try(pid, "fd");
		if (ptrace(PTRACE_ATTACH, atoi(pid), NULL, NULL) == 0) {
			printf(" ptrace");
			any = true;
		}
		if (any)
			break;
	}
	puts(any ? "" : " nothing");
	fflush(stdout);
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return any;
}
