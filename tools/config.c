// SPDX-License-Identifier: Apache-2.0
/* supermachine-kernel config: what the kernel was configured with, from its own image. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asset.h"
#include "commands.h"
#include "options.h"

/* They enclose the kernel's configuration, which CONFIG_IKCONFIG puts there as gzip. */
#define START_MARK "IKCFG_ST"
#define END_MARK "IKCFG_ED"

extern char **environ;

void help_config(const struct program *program)
{
	print_usage(program, "[OPTION]...");
	fputs("Show the configuration that the kernel was built with, read out of its image.\n"
	      "Needs gzip.\n\n", stdout);
	print_common_help(program);
}

/* What is between the marks; NULL if there is none. */
static const unsigned char *find_config(const unsigned char *image, size_t length, size_t *config_length)
{
	const unsigned char *start, *end;

	start = find_text(image, length, START_MARK);
	if (start == NULL)
		return NULL;
	start += strlen(START_MARK);
	end = find_text(start, length - (size_t)(start - image), END_MARK);
	if (end == NULL)
		return NULL;
	*config_length = (size_t)(end - start);
	return start;
}

/* Starts gzip -dc, which reads from fd and writes to our standard output. */
static int spawn_gzip(int fd, pid_t *child)
{
	static char *const arguments[] = { (char *)"gzip", (char *)"-dc", NULL };
	posix_spawn_file_actions_t actions;
	int error;

	error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		return error;
	error = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (error == 0)
		error = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* If this fails, gzip fails as well, and knows why. */
static void send_all(int fd, const unsigned char *bytes, size_t length)
{
	while (length > 0) {
		/* No signal if gzip has ended already. */
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return;
		if (sent > 0) {
			bytes += sent;
			length -= (size_t)sent;
		}
	}
}

static int wait_for_gzip(const struct program *program, pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			complain(program, "gzip: %s", strerror(errno));
			return STATUS_TROUBLE;
		}
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return STATUS_DONE;
	/* The reader of our output has gone: be as silent as if we had written it ourselves. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE)
		raise(SIGPIPE);
	/* Some systems report a failed posix_spawnp() only in this way. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		complain(program, "gzip cannot be run: install it");
	else
		complain(program, "gzip could not decode the configuration or write it");
	return STATUS_TROUBLE;
}

static int decode(const struct program *program, const unsigned char *bytes, size_t length)
{
	int error, ends[2];
	pid_t child;

	/* Not a pipe: writing to one whose reader is gone raises a signal. */
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) {
		complain(program, "%s", strerror(errno));
		return STATUS_TROUBLE;
	}
	/* Otherwise gzip would hold the writing end itself, and wait for it to close. */
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	error = spawn_gzip(ends[1], &child);
	close(ends[1]);
	if (error == 0)
		send_all(ends[0], bytes, length);
	close(ends[0]);
	if (error == 0)
		return wait_for_gzip(program, child);
	complain(program, "gzip: %s%s", strerror(error), error == ENOENT ? ": install it" : "");
	return STATUS_TROUBLE;
}

int command_config(const struct program *program, int argc, char **argv)
{
	const struct asset *kernel = asset_kernel();
	const unsigned char *image, *config;
	size_t length;
	int status;

	if (plain_options(program, argc, argv, help_config, NULL, &status) == OPTIONS_STOP)
		return status;
	if (!operands_are_at_most(program, argc, argv, 0))
		return STATUS_TROUBLE;
	image = kernel->get(&length);
	if (image == NULL) {
		complain(program, "%s: %s", kernel->name, asset_error(errno));
		return STATUS_TROUBLE;
	}
	config = find_config(image, length, &length);
	if (config == NULL) {
		complain(program, "%s: holds no configuration: it was built without CONFIG_IKCONFIG",
			 kernel->name);
		return STATUS_TROUBLE;
	}
	return decode(program, config, length);
}
