// SPDX-License-Identifier: Apache-2.0
/*
 * A configuration and, after a line `---`, overrides. What is accepted must hold
 * everything that the rest of the program takes for granted.
 */
#include "fuzz.h"

#include "config/oci_config.h"
#include "container/device_filter.h"
#include "container/mount_options.h"
#include "life/seccomp_filter.h"

static size_t name_length(const char *variable)
{
	return strcspn(variable, "=") + 1;
}

static void check_environment(char *const *env)
{
	for (; *env; env++) {
		const size_t length = name_length(*env);

		CHECK(length > 1 && (*env)[length - 1] == '=');
		for (char *const *other = env + 1; *other; other++)
			CHECK(strncmp(*env, *other, length) != 0);
	}
}

static void check_paths(char *const *list)
{
	for (; list && *list; list++)
		CHECK((*list)[0] == '/');
}

static void check_mount(const struct mount_point *mount)
{
	struct mount_options options;

	CHECK(mount->destination[0] == '/');
	CHECK(!mount->type || strlen(mount->type) < SIZE_MAX);
	CHECK(!mount->source || strlen(mount->source) < SIZE_MAX);
	mount_options_parse(mount->options, &options);
	for (char **word = mount->options; word && *word; word++) {
		mount_option_is_of_file_system(*word);
		mount_option_is_special(*word);
	}
}

static void check_process(const struct config *config)
{
	CHECK(config->args[0][0]);
	for (char **argument = config->args; *argument; argument++)
		CHECK(strlen(*argument) < SIZE_MAX);
	check_environment(config->env);
	CHECK(config->cwd[0] == '/');
	CHECK(config->stop_signal >= 1 && config->stop_signal <= 64);
	CHECK(!config->user || config->user[0]);
	CHECK(config->uid != UINT32_MAX && config->gid != UINT32_MAX);
	for (size_t i = 0; i < config->group_count; i++)
		CHECK(config->groups[i] != UINT32_MAX);
	CHECK(config->umask >= -1 && config->umask <= 0777);
	CHECK(config->oom_score_adj >= -1000 && config->oom_score_adj <= 1000);
	CHECK(config->limit_count <= RESOURCE_LIMITS);
	for (size_t i = 0; i < config->limit_count; i++) {
		CHECK(config->limits[i].resource >= 0 &&
		      config->limits[i].resource < RESOURCE_LIMITS);
		CHECK(config->limits[i].soft <= config->limits[i].hard);
	}
}

/* As the kernel checks it; and nothing else is in it. */
static void check_filter(const struct bpf_program *program)
{
	CHECK(program->length > 0 && program->length <= BPF_INSTRUCTIONS_MAX);
	CHECK(program->instructions[program->length - 1].code == BPF_RETURN);
	for (unsigned int i = 0; i < program->length; i++) {
		const struct bpf_instruction *instruction = &program->instructions[i];
		const unsigned int left = program->length - 1 - i;

		switch (instruction->code) {
		case BPF_LOAD_WORD:
			CHECK(instruction->operand % 4 == 0 &&
			      instruction->operand < sizeof(struct seccomp_call));
			break;
		case BPF_JUMP:
			CHECK(instruction->operand < left);
			break;
		case BPF_JUMP_EQUAL:
		case BPF_JUMP_GREATER:
		case BPF_JUMP_GREATER_OR_EQUAL:
			CHECK(instruction->if_true < left && instruction->if_false < left);
			break;
		default:
			CHECK(instruction->code == BPF_RETURN || instruction->code == BPF_AND);
		}
	}
}

static void check_seccomp(const struct seccomp *seccomp)
{
	struct seccomp_filter filter;
	struct error error;

	for (size_t i = 0; i < seccomp->rule_count; i++)
		CHECK(seccomp->rules[i].names[0]);
	if (!seccomp->present)
		return;
	if (seccomp_filter_compile(seccomp, architectures, ARCHITECTURES, &filter, &error) < 0) {
		check_error(&error, "make the seccomp filter: ");
		return;
	}
	CHECK(!filter.unknown_count || strlen(filter.unknown) < SIZE_MAX);
	check_filter(&filter.program);
	seccomp_filter_free(&filter);
}

/* Every jump leads to an instruction, and the last one is the end. */
static void check_device_rules(const struct config *config)
{
	const size_t most = config->device_rule_count * FILTER_RULE_LENGTH + FILTER_FRAME_LENGTH;
	struct filter_instruction *program = calloc(most, sizeof(*program));
	size_t length;

	CHECK(program);
	length = device_filter_compile(config->device_rules, config->device_rule_count, program);
	CHECK(length && length <= most && program[length - 1].code == 0x95);
	for (size_t i = 0; i < length; i++)
		CHECK(program[i].code == 0x61 ||
		      (program[i].offset >= 0 && i + 1 + (size_t)program[i].offset <= length));
	free(program);
}

static void check_resources(const struct config *config)
{
	for (size_t i = 0; i < config->cgroup_setting_count; i++) {
		const struct cgroup_setting *setting = &config->cgroup_settings[i];

		CHECK(setting->file[0] && strlen(setting->value) < SIZE_MAX);
	}
	for (size_t i = 0; i < config->device_count; i++) {
		CHECK(config->devices[i].path[0] == '/');
		CHECK(config->devices[i].uid != UINT32_MAX && config->devices[i].gid != UINT32_MAX);
	}
	for (size_t i = 0; i < config->device_rule_count; i++)
		CHECK(config->device_rules[i].access);
	check_device_rules(config);
}

static void check_config(const struct config *config)
{
	check_process(config);
	check_seccomp(&config->seccomp);
	check_resources(config);
	check_paths(config->masked_paths);
	check_paths(config->read_only_paths);
	check_paths(config->volumes);
	for (size_t i = 0; i < config->mount_count; i++)
		check_mount(&config->mounts[i]);
	for (size_t i = 0; i < config->setting_count; i++)
		CHECK(strlen(config->settings[i].name) + strlen(config->settings[i].value) <
		      SIZE_MAX);
	CHECK(config->ignored_count <= sizeof(config->ignored) / sizeof(config->ignored[0]));
	for (size_t i = 0; i < config->ignored_count; i++)
		CHECK(config->ignored[i][0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char separator[] = "\n---\n";
	struct part rest = { (const char *)data, size };
	const bool has_overrides = size && memmem(data, size, separator, strlen(separator));
	struct part document = cut(&rest, separator);
	/* Without the '\0', which config_parse() does not ask for. */
	char *text = malloc(document.length ? document.length : 1);
	char *overrides = has_overrides ? malloc(rest.length ? rest.length : 1) : NULL;
	struct config config;
	struct error error;
	bool good;

	CHECK(text && (overrides || !has_overrides));
	if (document.length)
		memcpy(text, document.at, document.length);
	if (has_overrides && rest.length)
		memcpy(overrides, rest.at, rest.length);
	good = config_parse(text, document.length, overrides, rest.length, &config, &error) == 0;
	/* Nothing of the result is in the text. */
	free(text);
	free(overrides);
	if (good) {
		check_config(&config);
		config_free(&config);
	} else {
		check_error(&error, strncmp(error.text, "overrides", 9) ? "config: " : "overrides: ");
	}
	check_expected(good);
	return 0;
}
