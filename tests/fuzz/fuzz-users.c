// SPDX-License-Identifier: Apache-2.0
/* A user on the first line, then a passwd file, and after a line `---` a group file. */
#include "fuzz.h"

#include "container/users.h"

static void check_user(const struct config *config)
{
	CHECK(config->uid != UINT32_MAX && config->gid != UINT32_MAX);
	CHECK(config->group_count >= 1 && config->groups[0] == config->gid);
	for (size_t i = 0; i < config->group_count; i++)
		CHECK(config->groups[i] != UINT32_MAX);
	CHECK(!strncmp(config->env[0], "HOME=", 5) && config->env[0][5] && !config->env[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct part rest = { (const char *)data, size };
	char *user = copy(cut(&rest, "\n"));
	const struct part passwd = cut(&rest, "---\n"), group = rest;
	char *passwd_text = malloc(passwd.length + 1), *group_text = malloc(group.length + 1);
	/* Of exactly their sizes, at the end of their memory. */
	const struct user_files files = {
		.passwd = memcpy(passwd_text + 1, passwd.at, passwd.length),
		.passwd_length = passwd.length,
		.group = memcpy(group_text + 1, group.at, group.length),
		.group_length = group.length,
	};
	struct config config = { .user = user };
	struct error error;
	bool good = user_resolve_from(&files, &config, &error) == 0;

	free(passwd_text);
	free(group_text);
	if (good)
		check_user(&config);
	else
		check_error(&error, "find ");
	config_free(&config);
	free(user);
	check_expected(good);
	return 0;
}
