// SPDX-License-Identifier: Apache-2.0
/*
 * Turns `linux.resources`, which speaks of the files of cgroup v1, into values for
 * files of cgroup v2, by the formulas of runc.
 */
#include "config/resources_config.h"

#include <stdlib.h>
#include <string.h>

#include "config/config_fields.h"
#include "config/devices_config.h"

/* 2 to the 63rd. */
#define NUMBER_MAX 9223372036854775808.0
#define IO_WEIGHT_MIN 10
#define IO_WEIGHT_MAX 1000
#define DEFAULT_PERIOD 100000
#define MEMBERS_MAX 256

struct parts {
	struct object memory, cpu, pids, block_io;
};

static int get_parts(const struct object *resources, struct parts *parts, struct error *error)
{
	*parts = (struct parts){
		.memory.name = "linux.resources.memory.",
		.cpu.name = "linux.resources.cpu.",
		.pids.name = "linux.resources.pids.",
		.block_io.name = "linux.resources.blockIO.",
	};
	if (json_get_object(resources, "memory", &parts->memory, error) < 0 ||
	    json_get_object(resources, "cpu", &parts->cpu, error) < 0 ||
	    json_get_object(resources, "pids", &parts->pids, error) < 0 ||
	    json_get_object(resources, "blockIO", &parts->block_io, error) < 0)
		return -1;
	return 0;
}

static int64_t whole(double value)
{
	return value >= NUMBER_MAX ? INT64_MAX : (int64_t)value;
}

static int parse_numbers(const struct parts *parts, struct resources *resources,
			 struct error *error)
{
	const struct {
		const struct object *object;
		const char *key;
		double min, max;
	} fields[RESOURCE_NUMBERS] = {
		[MEMORY_LIMIT] = { &parts->memory, "limit", -1, NUMBER_MAX },
		[MEMORY_RESERVATION] = { &parts->memory, "reservation", -1, NUMBER_MAX },
		[MEMORY_SWAP] = { &parts->memory, "swap", -1, NUMBER_MAX },
		[CPU_SHARES] = { &parts->cpu, "shares", 0, NUMBER_MAX },
		[CPU_QUOTA] = { &parts->cpu, "quota", -NUMBER_MAX, NUMBER_MAX },
		[CPU_PERIOD] = { &parts->cpu, "period", 0, NUMBER_MAX },
		[CPU_BURST] = { &parts->cpu, "burst", 0, NUMBER_MAX },
		[CPU_IDLE] = { &parts->cpu, "idle", 0, 1 },
		[PIDS_LIMIT] = { &parts->pids, "limit", -1, NUMBER_MAX },
		[IO_WEIGHT] = { &parts->block_io, "weight", 0, IO_WEIGHT_MAX },
	};

	for (size_t i = 0; i < RESOURCE_NUMBERS; i++) {
		double value;
		bool present;

		if (json_get_number(fields[i].object, fields[i].key, fields[i].min, fields[i].max,
				    &value, &present, error) < 0)
			return -1;
		if (present)
			resources->numbers[i] = whole(value);
	}
	return 0;
}

static int parse_lists(const struct object *root, const struct parts *parts,
		       struct resources *resources, struct error *error)
{
	const struct {
		const struct object *object;
		const char *key, *name;
	} fields[RESOURCE_LISTS] = {
		[IO_WEIGHTS] = { &parts->block_io, "weightDevice",
			"linux.resources.blockIO.weightDevice: " },
		[IO_READ_BYTES] = { &parts->block_io, "throttleReadBpsDevice",
			"linux.resources.blockIO.throttleReadBpsDevice: " },
		[IO_WRITE_BYTES] = { &parts->block_io, "throttleWriteBpsDevice",
			"linux.resources.blockIO.throttleWriteBpsDevice: " },
		[IO_READ_OPERATIONS] = { &parts->block_io, "throttleReadIOPSDevice",
			"linux.resources.blockIO.throttleReadIOPSDevice: " },
		[IO_WRITE_OPERATIONS] = { &parts->block_io, "throttleWriteIOPSDevice",
			"linux.resources.blockIO.throttleWriteIOPSDevice: " },
		[HUGE_PAGE_LIMITS] = { root, "hugepageLimits",
			"linux.resources.hugepageLimits: " },
	};

	for (size_t i = 0; i < RESOURCE_LISTS; i++) {
		const cJSON *array;

		if (json_get_array(fields[i].object, fields[i].key, &array, error) < 0)
			return -1;
		if (array)
			resources->lists[i] = (struct object){
				.json = array,
				.document = fields[i].object->document,
				.name = fields[i].name,
			};
	}
	return 0;
}

