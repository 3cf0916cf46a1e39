// SPDX-License-Identifier: Apache-2.0
/* What the overrides remove from the configuration. */
#include "config/overrides.h"

#include <stddef.h>
#include <stdlib.h>

#include "config/json.h"
#include "config/same_names.h"

/* The members of both objects, those of the configuration first. */
struct members {
	cJSON **items;
	struct name *names;
	size_t of_config, count;
};

static void add_members(struct members *members, const cJSON *object)
{
	cJSON *item;

	cJSON_ArrayForEach(item, object) {
		members->items[members->count] = item;
		members->names[members->count] = name_of(item->string);
		members->count++;
	}
}

static void free_members(struct members *members)
{
	free(members->items);
	free(members->names);
}

static int list_members(struct members *members, const cJSON *config, const cJSON *overrides)
{
	const size_t room = (size_t)cJSON_GetArraySize(config) +
			    (size_t)cJSON_GetArraySize(overrides);

	*members = (struct members){
		.items = calloc(room, sizeof(*members->items)),
		.names = calloc(room, sizeof(*members->names)),
	};
	if (!members->items || !members->names)
		return -1;
	add_members(members, config);
	members->of_config = members->count;
	add_members(members, overrides);
	return same_names_find(members->names, members->count);
}

static int clear_one(cJSON *item, const cJSON *override, struct error *error)
{
	/* The value stays where it is, to be freed with the rest of the document. */
	if (cJSON_IsNull(override))
		item->type = cJSON_NULL;
	else if (cJSON_IsObject(override) && cJSON_IsObject(item))
		return overrides_clear(item, override, error);
	return 0;
}

int overrides_clear(const cJSON *config, const cJSON *overrides, struct error *error)
{
	struct members members;
	int result = 0;

	if (!config->child || !overrides->child)
		return 0;
	if (list_members(&members, config, overrides) < 0)
		result = json_no_memory(error);
	for (size_t i = members.of_config; !result && i < members.count; i++) {
		const size_t first = members.names[i].first;

		/* Once: a key that the overrides give twice is refused later, or of no interest. */
		if (first >= members.of_config || members.names[first].first != first)
			continue;
		members.names[first].first = members.count;
		result = clear_one(members.items[first], members.items[i], error);
	}
	free_members(&members);
	return result;
}
