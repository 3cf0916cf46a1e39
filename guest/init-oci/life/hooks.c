// SPDX-License-Identifier: Apache-2.0
/* `hooks.startContainer`: programs that run in the container before its own. */
#include "life/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/console.h"
#include "base/linux_abi.h"
#include "life/exit_status.h"

/* A hook reads the container's state from its standard input. */
static int open_state(void)
{
	struct decimal number;
	char text[128];
	size_t length;
	int state[2];
	ssize_t written;

	if (pipe2(state, O_CLOEXEC) < 0)
		return -1;
	length = text_join(text, sizeof(text), (const char *const[]){
		"{\"ociVersion\":\"1.2.0\",\"id\":\"container\",\"status\":\"created\",\"pid\":",
		decimal(&number, (unsigned int)getpid()), ",\"bundle\":\"/\"}", NULL });
	/* There is room in a pipe. */
	written = write(state[1], text, length);
	close(state[1]);
	if (written == (ssize_t)length)
		return state[0];
	close(state[0]);
	return -1;
}

static noreturn void become_hook(const struct hook *hook, int state)
{
	char *const path_alone[] = { (char *)hook->path, NULL }, *const nothing[] = { NULL };

	dup2(state, STDIN_FILENO);
	execve(hook->path, hook->args && hook->args[0] ? hook->args : path_alone,
	       hook->env ? hook->env : nothing);
	SAY("run hook ", hook->path, ": ", strerror(errno));
	_exit(exit_status_of_exec(errno));
}

/* Whether it ends in time; without a time, it always does. */
static bool ends_in_time(pid_t process, int timeout)
{
	struct pollfd end = { .fd = process_descriptor(process), .events = POLLIN };
	int result;

	if (end.fd < 0)
		return true;
	do {
		result = poll(&end, 1, timeout ? timeout * 1000 : -1);
	} while (result < 0 && errno == EINTR);
	close(end.fd);
	return result > 0;
}

static int wait_for(const struct hook *hook, pid_t process, struct error *error)
{
	const bool in_time = ends_in_time(process, hook->timeout);
	struct decimal number;
	int status;

	if (!in_time)
		kill(process, SIGKILL);
	while (waitpid(process, &status, 0) < 0) {
		if (errno != EINTR)
			return step_error("run hook ", hook->path, error);
	}
	if (!in_time)
		return ERROR(error, "run hook ", hook->path, ": it has not ended after ",
			     decimal(&number, (unsigned int)hook->timeout), " seconds");
	if (status)
		return ERROR(error, "run hook ", hook->path, ": its exit status is ",
			     decimal(&number, (unsigned int)exit_status_of_wait(status)));
	return 0;
}

int hooks_run(const struct config *config, const struct seccomp_filter *filter,
	      int (*restrict_process)(const struct config *config,
				      const struct seccomp_filter *filter, struct error *error),
	      struct error *error)
{
	for (size_t i = 0; i < config->hook_count; i++) {
		const struct hook *hook = &config->hooks[i];
		const int state = open_state();
		const pid_t process = state < 0 ? -1 : fork();

		if (process == 0) {
			if (restrict_process(config, filter, error) == 0)
				become_hook(hook, state);
			SAY(error->text);
			_exit(EXIT_STATUS_SETUP_FAILED);
		}
		if (process < 0)
			step_error("run hook ", hook->path, error);
		if (state >= 0)
			close(state);
		if (process < 0 || wait_for(hook, process, error) < 0)
			return -1;
	}
	return 0;
}