static int note_ignored(const struct object *root, const struct parts *parts,
			struct config *config, struct error *error)
{
	static const char *const memory[] = {
		"linux.resources.memory.disableOOMKiller", "linux.resources.memory.kernel",
		"linux.resources.memory.kernelTCP", "linux.resources.memory.swappiness", NULL
	};
	static const char *const cpu[] = {
		"linux.resources.cpu.realtimePeriod", "linux.resources.cpu.realtimeRuntime", NULL
	};
	static const char *const block_io[] = { "linux.resources.blockIO.leafWeight", NULL };
	static const char *const others[] = { "linux.resources.network", NULL };

	if (config_note_ignored(&parts->memory, memory, config, error) < 0 ||
	    config_note_ignored(&parts->cpu, cpu, config, error) < 0 ||
	    config_note_ignored(&parts->block_io, block_io, config, error) < 0 ||
	    config_note_ignored(root, others, config, error) < 0)
		return -1;
	return 0;
}

/* More than a cgroup has files. Looking each name up takes time with the square of it. */
static int check_size(const struct object *object, struct error *error)
{
	if (object->json && cJSON_GetArraySize(object->json) > MEMBERS_MAX)
		return ERROR(error, object->document, ": ", object->name,
			     ": has more than 256 members");
	return 0;
}

int resources_config_apply(const struct object *linux_, struct resources *resources,
			   struct config *config, struct error *error)
{
	struct object object = { .name = "linux.resources." };
	struct object rdma = { .name = "linux.resources.rdma." };
	struct object unified = { .name = "linux.resources.unified." };
	struct parts parts;

	if (json_get_object(linux_, "resources", &object, error) < 0 ||
	    get_parts(&object, &parts, error) < 0 ||
	    parse_numbers(&parts, resources, error) < 0 ||
	    parse_lists(&object, &parts, resources, error) < 0 ||
	    json_get_string(&parts.cpu, "cpus", &resources->cpus, error) < 0 ||
	    json_get_string(&parts.cpu, "mems", &resources->memory_nodes, error) < 0 ||
	    json_get_object(&object, "rdma", &rdma, error) < 0 ||
	    json_get_object(&object, "unified", &unified, error) < 0 ||
	    device_rules_apply(&object, config, error) < 0 ||
	    note_ignored(&object, &parts, config, error) < 0)
		return -1;
	if (check_size(&rdma, error) < 0 || check_size(&unified, error) < 0)
		return -1;
	if (rdma.json)
		resources->rdma = rdma;
	if (unified.json)
		resources->unified[resources->unified_count++] = unified;
	return 0;
}

/* Returns the place of one more setting, or NULL. */
static struct cgroup_setting *add_setting(struct config *config, struct error *error)
{
	const size_t count = config->cgroup_setting_count;
	struct cgroup_setting *settings = realloc(config->cgroup_settings,
						  (count + 1) * sizeof(*settings));

	if (!settings) {
		json_no_memory(error);
		return NULL;
	}
	config->cgroup_settings = settings;
	settings[count] = (struct cgroup_setting){ .file = "", .value = "" };
	config->cgroup_setting_count++;
	return &settings[count];
}

static size_t length_of(const char *const parts[])
{
	size_t length = 0;

	for (; *parts; parts++)
		length += strlen(*parts);
	return length;
}

/* Returns where the next text begins. Unlike text_join(), it keeps every character. */
static char *join(char *text, const char *const parts[])
{
	for (; *parts; parts++) {
		const size_t length = strlen(*parts);

		memcpy(text, *parts, length);
		text += length;
	}
	*text = '\0';
	return text + 1;
}

/* Joins the parts of both. */
static int add_text(struct config *config, const char *const file[], const char *const value[],
		    struct error *error)
{
	struct cgroup_setting *setting = add_setting(config, error);
	char *second;

	if (!setting)
		return -1;
	setting->text = malloc(length_of(file) + 1 + length_of(value) + 1);
	if (!setting->text)
		return json_no_memory(error);
	second = join(setting->text, file);
	join(second, value);
	setting->file = setting->text;
	setting->value = second;
	return 0;
}

#define ADD(config, error, file, ...) \
	add_text(config, (const char *const[]){ file, NULL }, \
		 (const char *const[]){ __VA_ARGS__, NULL }, error)

