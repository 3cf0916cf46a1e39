// SPDX-License-Identifier: Apache-2.0
/* Users and groups, as the image's own files have them. */
#include "container/users.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/in_root.h"
#include "config/environment.h"

#define PASSWD "/etc/passwd"
#define GROUP "/etc/group"
/* Hundreds of thousands of users: what comes after them does not count. */
#define FILE_MAX (16 * 1024 * 1024)

/* A piece of a file or of an argument; it does not end in '\0'. */
struct text {
	const char *at;
	size_t length;
};

struct account {
	struct text name, home;
	uint32_t uid, gid;
};

struct group {
	struct text name, members;
	uint32_t gid;
};

static struct text text_of(const char *string)
{
	return (struct text){ string, strlen(string) };
}

static bool equal(struct text a, struct text b)
{
	return a.length == b.length && !memcmp(a.at, b.at, a.length);
}

/* Cuts off the text before the separator, and the separator itself; or all the text. */
static struct text cut(struct text *rest, char separator)
{
	const char *end = rest->length ? memchr(rest->at, separator, rest->length) : NULL;
	struct text piece = { rest->at, end ? (size_t)(end - rest->at) : rest->length };
	size_t used = piece.length + (end != NULL);

	rest->at += used;
	rest->length -= used;
	return piece;
}

static bool is_number(struct text text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	}
	return text.length > 0;
}

/* Minus one means "leave as it is" to the kernel, so it is not a user or group. */
static bool parse_id(struct text text, uint32_t *id)
{
	uint64_t value = 0;

	if (!is_number(text))
		return false;
	for (size_t i = 0; i < text.length && value <= UINT32_MAX; i++)
		value = value * 10 + (uint64_t)(text.at[i] - '0');
	*id = (uint32_t)value;
	return value < UINT32_MAX;
}

/* Takes the next line that has the form of an account: name:x:uid:gid:comment:home:shell */
static bool next_account(struct text *rest, struct account *account)
{
	while (rest->length) {
		struct text line = cut(rest, '\n');
		bool good = !memchr(line.at, '\0', line.length);

		account->name = cut(&line, ':');
		cut(&line, ':');
		good = parse_id(cut(&line, ':'), &account->uid) && good;
		good = parse_id(cut(&line, ':'), &account->gid) && good;
		cut(&line, ':');
		account->home = cut(&line, ':');
		if (good && account->name.length)
			return true;
	}
	return false;
}

/* The same for a group: name:x:gid:member,member */
static bool next_group(struct text *rest, struct group *group)
{
	while (rest->length) {
		struct text line = cut(rest, '\n');

		group->name = cut(&line, ':');
		cut(&line, ':');
		if (parse_id(cut(&line, ':'), &group->gid) && group->name.length) {
			group->members = line;
			return true;
		}
	}
	return false;
}

/* The first line that matches counts, as on other systems. */
static bool find_account(struct text passwd, const struct text *name, uint32_t uid,
			 struct account *account)
{
	while (next_account(&passwd, account)) {
		if (name ? equal(account->name, *name) : account->uid == uid)
			return true;
	}
	return false;
}

/* The name is the rest of an argument, and so it ends in '\0' after all. */
static int find_group(struct text groups, struct text name, struct config *config,
		      struct error *error)
{
	struct group group;

	if (is_number(name)) {
		if (parse_id(name, &config->gid))
			return 0;
		return ERROR(error, "find group ", name.at, ": is out of range");
	}
	while (next_group(&groups, &group)) {
		if (equal(group.name, name)) {
			config->gid = group.gid;
			return 0;
		}
	}
	return ERROR(error, "find group ", name.at, ": is not in the container's " GROUP);
}

static bool is_member(struct text members, struct text name)
{
	while (members.length) {
		if (equal(cut(&members, ','), name))
			return true;
	}
	return false;
}

/* Counts them, and stores them unless list is NULL. */
static size_t list_groups(struct text groups, struct text name, uint32_t *list)
{
	struct group group;
	size_t count = 0;

	while (next_group(&groups, &group)) {
		if (!is_member(group.members, name))
			continue;
		if (list)
			list[count] = group.gid;
		count++;
	}
	return count;
}

/*
 * The account's own group, and after it the groups that list the account, if any.
 * Its own is among the additional groups, as after a login: otherwise a program
 * could leave it, and get in where only that group is shut out.
 */
static int set_groups(struct text groups, const struct account *account, struct config *config,
		      struct error *error)
{
	const size_t listed = account ? list_groups(groups, account->name, NULL) : 0;

