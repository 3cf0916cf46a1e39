// SPDX-License-Identifier: Apache-2.0
/* The PID 1: the order of its steps, from the first mount to power off. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/console.h"
#include "base/errors.h"
#include "base/proc.h"
#include "channel/control.h"
#include "config/command_line.h"
#include "config/confinement.h"
#include "config/environment.h"
#include "config/kernel_names.h"
#include "config/oci_config.h"
#include "container/cgroup.h"
#include "container/container_mounts.h"
#include "container/container_paths.h"
#include "container/device_filter.h"
#include "container/device_nodes.h"
#include "container/hostname.h"
#include "container/loopback.h"
#include "container/module_lists.h"
#include "container/network_files.h"
#include "container/sysctl.h"
#include "container/users.h"
#include "exec/kept_config.h"
#include "life/clock.h"
#include "life/exit_status.h"
#include "life/power.h"
#include "life/process.h"
#include "life/seccomp.h"
#include "life/start.h"
#include "life/streams.h"
#include "loop/supervise.h"
#include "root/document.h"
#include "root/root.h"
#include "root/system_mounts.h"
#include "root/unmount.h"

#define COMMAND_LINE_MAX 4096
#define CONFIG_MAX (1024 * 1024)
/* A group that nothing else of PID 1 has. */
#define NOBODY 65534

static int read_command_line(struct command_line *line, struct error *error)
{
	size_t length;
	/* Not freed: the result points into it. */
	char *text = proc_read("cmdline", COMMAND_LINE_MAX, &length);

	if (!text)
		return step_error("read ", "/proc/cmdline", error);
	return command_line_parse(text, line, error);
}

/* *text is NULL without overrides. The file in the initramfs needs no argument. */
static int read_overrides(const struct command_line *line, char **text, size_t *length,
			  struct error *error)
{
	static const struct document_location in_initramfs = { .path = "/oci/overrides.json" };
	const bool asked_for = line->overrides.path != NULL;

	*text = NULL;
	*length = 0;
	if (!asked_for && access(in_initramfs.path, F_OK) < 0)
		return 0;
	*text = document_read(asked_for ? &line->overrides : &in_initramfs, CONFIG_MAX, length,
			      error);
	return *text ? 0 : -1;
}

/* What the configuration has and the container will not. */
static void say_ignored(const struct config *config)
{
	char names[200];

	for (size_t i = 0; i < config->ignored_count; i++)
		SAY("config: ", config->ignored[i], ": is ignored by this version");
	if (config->unknown_capabilities[0])
		SAY("config: process.capabilities: unknown and not granted: ",
		    config->unknown_capabilities);
	capability_names(config->lost_capabilities, names, sizeof(names));
	if (names[0])
		SAY("config: process.capabilities: not granted where another set lacks them: ",
		    names);
}

static int read_config(const struct command_line *line, struct config *config,
		       struct error *error)
{
	size_t length, overrides_length;
	char *text, *overrides;
	int result = -1;

	if (read_overrides(line, &overrides, &overrides_length, error) < 0)
		return -1;
	text = document_read(&line->config, CONFIG_MAX, &length, error);
	if (text)
		result = config_parse(text, length, overrides, overrides_length, config, error);
	if (!result)
		result = confinement_check(config, line->without, error);
	free(text);
	free(overrides);
	if (!result)
		say_ignored(config);
	return result;
}

/* What the container may use. */
static int set_limits(const struct config *config, const struct container *container,
		      struct error *error)
{
	dev_t devices[3];
	const size_t count = streams_devices(&container->streams, devices);

	if (cgroup_limit(container->cgroup, config, error) < 0)
		return -1;
	return device_filter_attach(config, devices, count, container->cgroup, error);
}

/* Everything between the control channel and the moment when the program is started. */
static int set_up(struct command_line *line, struct container *container, struct config *config,
		  struct error *error)
{
	if (streams_open(line, &container->streams, error) < 0 ||
	    root_make(line, &container->upper, error) < 0 ||
	    read_config(line, config, error) < 0 ||
	    root_enter(error) < 0)
		return -1;
	/* Before the mounts of the configuration, which may cover it. */
	module_lists_show();
	if (cgroup_show(container->cgroup, error) < 0 ||
	    hostname_set(config, error) < 0 ||
	    sysctl_apply(config, error) < 0 ||
	    loopback_bring_up(error) < 0 ||
	    /* Before the mounts: only the image decides whether the files are missing. */
	    network_files_write(config->hostname, line->name_servers, error) < 0 ||
	    container_mounts_make(config, &line->sources, error) < 0 ||
	    device_nodes_make(config, error) < 0 ||
	    (config->terminal && line->streams[0].kind == STREAM_TERMINAL &&
	     device_nodes_make_console(line->streams[0].name, error) < 0) ||
	    /* After the mounts, for one of them may have brought the files. */
	    user_resolve(config, error) < 0 ||
	    container_paths_set_up(config, error) < 0 ||
	    set_limits(config, container, error) < 0)
		return -1;
	container->stop_signal = config->stop_signal;
	return 0;
}

