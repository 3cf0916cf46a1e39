// SPDX-License-Identifier: Apache-2.0
/* A whole configuration: its document and the overrides. */
#include "config/oci_config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_fields.h"
#include "config/devices_config.h"
#include "config/image_config.h"
#include "config/json.h"
#include "config/process_config.h"
#include "config/resources_config.h"
#include "config/seccomp_config.h"

static int parse_system(const struct object *root, struct config *config, struct error *error)
{
	struct object root_object = { .name = "root." };
	struct object annotations = { .name = "annotations." };

	if (json_get_string(root, "hostname", &config->hostname, error) < 0 ||
	    json_get_string(root, "domainname", &config->domainname, error) < 0 ||
	    json_get_object(root, "root", &root_object, error) < 0 ||
	    json_get_bool(&root_object, "readonly", &config->read_only_root, error) < 0 ||
	    json_get_object(root, "annotations", &annotations, error) < 0)
		return -1;
	return config_get_stop_signal(&annotations, "org.opencontainers.image.stopSignal", config,
				      error);
}

/*
 * What this version does not do. A field that takes rights away is refused: the
 * process would run with more rights than intended.
 */
static int check_refused(const struct object *object, const char *const *refused,
			 struct error *error)
{
	const cJSON *item;

	for (; *refused; refused++) {
		if (json_get(object, *refused, &item, error) < 0)
			return -1;
		if (item && !config_is_empty(item))
			return json_error(object, *refused, "is not supported by this version",
					  error);
	}
	return 0;
}

static int check_unsupported(const struct object *root, const struct object *linux_,
			     struct config *config, struct error *error)
{
	static const char *const root_ignored[] = { "hooks", NULL };
	static const char *const process_refused[] = {
		"apparmorProfile", "selinuxLabel", NULL
	};
	static const char *const process_ignored[] = {
		"process.ioPriority", "process.scheduler", "process.execCPUAffinity", NULL
	};
	static const char *const linux_refused[] = {
		"uidMappings", "gidMappings", "mountLabel", NULL
	};
	static const char *const linux_ignored[] = {
		"linux.intelRdt", "linux.personality", "linux.timeOffsets", NULL
	};
	struct object process = { .name = "process." };

	if (json_get_object(root, "process", &process, error) < 0 ||
	    config_note_ignored(root, root_ignored, config, error) < 0 ||
	    check_refused(&process, process_refused, error) < 0 ||
	    config_note_ignored(&process, process_ignored, config, error) < 0 ||
	    check_refused(linux_, linux_refused, error) < 0 ||
	    config_note_ignored(linux_, linux_ignored, config, error) < 0)
		return -1;
	return 0;
}

/* Takes over the list of options. */
static void add_mount(struct config *config, size_t earlier, const struct mount_point *mount)
{
	size_t i = 0;

	/* In its place, since mounts below it may come later. */
	while (i < earlier && strcmp(config->mounts[i].destination, mount->destination) != 0)
		i++;
	if (i == earlier)
		i = config->mount_count++;
	else
		free(config->mounts[i].options);
	config->mounts[i] = *mount;
}

static int parse_mount(const struct object *object, struct mount_point *mount,
		       struct error *error)
{
	static const char *const refused[] = { "uidMappings", "gidMappings", NULL };

	if (!cJSON_IsObject(object->json))
		return ERROR(error, object->document, ": mounts: is not an array of objects");
	if (json_get_path(object, "destination", &mount->destination, error) < 0 ||
	    json_get_string(object, "type", &mount->type, error) < 0 ||
	    json_get_string(object, "source", &mount->source, error) < 0 ||
	    check_refused(object, refused, error) < 0)
		return -1;
	if (!mount->destination)
		return json_error(object, "destination", "is missing", error);
	return json_get_strings(object, "options", &mount->options, error);
}

/* A mount takes the place of an earlier document's with the same destination. */
static int parse_mounts(const struct object *root, struct config *config, struct error *error)
{
	struct object object = { .document = root->document, .name = "mounts: " };
	const size_t earlier = config->mount_count;
	struct mount_point *mounts;
	const cJSON *array;

	if (json_get_array(root, "mounts", &array, error) < 0)
		return -1;
	if (!array || !array->child)
		return 0;
	mounts = realloc(config->mounts, (earlier + (size_t)cJSON_GetArraySize(array)) *
			 sizeof(*mounts));
	if (!mounts)
		return json_no_memory(error);
	config->mounts = mounts;
	cJSON_ArrayForEach(object.json, array) {
		struct mount_point mount = { .destination = NULL };

		if (parse_mount(&object, &mount, error) < 0)
			return -1;
		add_mount(config, earlier, &mount);
	}
	return 0;
}

