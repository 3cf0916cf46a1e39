// SPDX-License-Identifier: Apache-2.0
/* The `config` of an OCI image, and what container engines add to it. */
#include "config/image_config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "config/config_fields.h"
#include "config/environment.h"
#include "config/string_list.h"

/* In an image, an empty string counts as none. */
static int get_string(const struct object *object, const char *key, const char **value,
		      struct error *error)
{
	const char *string = "";

	if (json_get_string(object, key, &string, error) < 0)
		return -1;
	if (string[0])
		*value = string;
	return 0;
}

static int apply_command(const struct object *object, struct image *image, struct error *error)
{
	char **entrypoint = NULL;

	if (json_get_strings(object, "Entrypoint", &entrypoint, error) < 0)
		return -1;
	if (entrypoint) {
		free(image->entrypoint);
		image->entrypoint = entrypoint;
	}
	/* A command is the arguments of its own entrypoint; they make no sense for another. */
	if (entrypoint && entrypoint[0]) {
		free(image->command);
		image->command = NULL;
	}
	return json_get_strings(object, "Cmd", &image->command, error);
}

static int apply_volumes(const struct object *image, struct config *config, struct error *error)
{
	struct object volumes = { .name = "config.Volumes." };
	const cJSON *item;
	size_t count = 0;

	if (json_get_object(image, "Volumes", &volumes, error) < 0)
		return -1;
	if (!volumes.json)
		return 0;
	free(config->volumes);
	config->volumes = calloc((size_t)cJSON_GetArraySize(volumes.json) + 1,
				 sizeof(*config->volumes));
	if (!config->volumes)
		return json_no_memory(error);
	cJSON_ArrayForEach(item, volumes.json) {
		const cJSON *only;

		if (item->string[0] != '/')
			return json_error(&volumes, item->string, "is not an absolute path", error);
		if (json_get(&volumes, item->string, &only, error) < 0)
			return -1;
		config->volumes[count++] = item->string;
	}
	return 0;
}

int image_config_apply(const struct object *document, struct image *image,
		       struct config *config, struct error *error)
{
	struct object object = { .name = "config." };

	if (json_get_object(document, "config", &object, error) < 0)
		return -1;
	if (!object.json)
		return 0;
	image->present = true;
	/* Not left empty: root, too, gets its groups from the image's files. */
	if (!config->user)
		config->user = "0";
	if (apply_command(&object, image, error) < 0 ||
	    config_get_environment(&object, "Env", config, error) < 0 ||
	    get_string(&object, "WorkingDir", &config->cwd, error) < 0 ||
	    get_string(&object, "User", &config->user, error) < 0 ||
	    config_get_stop_signal(&object, "StopSignal", config, error) < 0)
		return -1;
	if (config->cwd[0] != '/')
		return json_error(&object, "WorkingDir", "is not an absolute path", error);
	return apply_volumes(&object, config, error);
}

int image_config_join_args(const struct image *image, struct config *config,
			   struct error *error)
{
	const size_t first = string_list_length(image->entrypoint);
	const size_t second = string_list_length(image->command);

	if (!image->present)
		return 0;
	config->args = calloc(first + second + 1, sizeof(*config->args));
	if (!config->args)
		return json_no_memory(error);
	if (first)
		memcpy(config->args, image->entrypoint, first * sizeof(*config->args));
	if (second)
		memcpy(config->args + first, image->command, second * sizeof(*config->args));
	return 0;
}

/*
 * What container engines set for the processes of an image. A program that is not
 * root may listen on port 80 and send pings; nothing else uses the VM.
 */
static int add_settings(struct config *config, struct error *error)
{
	static const struct setting usual[] = {
		{ "net.ipv4.ip_unprivileged_port_start", "0", true },
		{ "net.ipv4.ping_group_range", "0 2147483647", true },
	};
	const size_t usual_count = sizeof(usual) / sizeof(usual[0]);
	struct setting *settings = calloc(config->setting_count + usual_count, sizeof(*settings));

	if (!settings)
		return json_no_memory(error);
	/* First, so that the configuration's own settings have the last word. */
	memcpy(settings, usual, sizeof(usual));
	if (config->setting_count)
		memcpy(settings + usual_count, config->settings,
		       config->setting_count * sizeof(*settings));
	free(config->settings);
	config->settings = settings;
	config->setting_count += usual_count;
	return 0;
}

/* The kernel's own limit of 4096 files is too low for servers to raise theirs. */
static void add_limit(struct config *config)
{
	static const struct limit files = { RLIMIT_NOFILE, 1024, 524288 };

	for (size_t i = 0; i < config->limit_count; i++) {
		if (config->limits[i].resource == files.resource)
			return;
	}
	config->limits[config->limit_count++] = files;
}

int image_config_complete(const struct image *image, struct config *config,
			  struct error *error)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char terminal[] = "TERM=xterm";

	if (!image->present)
		return 0;
	if (config->hostname) {
		config->host_variable = environment_variable("HOSTNAME=", config->hostname);
		if (!config->host_variable ||
		    environment_add_missing(&config->env, config->host_variable) < 0)
			return json_no_memory(error);
	}
	if (environment_add_missing(&config->env, path) < 0 ||
	    (config->terminal && environment_add_missing(&config->env, terminal) < 0))
		return json_no_memory(error);
	add_limit(config);
	return add_settings(config, error);
}

void image_config_free(struct image *image)
{
	free(image->entrypoint);
	free(image->command);
}
