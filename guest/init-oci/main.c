// SPDX-License-Identifier: Apache-2.0
/* The PID 1: the order of its steps, from the first mount to power off. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <unistd.h>

#include "base/console.h"
#include "base/errors.h"
#include "base/file.h"
#include "config/command_line.h"
#include "config/environment.h"
#include "config/oci_config.h"
#include "container/cgroup.h"
#include "container/container_mounts.h"
#include "container/container_paths.h"
#include "container/device_filter.h"
#include "container/device_nodes.h"
#include "container/hostname.h"
#include "container/loopback.h"
#include "container/network_files.h"
#include "container/sysctl.h"
#include "container/users.h"
#include "life/clock.h"
#include "life/control.h"
#include "life/exit_status.h"
#include "life/power.h"
#include "life/process.h"
#include "life/streams.h"
#include "life/supervise.h"
#include "root/document.h"
#include "root/root.h"
#include "root/system_mounts.h"
#include "root/unmount.h"

#define COMMAND_LINE_MAX 4096
#define CONFIG_MAX (1024 * 1024)

static int read_command_line(struct command_line *line, struct error *error)
{
	size_t length;
	/* Not freed: the result points into it. */
	char *text = file_read("/proc/cmdline", COMMAND_LINE_MAX, &length, error);

	return text ? command_line_parse(text, line, error) : -1;
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
	free(text);
	free(overrides);
	for (size_t i = 0; !result && i < config->ignored_count; i++)
		SAY("config: ", config->ignored[i], ": is ignored by this version");
	return result;
}

/* What set_up() leaves for the life of the container. */
struct machine {
	struct streams streams;
	struct charge charge;
	int upper;	/* for unmount_all() */
	int cgroup;	/* the container's */
};

/* Returns when the container's program runs, or when it is certain that it never will. */
static int start(const struct config *config, const sigset_t *signals, struct machine *machine,
		 struct error *error)
{
	pid_t *container = &machine->charge.container;
	int failure[2];
	sigset_t before;
	char byte;

	/* The exec closes it; if there is no exec, it is written to. */
	if (pipe2(failure, O_CLOEXEC) < 0)
		return step_error("make a pipe", "", error);
	sigprocmask(SIG_SETMASK, signals, &before);
	*container = cgroup_fork(machine->cgroup);
	if (*container < 0)
		return step_error("fork", "", error);
	if (*container == 0) {
		int status = process_become(config, &machine->streams, &before);
		ssize_t written = write(failure[1], "", 1);

		(void)written;
		_exit(status);
	}
	streams_release(&machine->streams);
	close(failure[1]);
	if (read(failure[0], &byte, 1) == 0)
		CONTROL_SAY("started");
	close(failure[0]);
	return 0;
}

/* This program ends here: the image's own is the machine's PID 1 from now on. */
static noreturn void become_container(struct config *config, const struct machine *machine)
{
	/* For systemd and others, which then leave the devices and the clock alone. */
	static char variable[] = "container=oci";
	int status = EXIT_STATUS_SETUP_FAILED;
	sigset_t none;

	sigemptyset(&none);
	if (environment_add_missing(&config->env, variable) < 0) {
		SAY("add to the environment: ", strerror(errno));
	} else if (cgroup_enter(machine->cgroup) < 0) {
		SAY("enter the container's cgroup: ", strerror(errno));
	} else {
		CONTROL_SAY("started");
		status = process_become(config, &machine->streams, &none);
	}
	unmount_all(machine->upper);
	power_off(status);
}

/* What the container may use. */
static int set_limits(const struct config *config, const struct machine *machine,
		      struct error *error)
{
	dev_t devices[3];
	const size_t count = streams_devices(&machine->streams, devices);

	if (cgroup_limit(machine->cgroup, config, error) < 0)
		return -1;
	return device_filter_attach(config, devices, count, machine->cgroup, error);
}

/* Everything up to the moment when the container runs. */
static int set_up(const sigset_t *signals, struct machine *machine, struct error *error)
{
	struct command_line line;
	struct config config;

	if (system_mounts_make(error) < 0)
		return -1;
	console_open();
	machine->cgroup = cgroup_make(error);
	if (machine->cgroup < 0 ||
	    read_command_line(&line, error) < 0 ||
	    control_open(&line.control, error) < 0)
		return -1;
	clock_set_from_ptp();
	if (streams_open(&line, &machine->streams, error) < 0 ||
	    root_make(&line, &machine->upper, error) < 0 ||
	    read_config(&line, &config, error) < 0 ||
	    root_enter(error) < 0 ||
	    cgroup_show(machine->cgroup, error) < 0 ||
	    hostname_set(&config, error) < 0 ||
	    sysctl_apply(&config, error) < 0 ||
	    loopback_bring_up(error) < 0 ||
	    /* Before the mounts: only the image decides whether the files are missing. */
	    network_files_write(config.hostname, line.name_servers, error) < 0 ||
	    container_mounts_make(&config, error) < 0 ||
	    device_nodes_make(&config, error) < 0 ||
	    (config.terminal && line.streams[0].kind == STREAM_TERMINAL &&
	     device_nodes_make_console(line.streams[0].name, error) < 0) ||
	    /* After the mounts, for one of them may have brought the files. */
	    user_resolve(&config, error) < 0 ||
	    container_paths_set_up(&config, error) < 0 ||
	    set_limits(&config, machine, error) < 0)
		return -1;
	if (line.container_is_init)
		become_container(&config, machine);
	machine->charge = (struct charge){
		.stop_signal = config.stop_signal,
		.streams = &machine->streams,
		.control = line.control.kind != CONTROL_NONE,
	};
	oom_kills_open(&machine->charge.oom_kills, machine->cgroup);
	if (start(&config, signals, machine, error) < 0)
		return -1;
	close(machine->cgroup);
	config_free(&config);
	return 0;
}

int main(void)
{
	struct machine machine;
	struct error error;
	sigset_t signals;
	int status;

	/* Elsewhere it must not run: it would take the machine down at the end. */
	if (getpid() != 1) {
		SAY("is the PID 1 of a microVM and does nothing else");
		return EXIT_STATUS_SETUP_FAILED;
	}
	power_off_on_faults();
	supervise_signals(&signals);
	if (set_up(&signals, &machine, &error) < 0) {
		SAY(error.text);
		power_off(EXIT_STATUS_SETUP_FAILED);
	}
	status = supervise(&machine.charge, &signals);
	unmount_all(machine.upper);
	console_new_line();
	power_off(status);
}
