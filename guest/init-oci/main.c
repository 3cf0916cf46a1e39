// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command_line.h"
#include "console.h"
#include "container_mounts.h"
#include "error.h"
#include "exit_status.h"
#include "file.h"
#include "oci_config.h"
#include "power.h"
#include "process.h"
#include "root.h"
#include "source.h"
#include "supervise.h"
#include "system.h"
#include "system_mounts.h"
#include "unmount.h"
#include "users.h"

#define COMMAND_LINE_MAX 4096
#define CONFIG_MAX (1024 * 1024)

static int read_command_line(struct command_line *line, struct error *error)
{
	size_t length;
	/* Not freed: the result points into it. */
	char *text = file_read("/proc/cmdline", COMMAND_LINE_MAX, &length, error);

	return text ? command_line_parse(text, line, error) : -1;
}

/* *text is NULL when there are none. The file in the initramfs needs no argument. */
static int read_overrides(const struct command_line *line, char **text, size_t *length,
			  struct error *error)
{
	static const struct source in_initramfs = { .path = "/oci/overrides.json" };
	const bool asked_for = line->overrides.path != NULL;

	*text = NULL;
	*length = 0;
	if (!asked_for && access(in_initramfs.path, F_OK) < 0)
		return 0;
	*text = source_read(asked_for ? &line->overrides : &in_initramfs, CONFIG_MAX, length,
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
	text = source_read(&line->config, CONFIG_MAX, &length, error);
	if (text)
		result = config_parse(text, length, overrides, overrides_length, config, error);
	free(text);
	free(overrides);
	for (size_t i = 0; !result && i < config->ignored_count; i++)
		SAY("config: ", config->ignored[i], ": is not carried out by this version");
	return result;
}

static int start(const struct config *config, const sigset_t *signals, pid_t *container,
		 struct error *error)
{
	sigset_t before;

	sigprocmask(SIG_SETMASK, signals, &before);
	*container = fork();
	if (*container < 0)
		return ERROR(error, "fork: ", strerror(errno));
	if (*container == 0)
		process_become(config, &before);
	return 0;
}

/* Everything up to the moment when the container runs. */
static int set_up(const sigset_t *signals, pid_t *container, int *upper, struct error *error)
{
	struct command_line line;
	struct config config;

	if (system_mounts_make(error) < 0)
		return -1;
	console_open();
	if (read_command_line(&line, error) < 0 ||
	    root_make(&line, upper, error) < 0 ||
	    read_config(&line, &config, error) < 0 ||
	    root_enter(error) < 0 ||
	    system_set_up(&config, error) < 0 ||
	    container_mounts_make(&config, error) < 0 ||
	    /* Behind the mounts, for one of them may have brought the files. */
	    user_resolve(&config, error) < 0 ||
	    start(&config, signals, container, error) < 0)
		return -1;
	config_free(&config);
	return 0;
}

int main(void)
{
	struct error error;
	sigset_t signals;
	pid_t container;
	int upper, status;

	/* It would take the machine down at the end. */
	if (getpid() != 1) {
		SAY("is the PID 1 of a microVM and does nothing else");
		return EXIT_STATUS_SETUP_FAILED;
	}
	power_off_on_faults();
	supervise_signals(&signals);
	if (set_up(&signals, &container, &upper, &error) < 0) {
		SAY(error.text);
		power_off(EXIT_STATUS_SETUP_FAILED);
	}
	status = supervise(container, &signals);
	supervise_end_orphans(&signals);
	unmount_all(upper);
	console_new_line();
	power_off(status);
}
