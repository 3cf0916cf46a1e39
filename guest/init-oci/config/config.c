// SPDX-License-Identifier: Apache-2.0
/* Frees what a configuration holds. */
#include "config/config.h"

#include <stdlib.h>

#include <cJSON.h>

void config_free(struct config *config)
{
	free(config->args);
	free(config->env);
	free(config->host_variable);
	free(config->home_variable);
	free(config->groups);
	free(config->masked_paths);
	free(config->read_only_paths);
	free(config->volumes);
	for (size_t i = 0; i < config->mount_count; i++)
		free(config->mounts[i].options);
	free(config->mounts);
	free(config->settings);
	seccomp_config_free(&config->seccomp);
	free(config->devices);
	for (size_t i = 0; i < config->cgroup_setting_count; i++)
		free(config->cgroup_settings[i].text);
	free(config->cgroup_settings);
	free(config->device_rules);
	for (size_t i = 0; i < sizeof(config->json) / sizeof(config->json[0]); i++)
		cJSON_Delete(config->json[i]);
}
