/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONFIG_H
#define INIT_OCI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/kernel_names.h"
#include "config/seccomp_config.h"

struct limit {
	int resource;
	uint64_t soft, hard;
};

struct capabilities {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* One of `mounts`: a file system of the given type, or a bind mount. */
struct mount_point {
	const char *destination, *type, *source;
	char **options;		/* as in the specification; NULL when there are none */
};

/* One of `linux.sysctl`, or a default of every image, if the kernel knows it. */
struct setting {
	const char *name, *value;
	bool optional;
};

/* One of `linux.devices`. */
struct device {
	const char *path;
	uint32_t mode;		/* with the bits for the type of file */
	uint32_t major, minor;
	uint32_t uid, gid;
};

/* One of `linux.resources.devices`: whether a device may be used. */
struct device_rule {
	bool allow;
	char type;		/* 'b', 'c', or 'a' for both */
	int64_t major, minor;	/* -1: every one */
	unsigned int access;	/* of DEVICE_... */
};

#define DEVICE_MAKE 1
#define DEVICE_READ 2
#define DEVICE_WRITE 4

/* What is to be written to a file of the container's cgroup. */
struct cgroup_setting {
	const char *file, *value;
	char *text;		/* what they are in, or NULL if they belong to the JSON */
};

/*
 * What this init takes from an OCI runtime configuration, an OCI image's
 * configuration, or both; init-oci(8) lists the fields.
 */
struct config {
	char **args;
	char **env;
	const char *cwd;
	const char *hostname;
	const char *domainname;
	char **masked_paths;
	char **read_only_paths;
	char **volumes;		/* stay writable when the root is read-only; or NULL */
	struct mount_point *mounts;
	size_t mount_count;
	struct setting *settings;
	size_t setting_count;
	struct device *devices;
	size_t device_count;
	/* `linux.resources`, as cgroup v2 has it. */
	struct cgroup_setting *cgroup_settings;
	size_t cgroup_setting_count;
	struct device_rule *device_rules;	/* in order: a later one counts more */
	size_t device_rule_count;
	int stop_signal;	/* SIGTERM unless the image says otherwise */
	/*
	 * `User` of an image, for user_resolve(), which sets uid, gid and groups;
	 * NULL when they are numbers already.
	 */
	const char *user;
	uint32_t uid, gid;
	uint32_t *groups;
	size_t group_count;
	struct limit limits[RESOURCE_LIMITS];
	size_t limit_count;
	struct capabilities capabilities;
	struct seccomp seccomp;
	int umask;
	int oom_score_adj;
	unsigned short rows, columns;
	bool terminal;
	bool no_new_privileges;
	bool read_only_root;
	bool has_capabilities;
	bool has_oom_score_adj;
	/* Fields that are given and would arrange something, but are ignored. */
	const char *ignored[16];
	size_t ignored_count;
	/* The strings above belong to these. */
	char *host_variable, *home_variable;
	void *json[2];
};

/* Frees what is in it. */
void config_free(struct config *config);

#endif
