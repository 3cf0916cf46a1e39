// SPDX-License-Identifier: Apache-2.0
/*
 * What a container engine puts into linux.seccomp from a file of its own: the file's
 * rules for an architecture and the capabilities that it grants by default. Docker's and
 * podman's files have the same form.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

static const char *const capabilities[] = {
	"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID",
	"CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP",
	"CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT", NULL
};
/* What the file calls them, and those whose programs they run, first their own. */
static const struct architecture {
	const char *name;
	const char *seccomp_names[3];
} architectures[] = {
	{ "arm64", { "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM" } },
	{ "amd64", { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" } },
};

static cJSON *read_json(const char *name)
{
	static char text[1024 * 1024];
	FILE *file = fopen(name, "r");
	cJSON *json = NULL;

	if (file) {
		size_t length = fread(text, 1, sizeof(text) - 1, file);

		text[length] = '\0';
		fclose(file);
		json = cJSON_Parse(text);
	}
	if (!json) {
		fprintf(stderr, "%s: is not there, or no JSON\n", name);
		exit(2);
	}
	return json;
}

/* Whether one of the names in that member is in the list. */
static bool has_one_of(const cJSON *object, const char *key, const char *const *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, key)) {
		for (const char *const *name = list; *name; name++) {
			if (!strcmp(item->valuestring, *name))
				return true;
		}
	}
	return false;
}

static bool has_none(const cJSON *object, const char *key)
{
	return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(object, key)) == 0;
}

static bool is_for(const cJSON *rule, const struct architecture *architecture)
{
	const cJSON *includes = cJSON_GetObjectItemCaseSensitive(rule, "includes");
	const cJSON *excludes = cJSON_GetObjectItemCaseSensitive(rule, "excludes");
	const char *const list[] = { architecture->name, NULL };

	return (has_none(includes, "caps") || has_one_of(includes, "caps", capabilities)) &&
	       (has_none(includes, "arches") || has_one_of(includes, "arches", list)) &&
	       !has_one_of(excludes, "caps", capabilities) && !has_one_of(excludes, "arches", list);
}

static const struct architecture *find_architecture(const char *name)
{
	for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
		if (!strcmp(architectures[i].name, name))
			return &architectures[i];
	}
	fprintf(stderr, "%s: is no architecture of a guest\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	static const char *const members[] = { "includes", "excludes", "comment", "errno" };
	const struct architecture *architecture;
	cJSON *profile, *names, *rules, *rule, *next;

	if (argc != 3) {
		fputs("Usage: engine-profile arm64|amd64 FILE\n", stderr);
		return 2;
	}
	architecture = find_architecture(argv[1]);
	profile = read_json(argv[2]);
	cJSON_DeleteItemFromObjectCaseSensitive(profile, "archMap");
	cJSON_DeleteItemFromObjectCaseSensitive(profile, "defaultErrno");
	names = cJSON_AddArrayToObject(profile, "architectures");
	for (size_t i = 0; i < 3 && architecture->seccomp_names[i]; i++)
		cJSON_AddItemToArray(names, cJSON_CreateString(architecture->seccomp_names[i]));
	rules = cJSON_GetObjectItemCaseSensitive(profile, "syscalls");
	for (rule = rules->child; rule; rule = next) {
		next = rule->next;
		if (!is_for(rule, architecture)) {
			cJSON_Delete(cJSON_DetachItemViaPointer(rules, rule));
			continue;
		}
		for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
			cJSON_DeleteItemFromObjectCaseSensitive(rule, members[i]);
	}
	puts(cJSON_Print(profile));
	return 0;
}
