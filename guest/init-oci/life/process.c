// SPDX-License-Identifier: Apache-2.0
/* From a new child to the program of the container. */
#include "life/process.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/errors.h"
#include "base/in_root.h"
#include "base/linux_abi.h"
#include "base/proc.h"
#include "life/exit_status.h"
#include "life/hooks.h"
#include "life/kernel_attributes.h"
#include "life/path_search.h"
#include "life/seccomp.h"

#define CAPABILITY_MAX 63

static int take_terminal(const struct config *config, struct error *error)
{
	const struct winsize size = { .ws_row = config->rows, .ws_col = config->columns };

	if (!config->terminal)
		return 0;
	if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return step_error("make the standard input the terminal", "", error);
	if (config->rows && ioctl(STDIN_FILENO, TIOCSWINSZ, &size) < 0)
		return step_error("set the terminal's size", "", error);
	return 0;
}

/* Not before the hooks have run: this program may need more than what is left to the container. */
static int set_limits(const struct config *config, struct error *error)
{
	for (size_t i = 0; i < config->limit_count; i++) {
		const struct limit *limit = &config->limits[i];
		const struct rlimit value = { .rlim_cur = limit->soft, .rlim_max = limit->hard };

		if (prlimit(0, limit->resource, &value, NULL) < 0)
			return step_error("set resource limits", "", error);
	}
	return 0;
}

static int set_oom_score(const struct config *config, struct error *error)
{
	const int score = config->oom_score_adj;
	struct decimal number;
	char text[16];

	if (!config->has_oom_score_adj)
		return 0;
	text_join(text, sizeof(text), (const char *const[]){
		score < 0 ? "-" : "", decimal(&number, (unsigned int)(score < 0 ? -score : score)),
		NULL });
	if (proc_write("self/oom_score_adj", text) < 0)
		return step_error("set the OOM score", "", error);
	return 0;
}

