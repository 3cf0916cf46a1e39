// SPDX-License-Identifier: Apache-2.0
/* Labels and mappings of ids, which this version does not carry out. */
#include "config/confinement.h"

#include <string.h>

enum kind { APPARMOR, SELINUX, USER_NAMESPACES, KINDS };

static const char *const names[KINDS] = { "apparmor", "selinux", "user-namespaces" };

static bool is_string(const cJSON *value, const char *string)
{
	return cJSON_IsString(value) && !strcmp(value->valuestring, string);
}

/* Whether every id that is mapped is mapped to itself: 1, 0, or -1 with an error. */
static int maps_to_itself(const struct object *parent, const char *key, const cJSON *mappings,
			  struct error *error)
{
	struct object mapping = { .document = parent->document, .name = parent->name };

	if (!cJSON_IsArray(mappings))
		return json_error(parent, key, "is not an array", error);
	cJSON_ArrayForEach(mapping.json, mappings) {
		double inside, outside;

		if (!cJSON_IsObject(mapping.json))
			return json_error(parent, key, "is not an array of objects", error);
		if (json_need_number(&mapping, "containerID", UINT32_MAX, &inside, error) < 0 ||
		    json_need_number(&mapping, "hostID", UINT32_MAX, &outside, error) < 0)
			return -1;
		if (inside != outside)
			return 0;
	}
	return 1;
}

/* Whether the value confines nothing: 1, 0, or -1 with an error. */
static int is_harmless(const struct object *object, const struct confinement *confinement,
		       const cJSON *value, struct error *error)
{
	if (confinement->kind == USER_NAMESPACES)
		return maps_to_itself(object, confinement->field, value, error);
	if (!cJSON_IsString(value))
		return json_error(object, confinement->field, "is not a string", error);
	return is_string(value, "") ||
	       (confinement->kind == APPARMOR && is_string(value, "unconfined"));
}

/* Leaves *place as it was if the object does not have the field. */
static int take(const struct object *object, struct confinement confinement,
		struct confinement *place, struct error *error)
{
	const cJSON *value;
	int harmless;

	if (json_get(object, confinement.field, &value, error) < 0)
		return -1;
	if (!value)
		return 0;
	harmless = is_harmless(object, &confinement, value, error);
	if (harmless < 0)
		return -1;
	confinement.document = harmless ? NULL : object->document;
	confinement.object = object->name;
	*place = confinement;
	return 0;
}

static const struct {
	const char *field;
	enum kind kind;
} fields[] = {
	{ "apparmorProfile", APPARMOR },
	{ "selinuxLabel", SELINUX },
	/* From here on, of `linux` and not of `process`. */
	{ "mountLabel", SELINUX },
	{ "uidMappings", USER_NAMESPACES },
	{ "gidMappings", USER_NAMESPACES },
};
#define FIELDS_OF_PROCESS 2
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static int take_fields(const struct object *object, size_t first, size_t end,
		       struct config *config, struct error *error)
{
	for (size_t i = first; i < end; i++) {
		if (take(object, (struct confinement){ .field = fields[i].field,
						       .kind = (int)fields[i].kind },
			 &config->confinements[i], error) < 0)
			return -1;
	}
	return 0;
}

int confinement_of_process(const struct object *process, struct config *config,
			   struct error *error)
{
	return take_fields(process, 0, FIELDS_OF_PROCESS, config, error);
}

int confinement_apply(const struct object *document, struct config *config,
		      struct error *error)
{
	struct object process = { .name = "process." }, linux_ = { .name = "linux." };

	if (json_get_object(document, "process", &process, error) < 0 ||
	    json_get_object(document, "linux", &linux_, error) < 0 ||
	    confinement_of_process(&process, config, error) < 0)
		return -1;
	return take_fields(&linux_, FIELDS_OF_PROCESS, FIELDS, config, error);
}

int confinement_of_mount(const struct object *object, struct mount_point *mount,
			 struct error *error)
{
	struct confinement groups = { .document = NULL };

	if (take(object, (struct confinement){ .field = "uidMappings", .kind = USER_NAMESPACES },
		 &mount->confinement, error) < 0 ||
	    take(object, (struct confinement){ .field = "gidMappings", .kind = USER_NAMESPACES },
		 &groups, error) < 0)
		return -1;
	if (!mount->confinement.document)
		mount->confinement = groups;
	return 0;
}

int confinement_parse(const char *list)
{
	int bits = 0;

	for (;;) {
		const size_t length = strcspn(list, ",");
		int kind = 0;

		while (kind < KINDS && (strlen(names[kind]) != length ||
					strncmp(list, names[kind], length) != 0))
			kind++;
		if (kind == KINDS)
			return -1;
		bits |= 1 << kind;
		if (!list[length])
			return bits;
		list += length + 1;
	}
}

static int check(const struct confinement *confinement, unsigned int without,
		 struct error *error)
{
	if (!confinement->document || (without >> confinement->kind & 1))
		return 0;
	return ERROR(error, confinement->document, ": ", confinement->object, confinement->field,
		     ": is not supported by this version; init_oci.without=",
		     names[confinement->kind], " starts without it");
}

int confinement_check(const struct config *config, unsigned int without, struct error *error)
{
	for (size_t i = 0; i < sizeof(config->confinements) / sizeof(config->confinements[0]); i++) {
		if (check(&config->confinements[i], without, error) < 0)
			return -1;
	}
	for (size_t i = 0; i < config->mount_count; i++) {
		if (check(&config->mounts[i].confinement, without, error) < 0)
			return -1;
	}
	return 0;
}
