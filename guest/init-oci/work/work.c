// SPDX-License-Identifier: Apache-2.0
/* The work that there is. */
#include "work/work.h"

#include <string.h>
#include <unistd.h>

#include "container/network_files.h"
#include "files/files.h"
#include "work/freezer.h"
#include "work/mounts.h"
#include "work/processes.h"
#include "work/statistics.h"

static int set_hostname(const char *name, struct error *error)
{
	static const char *const no_servers[] = { NULL };

	if (sethostname(name, strlen(name)) < 0)
		return step_error("set hostname ", name, error);
	return network_files_write(name, no_servers, error);
}

static int check_path(const struct work *work, struct error *error)
{
	if (work->body[0] != '/' || strlen(work->body) != work->length)
		return ERROR(error, request_name(work->request->kind), " ", work->body,
			     ": is not an absolute path");
	return 0;
}

int work_do(const struct work *work, struct error *error)
{
	switch (work->request->kind) {
	case REQUEST_GET:
		return check_path(work, error) < 0 ? -1 : files_get(work->body, work->output, error);
	case REQUEST_PUT:
		return check_path(work, error) < 0 ? -1 : files_put(work->body, work->input, error);
	case REQUEST_PS:
		return processes_write(work->output, error);
	case REQUEST_STATISTICS:
		return statistics_write(work->cgroup, work->output, error);
	case REQUEST_MOUNT:
		return mounts_add(work->body, work->length, work->sources, work->without, error);
	case REQUEST_UMOUNT:
		return check_path(work, error) < 0 ? -1 : mounts_remove(work->body, error);
	case REQUEST_PAUSE:
		return freezer_wait(work->cgroup, error);
	case REQUEST_NAMESERVER:
		return network_files_write(NULL, work->request->values, error);
	case REQUEST_HOSTNAME:
		return set_hostname(work->request->values[0], error);
	default:
		sync();
		return 0;
	}
}
