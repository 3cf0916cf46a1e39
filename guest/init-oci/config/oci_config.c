// SPDX-License-Identifier: Apache-2.0
/* A whole configuration: its document and the overrides. */
#include "config/oci_config.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_fields.h"
#include "config/confinement.h"
#include "config/devices_config.h"
#include "config/hooks_config.h"
#include "config/image_config.h"
#include "config/json.h"
#include "config/linux_config.h"
#include "config/overrides.h"
#include "config/process_config.h"
#include "config/resources_config.h"
#include "config/same_names.h"
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

/* What this version does not do. */
static int note_unsupported(const struct object *root, const struct object *linux_,
			    struct config *config, struct error *error)
{
	static const char *const hooks_ignored[] = {
		"hooks.prestart", "hooks.createRuntime", "hooks.createContainer", "hooks.poststart",
		"hooks.poststop", NULL
	};
	static const char *const process_ignored[] = { "process.execCPUAffinity", NULL };
	static const char *const linux_ignored[] = { "linux.intelRdt", NULL };
	struct object process = { .name = "process." }, hooks = { .name = "hooks." };

	if (json_get_object(root, "process", &process, error) < 0 ||
	    json_get_object(root, "hooks", &hooks, error) < 0 ||
	    config_note_ignored(&hooks, hooks_ignored, config, error) < 0 ||
	    config_note_ignored(&process, process_ignored, config, error) < 0 ||
	    config_note_ignored(linux_, linux_ignored, config, error) < 0)
		return -1;
	return 0;
}

/*
 * `next` begins with zeros. Of a mount that is replaced it gets the first that replaces
 * it, and of that the next. Mounts are counted from 0, but no replacement is the first.
 */
static void find_replacements(const struct name *names, size_t *next, size_t earlier,
			      size_t count)
{
	for (size_t i = count; i > earlier; i--) {
		const size_t replaced = names[i - 1].first;

		if (replaced < earlier) {
			next[i - 1] = next[replaced];
			next[replaced] = i - 1;
		}
	}
}

/*
 * The mounts of a document take the place of an earlier one's with the same destination,
 * since mounts below it may come later: the place of the first, while the others go,
 * which would hide what has replaced it. Returns how many are left.
 */
static size_t replace_mounts(const struct mount_point *mounts, const struct name *names,
			     const size_t *next, size_t earlier, size_t count,
			     struct mount_point *merged)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		const size_t first = names[i].first;

		if (i >= earlier ? first >= earlier : !next[first]) {
			merged[left++] = mounts[i];
		} else if (i < earlier) {
			free(mounts[i].options);
			for (size_t j = i == first ? next[i] : 0; j; j = next[j])
				merged[left++] = mounts[j];
		}
	}
	return left;
}

static int merge_mounts(struct config *config, size_t earlier, struct error *error)
{
	const size_t count = config->mount_count;
	struct mount_point *merged = calloc(count, sizeof(*merged));
	struct name *names = calloc(count, sizeof(*names));
	size_t *next = calloc(count, sizeof(*next));
	int result = -1;

	for (size_t i = 0; names && i < count; i++)
		names[i] = name_of(config->mounts[i].destination);
	if (!merged || !names || !next || same_names_find(names, count) < 0) {
		json_no_memory(error);
		goto out;
	}
	find_replacements(names, next, earlier, count);
	config->mount_count = replace_mounts(config->mounts, names, next, earlier, count, merged);
	free(config->mounts);
	config->mounts = merged;
	merged = NULL;
	result = 0;
out:
	free(next);
	free(names);
	free(merged);
	return result;
}

static int parse_mount(const struct object *object, struct mount_point *mount,
		       struct error *error)
{
	if (!cJSON_IsObject(object->json))
		return ERROR(error, object->document, ": mounts: is not an array of objects");
	if (json_get_path_from_root(object, "destination", &mount->destination, error) < 0 ||
	    json_get_string(object, "type", &mount->type, error) < 0 ||
	    json_get_string(object, "source", &mount->source, error) < 0 ||
	    confinement_of_mount(object, mount, error) < 0)
		return -1;
	if (!mount->destination)
		return json_error(object, "destination", "is missing", error);
	return json_get_strings(object, "options", &mount->options, error);
}

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
		config->mounts[config->mount_count++] = mount;
	}
	return earlier ? merge_mounts(config, earlier, error) : 0;
}

