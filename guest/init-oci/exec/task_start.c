// SPDX-License-Identifier: Apache-2.0
/* The process of a task: made by PID 1, which it tells what it has opened. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/linux_abi.h"
#include "base/proc.h"
#include "container/users.h"
#include "config/oci_config.h"
#include "devices/ports.h"
#include "devices/vsock.h"
#include "exec/descriptors.h"
#include "exec/kept_config.h"
#include "exec/relay.h"
#include "exec/task.h"
#include "exec/terminal.h"
#include "life/exit_status.h"
#include "life/process.h"
#include "operations/operation.h"

/* As /proc/PID/cgroup has it, below the container's. */
#define CGROUP_LINE_MAX 4096
#define CGROUP_PREFIX "0::/container/"

/*
 * What the new process needs. PID 1 goes on to its next request at once, and so this is
 * not in memory that both have; but for the failure, which the process tells so.
 */
struct birth {
	int streams[3];	/* the process's ends; -1 for /dev/null */
	int report;
	int kept_config, cgroup, container_end;
	const struct command_line *line;
	const struct request *request;
	const char *body;
	size_t length;
	struct failure *failure;
};

static void close_all(const int descriptors[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (descriptors[i] >= 0)
			close(descriptors[i]);
	}
}

/* Work writes to, and reads from, what is not the channel without PID 1. */
static bool needs_pipe(const struct task *task, unsigned int stream)
{
	switch (task->places[stream].kind) {
	case PLACE_CHANNEL:
		return true;
	case PLACE_VSOCK:
	case PLACE_PORT:
		return task->kind == REQUEST_EXEC;
	default:
		return false;
	}
}

static int make_pipe(struct task *task, unsigned int stream, struct birth *birth)
{
	const int mine = stream == 0 ? 1 : 0;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	fcntl(ends[mine], F_SETFL, O_NONBLOCK);
	task->streams[stream].fd = ends[mine];
	birth->streams[stream] = ends[!mine];
	return 0;
}

static int make_pipes(struct task *task, struct birth *birth)
{
	int report[2];

	for (unsigned int i = 0; i < 3; i++) {
		if (needs_pipe(task, i) && make_pipe(task, i, birth) < 0)
			return -1;
	}
	if (task->kind != REQUEST_EXEC)
		return 0;
	if (descriptors_pair(report) < 0)
		return -1;
	task->report = report[0];
	birth->report = report[1];
	return 0;
}

/* --- In the new process */

/* PID 1's lowest descriptors are the console's, the channel's and that of /proc. */
static void close_others(const int kept[], size_t count)
{
	descriptors_keep(PROC_FILENO + 1, kept, count);
}

/* Where a stream goes that is not on the channel. */
static int open_place(const struct place *place, struct error *error)
{
	struct decimal number;
	int fd, reason;

	if (place->kind == PLACE_PORT)
		return port_open(place->port_name, error);
	fd = vsock_connect(place->vsock_port);
	if (fd >= 0)
		return fd;
	reason = errno;
	ERROR(error, "connect to vsock port ", decimal(&number, place->vsock_port),
	      " of the host: ", strerror(reason));
	error->number = reason;
	return -1;
}

static int open_null(struct error *error)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? step_error("open /dev/null", "", error) : fd;
}

/*
 * Makes a terminal, and the process that has its other side. What PID 1 is to have is then
 * in passed.
 */
static int make_terminal(struct birth *birth, int passed[DESCRIPTORS], struct error *error)
{
	struct relay relay = { .input = birth->streams[0], .output = birth->streams[1] };
	int process_side, sizes[2], input[2], result;

	if (birth->request->places[1].kind == PLACE_NULL)
		return ERROR(error, "exec: out=null: the output of a terminal goes somewhere");
	if (terminal_open(&relay.terminal, &process_side, error) < 0)
		return -1;
	if (descriptors_pair(sizes) < 0)
		return step_error("open a terminal", "", error);
	passed[DESCRIPTOR_SIZES] = sizes[0];
	relay.sizes = sizes[1];
	/* Without a word about it, a terminal has an input on the channel. */
	if (!birth->request->has_input) {
		if (pipe2(input, O_CLOEXEC | O_NONBLOCK) < 0)
			return step_error("open a terminal", "", error);
		relay.input = input[0];
		passed[DESCRIPTOR_INPUT] = input[1];
	}
	result = relay_start(&relay, birth->cgroup, error);
	close(relay.terminal);
	close(relay.sizes);
	if (!birth->request->has_input)
		close(relay.input);
	close_all(birth->streams, 3);
	for (unsigned int i = 0; i < 3; i++)
		birth->streams[i] = process_side;
	return result;
}

