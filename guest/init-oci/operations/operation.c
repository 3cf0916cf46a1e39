// SPDX-License-Identifier: Apache-2.0
/* The operations that there are. */
#include "operations/operation.h"

#include <string.h>
#include <unistd.h>

#include "container/network_files.h"
#include "files/files.h"
#include "operations/freezer.h"
#include "operations/mounts.h"
#include "operations/processes.h"
#include "operations/statistics.h"

static int set_hostname(const char *name, struct error *error)
{
	static const char *const no_servers[] = { NULL };

	if (sethostname(name, strlen(name)) < 0)
		return step_error("set hostname ", name, error);
	return network_files_write(name, no_servers, error);
}

static int check_path(const struct operation *operation, struct error *error)
{
	if (operation->body[0] != '/' || strlen(operation->body) != operation->length)
		return ERROR(error, request_name(operation->request->kind), " ", operation->body,
			     ": is not an absolute path");
	return 0;
}

int operation_carry_out(const struct operation *operation, struct error *error)
{
	const enum request_kind kind = operation->request->kind;
	const char *body = operation->body;

	if ((kind == REQUEST_GET || kind == REQUEST_PUT || kind == REQUEST_UMOUNT) &&
	    check_path(operation, error) < 0)
		return -1;
	switch (kind) {
	case REQUEST_GET:
		return files_get(body, operation->output, error);
	case REQUEST_PUT:
		return files_put(body, operation->input, error);
	case REQUEST_PS:
		return processes_write(operation->output, error);
	case REQUEST_STATISTICS:
		return statistics_write(operation->cgroup, operation->output, error);
	case REQUEST_MOUNT:
		return mounts_add(body, operation->length, operation->sources, operation->without,
				  error);
	case REQUEST_UMOUNT:
		return mounts_remove(body, error);
	case REQUEST_PAUSE:
		return freezer_wait(operation->cgroup, error);
	case REQUEST_NAMESERVER:
		return network_files_write(NULL, operation->request->values, error);
	case REQUEST_HOSTNAME:
		return set_hostname(operation->request->values[0], error);
	default:
		sync();
		return 0;
	}
}
