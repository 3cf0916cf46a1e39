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

#include "base/linux_abi.h"
#include "life/exit_status.h"

/* For a hook that was killed. */
#define GRACE_SECONDS 2

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

static noreturn void become_hook(const struct config *config, const struct hook *hook, int state,
				 const struct seccomp_filter *filter,
				 hooks_restrict *restrict_process, struct error *error)
{
	char *const path_alone[] = { (char *)hook->path, NULL }, *const nothing[] = { NULL };
	sigset_t none;

	/* Before the filter, which need not allow anything but execve(). */
	dup2(state, STDIN_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (restrict_process(config, filter, error) == 0) {
		execve(hook->path, hook->args && hook->args[0] ? hook->args : path_alone,
		       hook->env ? hook->env : nothing);
		step_error("run hook ", hook->path, error);
	}
	exit_surely(EXIT_STATUS_SETUP_FAILED);
}

/* Whether it ends within so many seconds; 0: however long it takes. */
static bool ends_in_time(int process_end, int seconds)
{
	struct pollfd end = { .fd = process_end, .events = POLLIN };
	int result;

	do {
		result = poll(&end, 1, seconds ? seconds * 1000 : -1);
	} while (result < 0 && errno == EINTR);
	return result > 0;
}

/* Nothing runs yet but PID 1, this process, and what hooks have started. */
static void kill_all(void)
{
	kill(-1, SIGKILL);
}

static int take_status(const struct hook *hook, pid_t process, struct error *error)
{
	struct decimal number;
	int status;
	pid_t ended = waitpid(process, &status, WNOHANG);

	/* Has one of its own traced it, and kept its status back? */
	if (ended == 0)
		kill_all();
	while (ended == 0 || (ended < 0 && errno == EINTR))
		ended = waitpid(process, &status, 0);
	if (ended < 0)
		return step_error("run hook ", hook->path, error);
	/* It may not have become the hook. */
	if (error->text[0])
		return -1;
	if (status)
		return ERROR(error, "run hook ", hook->path, ": its exit status is ",
			     decimal(&number, (unsigned int)exit_status_of_wait(status)));
	return 0;
}

static int wait_for(const struct hook *hook, pid_t process, struct error *error)
{
	const int end = process_descriptor(process);
	struct decimal number;
	bool in_time;

	if (end < 0) {
		step_error("wait for hook ", hook->path, error);
		kill_all();
		return -1;
	}
	in_time = ends_in_time(end, hook->timeout);
	if (!in_time) {
		kill_all();
		/* It may still wait in the kernel, for a server that does not answer. */
		ends_in_time(end, GRACE_SECONDS);
		ERROR(error, "run hook ", hook->path, ": it has not ended after ",
		      decimal(&number, (unsigned int)hook->timeout), " seconds");
	}
	close(end);
	return in_time ? take_status(hook, process, error) : -1;
}

int hooks_run(const struct config *config, const struct seccomp_filter *filter,
	      hooks_restrict *restrict_process, struct error *error)
{
	for (size_t i = 0; i < config->hook_count; i++) {
		const struct hook *hook = &config->hooks[i];
		const int state = open_state();
		pid_t process = -1;

		error->text[0] = '\0';
		if (state >= 0)
			process = fork();
		if (process == 0)
			become_hook(config, hook, state, filter, restrict_process, error);
		if (process < 0)
			step_error("run hook ", hook->path, error);
		if (state >= 0)
			close(state);
		if (process < 0 || wait_for(hook, process, error) < 0)
			return -1;
	}
	return 0;
}