/* Opens what PID 1 is to carry streams to, and passes it on with what there is already. */
static int pass_descriptors(const struct birth *birth, int passed[DESCRIPTORS],
			    struct error *error)
{
	const struct place *places = birth->request->places;
	bool any = passed[DESCRIPTOR_SIZES] >= 0;
	/* A terminal has no stream of errors. */
	const unsigned int count = any ? 2 : 3;
	int result = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (places[i].kind != PLACE_VSOCK && places[i].kind != PLACE_PORT)
			continue;
		passed[i] = open_place(&places[i], error);
		if (passed[i] < 0)
			return -1;
		fcntl(passed[i], F_SETFL, O_NONBLOCK);
		any = true;
	}
	if (any && descriptors_send(birth->report, passed) < 0)
		result = step_error("pass descriptors", "", error);
	close_all(passed, DESCRIPTORS);
	return result;
}

static int open_streams(struct birth *birth, const struct config *config, struct error *error)
{
	int passed[DESCRIPTORS] = { -1, -1, -1, -1, -1 };
	int *const streams = birth->streams;

	if (config->terminal) {
		if (make_terminal(birth, passed, error) < 0)
			return -1;
	} else if (birth->request->places[2].kind == PLACE_OUTPUT) {
		streams[2] = streams[1];
	}
	if (pass_descriptors(birth, passed, error) < 0)
		return -1;
	for (unsigned int i = 0; i < 3; i++) {
		if (streams[i] < 0)
			streams[i] = open_null(error);
		if (streams[i] < 0)
			return -1;
	}
	return 0;
}

/* Those in which the container is apart from PID 1. */
static int join_namespaces(int container_end, struct config *config, struct error *error)
{
	int kinds = CLONE_NEWCGROUP;

	if (config->monotonic.present || config->boot_time.present)
		kinds |= CLONE_NEWTIME;
	config->monotonic.present = config->boot_time.present = false;
	if (setns(container_end, kinds) < 0)
		return step_error("enter the container's namespaces", "", error);
	return 0;
}

static void run_program(struct birth *birth)
{
	struct failure *failure = birth->failure;
	struct error *error = &failure->error;
	const int kept[] = { birth->streams[0], birth->streams[1], birth->streams[2],
			     birth->report, birth->kept_config, birth->cgroup,
			     birth->container_end };
	struct seccomp_filter filter;
	struct config *config;
	bool has_user;
	sigset_t none;

	close_others(kept, sizeof(kept) / sizeof(kept[0]));
	config = kept_config_read(birth->kept_config, &filter);
	/* The status only together with what has failed: the process may be killed at any time. */
	if (!config) {
		step_error("read the configuration", "", error);
		failure->status = EXIT_STATUS_SETUP_FAILED;
		return;
	}
	if (config_parse_process(birth->body, birth->length, birth->line->without, config,
				 &has_user, error) < 0 ||
	    open_streams(birth, config, error) < 0 ||
	    (has_user && user_resolve(config, error) < 0) ||
	    join_namespaces(birth->container_end, config, error) < 0) {
		failure->status = EXIT_STATUS_SETUP_FAILED;
		return;
	}
	sigemptyset(&none);
	process_become(config, &filter, birth->streams, &none, failure);
}

static int carry_out(const struct tasks *tasks, const struct birth *birth, struct error *error)
{
	struct operation operation = {
		.request = birth->request, .body = birth->body, .length = birth->length,
		.input = birth->streams[0], .output = birth->streams[1],
		.cgroup = birth->cgroup, .sources = &birth->line->sources,
		.without = birth->line->without,
	};
	const int kept[] = { operation.input, operation.output, operation.cgroup };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	close_others(kept, sizeof(kept) / sizeof(kept[0]));
	/* What it makes is root's. */
	syscall(SYS_setresgid, 0, 0, 0);
	for (unsigned int i = 0; i < 2; i++) {
		const struct place *place = &operation.request->places[i];
		int fd;

		if (place->kind != PLACE_VSOCK && place->kind != PLACE_PORT)
			continue;
		fd = open_place(place, error);
		if (fd < 0)
			return -1;
		fcntl(fd, F_SETFL, 0);
		*(i == 0 ? &operation.input : &operation.output) = fd;
	}
	if (operation.request->kind == REQUEST_PS && tasks_list(tasks, operation.output, error) < 0)
		return -1;
	return operation_carry_out(&operation, error);
}

/* --- In PID 1 */