	free(config->groups);
	config->group_count = 0;
	config->groups = calloc(listed + 1, sizeof(*config->groups));
	if (!config->groups)
		return ERROR(error, "find user ", config->user, ": out of memory");
	config->groups[0] = config->gid;
	if (account)
		list_groups(groups, account->name, config->groups + 1);
	config->group_count = listed + 1;
	return 0;
}

/*
 * USER or USER:GROUP, each by name or by number. Digits alone are always a number,
 * which need not be in the files. Home is left as it is when none is known.
 */
static int resolve(struct text passwd, struct text groups, struct config *config,
		   struct text *home, struct error *error)
{
	struct text group = text_of(config->user), user = cut(&group, ':');
	const bool by_number = is_number(user) || !user.length;
	struct account account;
	bool found;

	config->uid = config->gid = 0;
	if (user.length && by_number && !parse_id(user, &config->uid))
		return ERROR(error, "find user ", config->user, ": is out of range");
	found = find_account(passwd, by_number ? NULL : &user, config->uid, &account);
	if (!found && !by_number)
		return ERROR(error, "find user ", config->user,
			     ": is not in the container's " PASSWD);
	if (found) {
		config->uid = account.uid;
		config->gid = account.gid;
		*home = account.home;
	}
	if (group.length && find_group(groups, group, config, error) < 0)
		return -1;
	return set_groups(groups, found && !group.length ? &account : NULL, config, error);
}

static bool has_home(char *const environment[])
{
	for (; environment && *environment; environment++) {
		if (!strncmp(*environment, "HOME=", 5))
			return (*environment)[5];
	}
	return false;
}

/* As in container engines, an empty one is as good as none. */
static int add_home(struct text home, struct config *config, struct error *error)
{
	char *variable;

	if (has_home(config->env))
		return 0;
	if (!home.length)
		home = text_of("/");
	variable = malloc(sizeof("HOME=") + home.length);
	if (!variable)
		return ERROR(error, "set HOME: out of memory");
	memcpy(variable, "HOME=", 5);
	memcpy(variable + 5, home.at, home.length);
	variable[5 + home.length] = '\0';
	config->home_variable = variable;
	if (environment_merge(&config->env, (char *const[]){ variable, NULL }) < 0)
		return ERROR(error, "set HOME: out of memory");
	return 0;
}

int user_resolve_from(const struct user_files *files, struct config *config,
		      struct error *error)
{
	const struct text passwd = { files->passwd, files->passwd_length };
	const struct text groups = { files->group, files->group_length };
	struct text home = { NULL, 0 };
	struct account account;

	if (config->user) {
		if (resolve(passwd, groups, config, &home, error) < 0)
			return -1;
	} else if (find_account(passwd, NULL, config->uid, &account)) {
		home = account.home;
	}
	return add_home(home, config, error);
}

/* Whether a name has to be looked up: the user's, or the group's after it. */
static bool is_by_name(const struct config *config, bool group)
{
	struct text rest = text_of(config->user ? config->user : ""), user = cut(&rest, ':');
	struct text wanted = group ? rest : user;

	return wanted.length && !is_number(wanted);
}

/*
 * An image without such a file has no names, and numbers need none: for them, a file
 * that cannot be read is as good as none.
 */
static int read_accounts(const struct root_path *where, bool needed, char **text,
			 size_t *length, struct error *error)
{
	int fd = in_root_open_file("read ", where, error);
	const bool absent = fd < 0 && (errno == ENOENT || errno == ENOTDIR);

	*text = NULL;
	*length = 0;
	if (fd >= 0) {
		*text = file_read_start(fd, FILE_MAX, length);
		if (!*text)
			step_error("read ", where->path, error);
		close(fd);
	}
	return *text || absent || !needed ? 0 : -1;
}

int user_resolve_in(const char *root, struct config *config, struct error *error)
{
	const struct root_path passwd_path = { root, PASSWD }, group_path = { root, GROUP };
	struct user_files files;
	char *passwd = NULL, *group = NULL;
	int result = -1;

	if (read_accounts(&passwd_path, is_by_name(config, false), &passwd,
			  &files.passwd_length, error) < 0 ||
	    read_accounts(&group_path, is_by_name(config, true), &group, &files.group_length,
			  error) < 0)
		goto out;
	files.passwd = passwd;
	files.group = group;
	result = user_resolve_from(&files, config, error);
out:
	free(passwd);
	free(group);
	return result;
}

int user_resolve(struct config *config, struct error *error)
{
	return user_resolve_in("/", config, error);
}