/* A step that says by errno why it has failed. */
static void fail(const char *step, struct failure *failure)
{
	step_error(step, "", &failure->error);
	failure->status = EXIT_STATUS_SETUP_FAILED;
}

/* Before the limits of the process, which may leave it no memory. execve() frees it. */
static int make_filter(const struct config *config, struct seccomp_filter *filter,
		       struct error *error)
{
	return config->seccomp.present ? seccomp_make(&config->seccomp, filter, error) : 0;
}

/* What sets the container up and then becomes it. Returns only on failure. */
static void become_process(struct command_line *line, struct container *container, int pipe)
{
	struct failure *failure = &container->failure;
	struct seccomp_filter filter;
	struct config config;
	sigset_t none;

	sigemptyset(&none);
	if (set_up(line, container, &config, &failure->error) < 0 ||
	    make_filter(&config, &filter, &failure->error) < 0)
		failure->status = EXIT_STATUS_SETUP_FAILED;
	else if (container->kept_config >= 0 &&
		 kept_config_write(container->kept_config, &config, &filter) < 0)
		fail("keep the configuration", failure);
	else if (cgroup_enclose() < 0)
		fail("enter the container's cgroup", failure);
	else if (start_part(pipe) < 0)
		fail("part from PID 1", failure);
	else
		process_become(&config, &filter, container->streams.ends, &none, failure);
}

/*
 * This program ends here: the image's own is the machine's PID 1 from now on. Returns only
 * on failure, with the exit status.
 */
static int become_init(struct command_line *line, struct container *container)
{
	/* For systemd and others, which then leave the devices and the clock alone. */
	static char variable[] = "container=oci";
	struct failure *failure = &container->failure;
	struct seccomp_filter filter;
	struct config config;
	sigset_t none;

	sigemptyset(&none);
	if (set_up(line, container, &config, &failure->error) < 0 ||
	    make_filter(&config, &filter, &failure->error) < 0) {
		failure->status = EXIT_STATUS_SETUP_FAILED;
	} else if (environment_add_missing(&config.env, variable) < 0) {
		fail("add to the environment", failure);
	} else if (cgroup_enter(container->cgroup) < 0 || cgroup_enclose() < 0) {
		fail("enter the container's cgroup", failure);
	} else {
		CONTROL_SAY(true, "started");
		power_stay_on_faults();
		process_become(&config, &filter, container->streams.ends, &none, failure);
	}
	SAY(failure->error.text);
	return failure->status;
}

/* Returns the container's exit status when it has ended. */
static int run(struct command_line *line, struct container *container,
	       const struct clock_devices *clock, const sigset_t *signals, struct error *error)
{
	int pipe[2];
	struct charge charge = { .shared = container, .clock = clock, .line = line };

	if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return step_error("make a pipe", "", error);
	/* Without the channel, nobody can ask for further processes. */
	if (line->control.kind != CONTROL_NONE) {
		container->kept_config = kept_config_make();
		if (container->kept_config < 0)
			return step_error("keep the configuration", "", error);
	}
	charge.start = pipe[0];
	charge.start_end = pipe[1];
	charge.process = start_fork(container->cgroup);
	if (charge.process < 0)
		return step_error("fork", "", error);
	if (charge.process == 0) {
		become_process(line, container, pipe[1]);
		exit_surely(container->failure.status);
	}
	/*
	 * Who has all the same ids may change limits; no root of a container has them now.
	 * Scheduling and priorities take all of PID 1's capabilities, or CAP_SYS_NICE.
	 */
	syscall(SYS_setresgid, -1, -1, NOBODY);
	return supervise(&charge, signals);
}

/* What PID 1 needs to hear the VMM and to tell it anything. */
static int open_all(struct command_line *line, struct container *container,
		    struct clock_devices *clock, struct error *error)
{
	if (system_mounts_make(error) < 0)
		return -1;
	console_open();
	if (proc_open() < 0)
		return step_error("open /proc", "", error);
	container->cgroup = cgroup_make(error);
	if (container->cgroup < 0 ||
	    read_command_line(line, error) < 0 || control_open(&line->control, error) < 0)
		return -1;
	clock_open_devices(clock);
	clock_set_from_ptp(clock);
	return 0;
}

int main(void)
{
	struct container *container;
	struct clock_devices clock;
	struct command_line line;
	struct error error;
	sigset_t signals;
	int status = -1;

	/* Elsewhere it must not run: it would take the machine down at the end. */
	if (getpid() != 1) {
		SAY("is the PID 1 of a microVM and does nothing else");
		return EXIT_STATUS_SETUP_FAILED;
	}
	power_off_on_faults();
	supervise_signals(&signals);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	container = start_container_memory();
	if (!container)
		step_error("map memory", "", &error);
	else if (open_all(&line, container, &clock, &error) == 0)
		status = line.container_is_init ? become_init(&line, container) :
						  run(&line, container, &clock, &signals, &error);
	if (status < 0) {
		SAY(error.text);
		power_off(EXIT_STATUS_SETUP_FAILED);
	}
	console_resume();
	unmount_all(container->upper);
	console_new_line();
	power_off(status);
}