static int add_number(struct config *config, const char *file, int64_t value,
		      struct error *error)
{
	struct decimal number;

	return ADD(config, error, file,
		   value < 0 ? "max" : decimal(&number, (uint64_t)value));
}

/* 0 in the configuration of a limit means none. */
static int add_limit(struct config *config, const char *file, int64_t value, struct error *error)
{
	return value ? add_number(config, file, value, error) : 0;
}

/* In the configuration it is a limit for memory and swap together; in cgroup v2, for swap. */
static int convert_swap(int64_t swap, int64_t memory, struct config *config, struct error *error)
{
	if (!swap && memory != -1)
		return 0;
	if (swap > 0 && memory != -1) {
		if (!memory)
			return ERROR(error, "config: linux.resources.memory.swap: there is no limit "
				     "for the memory that it includes");
		if (swap < memory)
			return ERROR(error, "config: linux.resources.memory.swap: is below the limit "
				     "for the memory that it includes");
		swap -= memory;
	} else if (!swap) {
		swap = -1;
	}
	return add_number(config, "memory.swap.max", swap, error);
}

static int convert_memory(const int64_t *numbers, struct config *config, struct error *error)
{
	if (convert_swap(numbers[MEMORY_SWAP], numbers[MEMORY_LIMIT], config, error) < 0 ||
	    add_limit(config, "memory.max", numbers[MEMORY_LIMIT], error) < 0 ||
	    add_limit(config, "memory.low", numbers[MEMORY_RESERVATION], error) < 0)
		return -1;
	return 0;
}

/* From 2 to 262144 shares, to a weight of 1 to 10000. */
static int64_t cpu_weight(int64_t shares)
{
	if (shares <= 2)
		return 1;
	return shares >= 262144 ? 10000 : 1 + (shares - 2) * 9999 / 262142;
}

static int convert_cpu_limit(int64_t quota, int64_t period, struct config *config,
			     struct error *error)
{
	struct decimal quota_text, period_text;

	if (!quota && !period)
		return 0;
	return ADD(config, error, "cpu.max",
		   quota > 0 ? decimal(&quota_text, (uint64_t)quota) : "max", " ",
		   decimal(&period_text, (uint64_t)(period ? period : DEFAULT_PERIOD)));
}

static int convert_cpu(const struct resources *resources, struct config *config,
		       struct error *error)
{
	const int64_t *numbers = resources->numbers;

	/* The weight first: one that is idle has none that could be set. */
	if ((numbers[CPU_SHARES] &&
	     add_number(config, "cpu.weight", cpu_weight(numbers[CPU_SHARES]), error) < 0) ||
	    add_limit(config, "cpu.idle", numbers[CPU_IDLE], error) < 0 ||
	    /* And the quota before the burst, which may not be larger. */
	    convert_cpu_limit(numbers[CPU_QUOTA], numbers[CPU_PERIOD], config, error) < 0 ||
	    add_limit(config, "cpu.max.burst", numbers[CPU_BURST], error) < 0)
		return -1;
	if (resources->cpus && resources->cpus[0] &&
	    ADD(config, error, "cpuset.cpus", resources->cpus) < 0)
		return -1;
	if (resources->memory_nodes && resources->memory_nodes[0] &&
	    ADD(config, error, "cpuset.mems", resources->memory_nodes) < 0)
		return -1;
	return 0;
}

/* From 10 to 1000, to 1 to 10000. */
static int64_t io_weight(int64_t weight)
{
	return weight <= IO_WEIGHT_MIN ? 1 : 1 + (weight - IO_WEIGHT_MIN) * 9999 / 990;
}

static int convert_device(const struct object *item, const char *key, double max,
			  const char *file, const char *word, struct config *config,
			  struct error *error)
{
	struct decimal major_text, minor_text, value_text;
	double major, minor, value;
	uint64_t number;

	if (!cJSON_IsObject(item->json))
		return ERROR(error, item->document, ": ", item->name, "is not an array of objects");
	if (json_need_number(item, "major", UINT32_MAX, &major, error) < 0 ||
	    json_need_number(item, "minor", UINT32_MAX, &minor, error) < 0 ||
	    json_need_number(item, key, max, &value, error) < 0)
		return -1;
	number = (uint64_t)whole(value);
	if (max == IO_WEIGHT_MAX)
		number = (uint64_t)io_weight((int64_t)number);
	return ADD(config, error, file, decimal(&major_text, (uint64_t)major), ":",
		   decimal(&minor_text, (uint64_t)minor), " ", word, decimal(&value_text, number));
}