/* The one that the container's process is in, if that is below its own. */
static int find_cgroup(const struct tasks *tasks)
{
	struct decimal number;
	char path[40];
	size_t length;
	char *text;
	int fd = -1;

	text_join(path, sizeof(path), (const char *const[]){
		decimal(&number, (uint64_t)tasks->container_process), "/cgroup", NULL });
	text = proc_read(path, CGROUP_LINE_MAX, &length);
	if (!text)
		return -1;
	if (!strncmp(text, CGROUP_PREFIX, strlen(CGROUP_PREFIX))) {
		text[strcspn(text, "\n")] = '\0';
		fd = openat(tasks->container->cgroup, text + strlen(CGROUP_PREFIX),
			    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	free(text);
	return fd;
}

static pid_t make_process(const struct tasks *tasks, const struct birth *birth)
{
	pid_t process;
	int cgroup;

	if (!request_is_of_container(birth->request->kind))
		return fork();
	process = clone_into_cgroup(0, birth->cgroup);
	/* One that has cgroups of its own below it takes no process. */
	if (process >= 0 || errno != EBUSY)
		return process;
	cgroup = find_cgroup(tasks);
	if (cgroup < 0)
		return -1;
	process = clone_into_cgroup(0, cgroup);
	if (process)
		close(cgroup);
	return process;
}

static void be_process(const struct tasks *tasks, struct task *task, struct birth *birth)
{
	struct failure *failure = birth->failure;

	if (birth->request->kind == REQUEST_EXEC) {
		run_program(birth);
		return;
	}
	/* Which PID 1 is about to note, too; but this one lists it. */
	task->process = getpid();
	if (carry_out(tasks, birth, &failure->error) < 0)
		failure->status = EXIT_STATUS_SETUP_FAILED;
}

int task_start(struct tasks *tasks, struct task *task, char *body, size_t length)
{
	struct failure *failure = &task->failure;
	struct birth birth = {
		.streams = { -1, -1, -1 }, .report = -1,
		.kept_config = tasks->container->kept_config,
		.cgroup = tasks->container->cgroup, .container_end = tasks->container_end,
		.line = tasks->line, .request = &tasks->intake->request, .body = body,
		.length = length, .failure = failure,
	};
	pid_t process = -1;

	if (make_pipes(task, &birth) == 0)
		process = make_process(tasks, &birth);
	if (process == 0) {
		be_process(tasks, task, &birth);
		exit_surely(failure->status);
	}
	if (process < 0)
		step_error("start a process", "", &failure->error);
	close_all(birth.streams, 3);
	if (birth.report >= 0)
		close(birth.report);
	if (process < 0) {
		failure->status = EXIT_STATUS_SETUP_FAILED;
		if (task->report >= 0)
			close(task->report);
		task->report = -1;
		return -1;
	}
	task->process = task->first_process = process;
	if (task->kind == REQUEST_EXEC) {
		task_watch(tasks, task, task->report, TASK_PART_REPORT);
	} else {
		task->is_starting = false;
		task_watch_streams(tasks, task);
	}
	return 0;
}

/* It has no stream of errors, and its input may have come with it. */
static void take_terminal(struct task *task, const int descriptors[DESCRIPTORS])
{
	task->is_terminal = true;
	/* The VMM may have closed the output already. */
	if (task->streams[1].fd < 0)
		close(descriptors[DESCRIPTOR_SIZES]);
	else
		task->sizes = descriptors[DESCRIPTOR_SIZES];
	if (task->streams[2].fd >= 0)
		close(task->streams[2].fd);
	task->streams[2].fd = -1;
	if (descriptors[DESCRIPTOR_INPUT] >= 0)
		task->streams[0].fd = descriptors[DESCRIPTOR_INPUT];
}

static void add_pump(struct tasks *tasks, struct task *task, unsigned int stream, int elsewhere)
{
	struct task_stream *added = &task->streams[stream];
	struct pump *pump = added->fd < 0 ? NULL : malloc(sizeof(*pump));

	/* Rather than on the channel, it is nowhere. */
	if (!pump) {
		close(elsewhere);
		task_close_stream(tasks, task, stream, false);
		return;
	}
	pump->from = stream == 0 ? elsewhere : added->fd;
	pump->to = stream == 0 ? added->fd : elsewhere;
	pump->from_port = task->places[stream].kind == PLACE_PORT && stream == 0;
	pump->connected = false;
	pump->start = pump->end = 0;
	added->pump = pump;
}

static void take_descriptors(struct tasks *tasks, struct task *task,
			     const int descriptors[DESCRIPTORS])
{
	if (descriptors[DESCRIPTOR_SIZES] >= 0)
		take_terminal(task, descriptors);
	for (unsigned int i = 0; i < 3; i++) {
		if (descriptors[i] >= 0)
			add_pump(tasks, task, i, descriptors[i]);
	}
}

void task_take_report(struct tasks *tasks, struct task *task, bool has_ended)
{
	const struct failure *failure = &task->failure;
	int descriptors[DESCRIPTORS], got;

	if (task->report < 0)
		return;
	while ((got = descriptors_receive(task->report, descriptors)) > 0)
		take_descriptors(tasks, task, descriptors);
	/* The relay of its terminal may still have a copy of the other end. */
	if (got < 0 && !has_ended)
		return;
	close(task->report);
	task->report = -1;
	/* Else it has failed or was killed, and its end tells. */
	if (failure->status || !failure->is_close)
		return;
	task->is_starting = false;
	if (task->is_terminal && task->rows)
		task_set_size(task, task->rows, task->columns);
	task_watch_streams(tasks, task);
	task_tell(tasks, task, TELL_STARTED);
}