/* A setting takes the place of an earlier document's with the same name. */
static int merge_settings(struct config *config, size_t earlier, struct error *error)
{
	struct setting *settings = config->settings;
	struct name *names = calloc(config->setting_count, sizeof(*names));
	size_t count = earlier;

	for (size_t i = 0; names && i < config->setting_count; i++)
		names[i] = name_of(settings[i].name);
	if (!names || same_names_find(names, config->setting_count) < 0) {
		free(names);
		return json_no_memory(error);
	}
	for (size_t i = earlier; i < config->setting_count; i++)
		settings[names[i].first < earlier ? names[i].first : count++] = settings[i];
	config->setting_count = count;
	free(names);
	return 0;
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
	if (json_check_keys(&object, error) < 0)
		return -1;
	settings = realloc(config->settings,
			   (earlier + (size_t)cJSON_GetArraySize(object.json)) * sizeof(*settings));
	if (!settings)
		return json_no_memory(error);
	config->settings = settings;
	cJSON_ArrayForEach(item, object.json) {
		if (cJSON_IsNull(item))
			continue;
		if (!cJSON_IsString(item))
			return json_error(&object, item->string, "is not a string", error);
		settings[config->setting_count++] = (struct setting){
			.name = item->string, .value = item->valuestring };
	}
	return earlier ? merge_settings(config, earlier, error) : 0;
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
	    linux_config_apply(&linux_, config, error) < 0 ||
	    hooks_config_apply(root, config, error) < 0 ||
	    confinement_apply(root, config, error) < 0 ||
	    devices_config_apply(&linux_, config, error) < 0 ||
	    resources_config_apply(&linux_, resources, config, error) < 0 ||
	    note_unsupported(root, &linux_, config, error) < 0)
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
	process_config_complete(config);
	result = image_config_complete(&image, config, error);
out:
	image_config_free(&image);
	return result;
}

static int check_args(const char *document, const struct config *config, struct error *error)
{
	if (!config->args)
		return ERROR(error, document, ": process.args: is missing");
	if (!config->args[0] || !config->args[0][0])
		return ERROR(error, document, ": names no program: neither process.args, nor Entrypoint "
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

	*config = (struct config){
		.cwd = "/", .stop_signal = SIGTERM, .umask = -1, .io_class = -1, .scheduler.policy = -1
	};
	if (parse_document(&documents[0], text, length, &config->json[0], error) < 0 ||
	    (overrides && parse_document(&documents[1], overrides, overrides_length,
					 &config->json[1], error) < 0) ||
	    (overrides && overrides_clear(documents[0].json, documents[1].json, error) < 0) ||
	    apply(documents, count, config, error) < 0 || check_args("config", config, error) < 0) {
		config_free(config);
		return -1;
	}
	return 0;
}

int config_parse_mount(const char *text, size_t length, struct config *config,
		       struct error *error)
{
	struct object document = { .document = "mount", .name = "mounts: " };

	*config = (struct config){ .mounts = calloc(1, sizeof(*config->mounts)) };
	if (!config->mounts)
		return json_no_memory(error);
	if (parse_document(&document, text, length, &config->json[0], error) < 0 ||
	    parse_mount(&document, config->mounts, error) < 0) {
		config_free(config);
		return -1;
	}
	config->mount_count = 1;
	return 0;
}

/* A variable that was added for the container's user. */
static void remove_home(struct config *config)
{
	char **place = config->env;

	while (*place && strncmp(*place, "HOME=", 5) != 0)
		place++;
	for (; *place; place++)
		place[0] = place[1];
}

int config_parse_process(const char *text, size_t length, unsigned int without,
			 struct config *config, bool *has_user, struct error *error)
{
	struct object process = { .document = "exec", .name = "process." };
	const cJSON *user;

	/* The container may have a terminal for itself. */
	config->terminal = false;
	config->rows = config->columns = 0;
	config->args = NULL;
	if (parse_document(&process, text, length, &config->json[0], error) < 0 ||
	    json_get(&process, "user", &user, error) < 0)
		return -1;
	*has_user = user != NULL;
	if (*has_user && config->home_variable)
		remove_home(config);
	if (process_config_take(&process, config, error) < 0 ||
	    confinement_of_process(&process, config, error) < 0 ||
	    confinement_check(config, without, error) < 0)
		return -1;
	process_config_complete(config);
	return check_args("exec", config, error);
}