static int convert_io(const struct resources *resources, struct config *config,
		      struct error *error)
{
	static const struct {
		const char *key, *file, *word;
		double max;
	} lists[] = {
		[IO_WEIGHTS] = { "weight", "io.weight", "", IO_WEIGHT_MAX },
		[IO_READ_BYTES] = { "rate", "io.max", "rbps=", NUMBER_MAX },
		[IO_WRITE_BYTES] = { "rate", "io.max", "wbps=", NUMBER_MAX },
		[IO_READ_OPERATIONS] = { "rate", "io.max", "riops=", NUMBER_MAX },
		[IO_WRITE_OPERATIONS] = { "rate", "io.max", "wiops=", NUMBER_MAX },
	};
	const int64_t weight = resources->numbers[IO_WEIGHT];

	if (weight && add_number(config, "io.weight", io_weight(weight), error) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct object item = resources->lists[i];
		const cJSON *array = item.json;

		cJSON_ArrayForEach(item.json, array) {
			if (convert_device(&item, lists[i].key, lists[i].max, lists[i].file,
					   lists[i].word, config, error) < 0)
				return -1;
		}
	}
	return 0;
}

static int convert_huge_pages(const struct object *limits, struct config *config,
			      struct error *error)
{
	struct object item = *limits;

	cJSON_ArrayForEach(item.json, limits->json) {
		const char *size = NULL;
		struct decimal number;
		double limit;

		if (!cJSON_IsObject(item.json))
			return ERROR(error, item.document, ": ", item.name,
				     "is not an array of objects");
		if (json_get_string(&item, "pageSize", &size, error) < 0 ||
		    json_need_number(&item, "limit", NUMBER_MAX, &limit, error) < 0)
			return -1;
		if (!size)
			return json_error(&item, "pageSize", "is missing", error);
		/* For pages in use, and for those that are reserved. */
		for (const char *const *kind = (const char *const[]){ "max", "rsvd.max", NULL };
		     *kind; kind++) {
			if (add_text(config,
				     (const char *const[]){ "hugetlb.", size, ".", *kind, NULL },
				     (const char *const[]){
					     decimal(&number, (uint64_t)whole(limit)), NULL },
				     error) < 0)
				return -1;
		}
	}
	return 0;
}

static int convert_rdma(const struct object *rdma, struct config *config, struct error *error)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, rdma->json) {
		static const struct {
			const char *key, *word;
		} limits[] = {
			{ "hcaHandles", "hca_handle=" }, { "hcaObjects", "hca_object=" },
		};
		struct object device = { .name = "linux.resources.rdma: " };

		if (json_get_object(rdma, member->string, &device, error) < 0)
			return -1;
		for (size_t i = 0; i < 2; i++) {
			struct decimal number;
			double limit;
			bool present;

			if (json_get_number(&device, limits[i].key, 0, UINT32_MAX, &limit,
					    &present, error) < 0)
				return -1;
			if (present && ADD(config, error, "rdma.max", member->string,
					   " ", limits[i].word, decimal(&number, (uint64_t)limit)) < 0)
				return -1;
		}
	}
	return 0;
}

/* Files of cgroup v2 by their names. They come last, and so win. */
static int convert_unified(const struct object *unified, struct config *config,
			   struct error *error)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, unified->json) {
		struct cgroup_setting *setting;
		const char *value = NULL;

		if (!item->string[0] || strchr(item->string, '/'))
			return json_error(unified, item->string, "is not the name of a file", error);
		if (json_get_string(unified, item->string, &value, error) < 0)
			return -1;
		if (!value)
			continue;
		setting = add_setting(config, error);
		if (!setting)
			return -1;
		setting->file = item->string;
		setting->value = value;
	}
	return 0;
}

int resources_config_convert(const struct resources *resources, struct config *config,
			     struct error *error)
{
	if (add_limit(config, "pids.max", resources->numbers[PIDS_LIMIT], error) < 0 ||
	    convert_memory(resources->numbers, config, error) < 0 ||
	    convert_io(resources, config, error) < 0 ||
	    convert_cpu(resources, config, error) < 0 ||
	    convert_huge_pages(&resources->lists[HUGE_PAGE_LIMITS], config, error) < 0 ||
	    convert_rdma(&resources->rdma, config, error) < 0)
		return -1;
	for (size_t i = 0; i < resources->unified_count; i++) {
		if (convert_unified(&resources->unified[i], config, error) < 0)
			return -1;
	}
	return 0;
}