static void add_setting(struct config *config, size_t earlier, struct setting setting)
{
	size_t i = 0;

	while (i < earlier && strcmp(config->settings[i].name, setting.name) != 0)
		i++;
	if (i == earlier)
		i = config->setting_count++;
	config->settings[i] = setting;
}

static int parse_settings(const struct object *linux_, struct config *config,
			  struct error *error)
{
	struct object object = { .name = "linux.sysctl." };
	const size_t earlier = config->setting_count;
	struct setting *settings;
	const cJSON *item;

	if (json_get_object(linux_, "sysctl", &object, error) < 0)
		return -1;
	if (!object.json || !object.json->child)
		return 0;
	settings = realloc(config->settings,
			   (earlier + (size_t)cJSON_GetArraySize(object.json)) * sizeof(*settings));
	if (!settings)
		return json_no_memory(error);
	config->settings = settings;
	cJSON_ArrayForEach(item, object.json) {
		struct setting setting = { .name = item->string };

		if (json_get_string(&object, item->string, &setting.value, error) < 0)
			return -1;
		if (setting.value)
			add_setting(config, earlier, setting);
	}
	return 0;
}

/* The runtime configuration's part. */
static int apply_runtime(const struct object *root, struct resources *resources,
			 struct config *config, struct error *error)
{
	struct object linux_ = { .name = "linux." };

	if (json_get_object(root, "linux", &linux_, error) < 0 ||
	    process_config_apply(root, config, error) < 0 ||
	    parse_system(root, config, error) < 0 ||
	    json_get_paths(&linux_, "maskedPaths", &config->masked_paths, error) < 0 ||
	    json_get_paths(&linux_, "readonlyPaths", &config->read_only_paths, error) < 0 ||
	    parse_mounts(root, config, error) < 0 ||
	    parse_settings(&linux_, config, error) < 0 ||
	    devices_config_apply(&linux_, config, error) < 0 ||
	    resources_config_apply(&linux_, resources, config, error) < 0 ||
	    check_unsupported(root, &linux_, config, error) < 0)
		return -1;
	return 0;
}

/*
 * The weakest first: later ones replace it. The image parts of both documents come
 * first, since a runtime configuration is made from them.
 */
static int apply(const struct object *documents, size_t count, struct config *config,
		 struct error *error)
{
	struct image image = { .present = false };
	struct resources resources = { .unified_count = 0 };
	int result = -1;

	for (size_t i = 0; i < count; i++) {
		if (image_config_apply(&documents[i], &image, config, error) < 0)
			goto out;
	}
	if (image_config_join_args(&image, config, error) < 0)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (apply_runtime(&documents[i], &resources, config, error) < 0)
			goto out;
	}
	if (seccomp_config_apply(documents, count, &config->seccomp, error) < 0 ||
	    resources_config_convert(&resources, config, error) < 0)
		goto out;
	result = image_config_complete(&image, config, error);
out:
	image_config_free(&image);
	return result;
}

static int check_args(const struct config *config, struct error *error)
{
	if (!config->args)
		return ERROR(error, "config: process.args: is missing");
	if (!config->args[0] || !config->args[0][0])
		return ERROR(error, "config: names no program: neither process.args, nor Entrypoint "
			     "and Cmd of an image");
	return 0;
}

static int parse_document(struct object *document, const char *text, size_t length, void **json,
			  struct error *error)
{
	cJSON *parsed = NULL;

	if (json_parse(document->document, text, length, &parsed, error) < 0)
		return -1;
	*json = parsed;
	document->json = parsed;
	return cJSON_IsObject(parsed) ? 0 : ERROR(error, document->document, ": is not an object");
}

int config_parse(const char *text, size_t length, const char *overrides,
		 size_t overrides_length, struct config *config, struct error *error)
{
	struct object documents[2] = {
		{ .document = "config", .name = "" },
		{ .document = "overrides", .name = "" },
	};
	const size_t count = overrides ? 2 : 1;

	*config = (struct config){ .cwd = "/", .stop_signal = SIGTERM, .umask = -1 };
	if (parse_document(&documents[0], text, length, &config->json[0], error) < 0 ||
	    (overrides && parse_document(&documents[1], overrides, overrides_length,
					 &config->json[1], error) < 0) ||
	    apply(documents, count, config, error) < 0 || check_args(config, error) < 0) {
		config_free(config);
		return -1;
	}
	return 0;
}
