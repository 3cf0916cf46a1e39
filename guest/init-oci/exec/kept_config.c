// SPDX-License-Identifier: Apache-2.0
/* The configuration of the container's process, kept for further processes. */
#include "exec/kept_config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "config/string_list.h"

/* What follows the structure in the file: instructions, groups, and strings. */
struct kept {
	struct config config;	/* its pointers mean nothing there */
	size_t instructions, groups, variables;
	bool has_home;		/* the environment's HOME was added for the user */
};

int kept_config_make(void)
{
	return memfd_create("config", MFD_CLOEXEC);
}

static int write_string(int fd, const char *string)
{
	return file_write_all(fd, string, strlen(string) + 1);
}

int kept_config_write(int fd, const struct config *config, const struct seccomp_filter *filter)
{
	struct kept kept = {
		.config = *config,
		.groups = config->group_count,
		.variables = string_list_length(config->env),
		.has_home = config->home_variable != NULL,
	};

	if (config->seccomp.present)
		kept.instructions = filter->program.length;
	if (file_write_all(fd, &kept, sizeof(kept)) < 0 ||
	    file_write_all(fd, filter->program.instructions,
		      kept.instructions * sizeof(*filter->program.instructions)) < 0 ||
	    file_write_all(fd, config->groups, kept.groups * sizeof(*config->groups)) < 0 ||
	    write_string(fd, config->cwd) < 0)
		return -1;
	for (size_t i = 0; i < kept.variables; i++) {
		if (write_string(fd, config->env[i]) < 0)
			return -1;
	}
	return 0;
}

/* A pointer that was kept leads nowhere, and what it has led to is not needed. */
static void forget(struct config *config)
{
	config->args = config->masked_paths = config->read_only_paths = config->volumes = NULL;
	config->hostname = config->domainname = config->user = NULL;
	config->mounts = NULL;
	config->settings = NULL;
	config->devices = NULL;
	config->cgroup_settings = NULL;
	config->device_rules = NULL;
	config->hooks = NULL;
	config->seccomp.rules = NULL;
	config->mount_count = config->setting_count = config->device_count = 0;
	config->cgroup_setting_count = config->device_rule_count = config->hook_count = 0;
	config->ignored_count = config->seccomp.rule_count = 0;
	config->host_variable = config->home_variable = NULL;
	config->unknown_capabilities[0] = '\0';
	memset(config->json, 0, sizeof(config->json));
	memset(config->confinements, 0, sizeof(config->confinements));
}

static int restore(struct kept *kept, struct seccomp_filter *filter)
{
	struct config *config = &kept->config;
	char *rest = (char *)(kept + 1);

	forget(config);
	filter->program.length = (unsigned short)kept->instructions;
	filter->program.instructions = (struct bpf_instruction *)rest;
	rest += kept->instructions * sizeof(struct bpf_instruction);
	/* Lists of their own, since they may be replaced, or grow. */
	config->groups = calloc(kept->groups + 1, sizeof(*config->groups));
	config->env = calloc(kept->variables + 1, sizeof(*config->env));
	if (!config->groups || !config->env)
		return -1;
	memcpy(config->groups, rest, kept->groups * sizeof(*config->groups));
	rest += kept->groups * sizeof(*config->groups);
	config->cwd = rest;
	for (size_t i = 0; i < kept->variables; i++) {
		rest += strlen(rest) + 1;
		config->env[i] = rest;
		if (kept->has_home && !strncmp(rest, "HOME=", 5))
			config->home_variable = rest;
	}
	return 0;
}

struct config *kept_config_read(int fd, struct seccomp_filter *filter)
{
	struct stat status;
	struct kept *kept;

	if (fstat(fd, &status) < 0)
		return NULL;
	if (status.st_size < (off_t)sizeof(*kept)) {
		errno = EIO;
		return NULL;
	}
	/* Where it is: each page that is copied costs as much as several system calls. */
	kept = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (kept == MAP_FAILED || restore(kept, filter) < 0)
		return NULL;
	return &kept->config;
}