static int bound_capabilities(const struct config *config, struct error *error)
{
	if (!config->has_capabilities)
		return 0;
	/* Reading the bounding set fails after the kernel's last capability. */
	for (int i = 0; i <= CAPABILITY_MAX && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
		if (!(config->capabilities.bounding >> i & 1) &&
		    prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return step_error("drop capabilities", "", error);
	}
	return 0;
}

/* The kernel installs a filter for who has CAP_SYS_ADMIN, unless noNewPrivileges is set. */
static bool filter_needs_capability(const struct config *config)
{
	return config->seccomp.present && !config->no_new_privileges;
}

/*
 * Another user of this id may trace this program as soon as it has no more capabilities:
 * with the sysctl fs.suid_dumpable=1, the change of user has made it traceable, and before
 * execve() it still has what is PID 1's. So it has them until that is undone.
 *
 * The bare system calls, since the C library's functions change the ids of all
 * threads, with machinery that a single-threaded program need not carry.
 */
static int set_user(const struct config *config, struct error *error)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return step_error("keep capabilities", "", error);
	if (syscall(SYS_setgroups, config->group_count, config->groups) < 0)
		return step_error("set additional groups", "", error);
	if (syscall(SYS_setresgid, config->gid, config->gid, config->gid) < 0)
		return step_error("set group", "", error);
	if (syscall(SYS_setresuid, config->uid, config->uid, config->uid) < 0)
		return step_error("set user", "", error);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

static int set_capabilities(const struct config *config, struct error *error)
{
	const struct capabilities *sets = &config->capabilities;
	const struct capability_header header = { .version = CAPABILITY_VERSION_3 };
	struct capability_data data[2];

	/* Without sets of its own, root keeps all, and another user none. */
	if (!config->has_capabilities && config->uid == 0)
		return 0;
	for (int i = 0; i < 2; i++) {
		data[i] = (struct capability_data){
			.effective = (uint32_t)(sets->effective >> 32 * i),
			.permitted = (uint32_t)(sets->permitted >> 32 * i),
			.inheritable = (uint32_t)(sets->inheritable >> 32 * i),
		};
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return step_error("set capabilities", "", error);
	for (int i = 0; i <= CAPABILITY_MAX; i++) {
		if ((sets->ambient >> i & 1) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return step_error("set ambient capabilities", "", error);
	}
	return 0;
}

static int set_no_new_privileges(const struct config *config, struct error *error)
{
	if (config->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return step_error("set noNewPrivileges", "", error);
	return 0;
}

/* By no link of /proc: one of those to what this program has open leads out of the root. */
static int enter_directory(const char *path, struct error *error)
{
	int fd, result;

	/* That of most processes, at a fraction of the cost. */
	if (!strcmp(path, "/"))
		return chdir(path) < 0 ? step_error("enter directory ", path, error) : 0;
	fd = in_root_find_anywhere("enter directory ", IN_ROOT(path), error);
	if (fd < 0)
		return -1;
	result = fchdir(fd);
	if (result < 0)
		step_error("enter directory ", path, error);
	close(fd);
	return result;
}

static int set_surroundings(const struct config *config, struct error *error)
{
	setsid();
	if (config->umask >= 0)
		umask((mode_t)config->umask);
	if (take_terminal(config, error) < 0 || set_oom_score(config, error) < 0 ||
	    kernel_attributes_set(config, error) < 0)
		return -1;
	/* As root, like container engines: the directory may be closed to the user. */
	if (enter_directory(config->cwd, error) < 0)
		return -1;
	if (streams_give(config->uid) < 0)
		return step_error("give the standard streams to the user", "", error);
	return 0;
}

/*
 * The seccomp filter comes last, since it need not allow what comes after it but
 * execve(): or capset() and prctl(), where the filter needs the capability.
 */
static int restrict_privileges(const struct config *config, const struct seccomp_filter *filter,
			       struct error *error)
{
	const bool early = filter_needs_capability(config);
	const bool late = config->seccomp.present && !early;

	if (set_limits(config, error) < 0 || bound_capabilities(config, error) < 0 ||
	    set_user(config, error) < 0 ||
	    (early && seccomp_install(&config->seccomp, filter, error) < 0) ||
	    set_capabilities(config, error) < 0 || set_no_new_privileges(config, error) < 0 ||
	    (late && seccomp_install(&config->seccomp, filter, error) < 0))
		return -1;
	return 0;
}

static int prepare(const struct config *config, const struct seccomp_filter *filter,
		   const sigset_t *signals, struct failure *failure)
{
	struct error *error = &failure->error;

	if (set_surroundings(config, error) < 0)
		return -1;
	/*
	 * What a hook leaves running could have the rights to trace this program before it
	 * becomes the container's, and to take what it has open. execve() ends this.
	 */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	deadline_be_usual();
	if (hooks_run(config, filter, restrict_privileges, error) < 0 ||
	    scheduler_set(config, error) < 0)
		return -1;
	failure->is_close = true;
	/* Those that have waited are for the program. The filter need not allow this. */
	sigprocmask(SIG_SETMASK, signals, NULL);
	return restrict_privileges(config, filter, error);
}

/* Returns only when no candidate can be started; the value is the most telling errno. */
static int execute(const struct config *config)
{
	const char *list = path_search_list(config->env);
	char candidate[PATH_MAX];
	int result = ENOENT, next;

	while ((next = path_search_next(&list, config->args[0], candidate, sizeof(candidate)))) {
		if (next < 0)
			continue;
		execve(candidate, config->args, config->env);
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return errno;
		/* A file that may not be run is more telling than files that do not exist. */
		if (errno == EACCES)
			result = EACCES;
	}
	return result;
}

/* Whether what is missing is not the program, but what it needs. */
static bool is_there(const struct config *config)
{
	const char *list = path_search_list(config->env);
	char candidate[PATH_MAX];
	int next;

	while ((next = path_search_next(&list, config->args[0], candidate, sizeof(candidate)))) {
		if (next > 0 && access(candidate, F_OK) == 0)
			return true;
	}
	return false;
}

static void fail_to_run(const char *program, int reason, const char *hint, struct failure *failure)
{
	ERROR(&failure->error, "run ", program, ": ", strerror(reason), hint);
	failure->error.number = reason;
	failure->status = exit_status_of_exec(reason);
}

void process_become(const struct config *config, const struct seccomp_filter *filter,
		    const int streams[3], const sigset_t *signals, struct failure *failure)
{
	int reason;

	streams_take(streams);
	if (prepare(config, filter, signals, failure) < 0) {
		failure->status = EXIT_STATUS_SETUP_FAILED;
		return;
	}
	reason = execute(config);
	fail_to_run(config->args[0], reason, "", failure);
	/* Last, because the filter may end the process for the question. */
	if (reason == ENOENT && is_there(config))
		fail_to_run(config->args[0], reason,
			    ": its interpreter or dynamic loader is not there", failure);
}
