// SPDX-License-Identifier: Apache-2.0
/* What the VMM asks for with an id, and the bodies of such requests. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "exec/task.h"
#include "operations/freezer.h"

void tasks_drop_body(struct tasks *tasks)
{
	if (tasks->body != tasks->intake->body)
		free(tasks->body);
	tasks->body = NULL;
}

/* Tells what is wrong with a request that never became a task. */
static int fail(struct tasks *tasks, const struct request *request, int number,
		const char *reason)
{
	OUTBOX_LINE(tasks->outbox, "failed ", request->id, " ", errno_name(number), " ",
		    request_name(request->kind), ": ", reason);
	return 0;
}

int tasks_refuse(struct tasks *tasks, const struct request *request, struct error *error)
{
	/* Its body would be taken for lines. */
	tasks->body_left = request->length;
	tasks->receiver = TASKS_MAX;
	if (!tasks->is_open || !request->id || request->kind < REQUEST_EXEC ||
	    task_find(tasks, request->id))
		return -1;
	OUTBOX_LINE(tasks->outbox, "failed ", request->id, " EINVAL ", error->text);
	return 0;
}

static int begin_session(struct tasks *tasks, const char *mark)
{
	struct decimal processes, body, window;

	for (size_t i = 0; i < tasks->used; i++) {
		tasks->list[i].streams[1].credit = 0;
		tasks->list[i].streams[2].credit = 0;
	}
	tasks->is_open = OUTBOX_LINE(tasks->outbox, "hello ", mark, " 1 processes=",
		decimal(&processes, TASKS_MAX), " body=", decimal(&body, BODY_MAX), " window=",
		decimal(&window, WINDOW), " exec signal size forget get put ps statistics mount umount "
		"pause resume sync nameserver hostname");
	return 0;
}


static int set_size(struct task *task, const struct request *request, struct error *error)
{
	/* The program has to see it as a change. */
	if (task->is_starting) {
		task->rows = request->rows;
		task->columns = request->columns;
		return 0;
	}
	if (!task->is_terminal)
		return ERROR(error, "size ", task->id, ": it has no terminal");
	if (task_set_size(task, request->rows, request->columns) < 0)
		return step_error("size ", task->id, error);
	return 0;
}

static void forget(struct tasks *tasks, struct task *task)
{
	if (task->kind != REQUEST_EXEC || task->is_starting)
		return;
	task_close_streams(tasks, task);
	task->keep = false;
	task->is_forgotten = true;
	task->tell = 0;
	task_tell(tasks, task, 0);
	tasks_shrink(tasks);
}

static int take_data(struct tasks *tasks, struct task *task, const struct request *request,
		     struct error *error)
{
	tasks->body_left = request->length;
	tasks->receiver = TASKS_MAX;
	/* It may have been closed while this was on its way. */
	if (!task || !task_has_stream(task, 0))
		return 0;
	if (request->stream != 0)
		return ERROR(error, "data ", task->id, ": only stream 0 is an input");
	if (request->length > task->streams[0].credit)
		return ERROR(error, "data ", task->id, ": is more than the credit");
	task->streams[0].credit -= request->length;
	tasks->receiver = (size_t)(task - tasks->list);
	return 0;
}

static void add_credit(struct task *task, const struct request *request)
{
	struct task_stream *stream = &task->streams[request->stream];

	if (request->stream == 0)
		return;
	stream->credit = request->bytes > UINT32_MAX - stream->credit ?
				 UINT32_MAX : stream->credit + request->bytes;
	stream->is_ready = true;
}

static void close_by_request(struct tasks *tasks, struct task *task, unsigned int stream)
{
	if (stream == 0) {
		task_end_input(tasks, task);
		return;
	}
	task_close_stream(tasks, task, stream, true);
	/* A terminal is hung up. Its input comes last, since the end of that would be typed. */
	if (task->is_terminal && stream == 1)
		task_close_stream(tasks, task, 0, true);
}

/* What is about a task that there is, or was. */
static int take_about(struct tasks *tasks, const struct request *request, struct error *error)
{
	struct task *task = task_find(tasks, request->id);

	if (request->kind == REQUEST_DATA)
		return take_data(tasks, task, request, error);
	if (!task)
		return 0;
	switch (request->kind) {
	case REQUEST_SIGNAL:
		if (task->process)
			kill(task->process, request->signal);
		return 0;
	case REQUEST_SIZE:
		return set_size(task, request, error);
	case REQUEST_CREDIT:
		add_credit(task, request);
		return 0;
	case REQUEST_CLOSE:
		close_by_request(tasks, task, request->stream);
		return 0;
	default:
		forget(tasks, task);
		return 0;
	}
}

static void start(struct tasks *tasks, struct task *task)
{
	/*
	 * At once, and its end, too: a process that waits for it may be killed, or come
	 * after a resume.
	 */
	if (task->kind == REQUEST_PAUSE) {
		tasks->is_paused = true;
		freezer_set(tasks->container->cgroup, true);
	}
	if (task_start(tasks, task, tasks->body, tasks->body_length) == 0)
		return;
	if (task->kind == REQUEST_PAUSE)
		tasks_thaw(tasks);
	task_fail(tasks, task);
}

static int take_new(struct tasks *tasks, const struct request *request, bool runs,
		    struct error *error)
{
	struct task *task;

	tasks->body_left = request->length;
	tasks->body_length = request->length;
	tasks->receiver = TASKS_MAX;
	if (task_find(tasks, request->id))
		return ERROR(error, request_name(request->kind), " ", request->id,
			     ": this id is in use");
	if (request->length > BODY_MAX)
		return fail(tasks, request, E2BIG, "the body is too long");
	if (request_is_of_container(request->kind) && !runs)
		return fail(tasks, request, ESRCH, "the container does not run");
	if (request_is_of_container(request->kind) && tasks->is_paused)
		return fail(tasks, request, EBUSY, "the container is paused");
	tasks->body = request->length < sizeof(tasks->intake->body) ? tasks->intake->body :
								      malloc(request->length + 1);
	if (!tasks->body)
		return fail(tasks, request, ENOMEM, "there is no memory");
	task = task_new(tasks, request);
	if (!task) {
		tasks_drop_body(tasks);
		return fail(tasks, request, EAGAIN, "too many ids are in use");
	}
	tasks->intake->request = *request;
	if (request->length)
		return 0;
	start(tasks, task);
	tasks_drop_body(tasks);
	return 0;
}

/* At once, and without a process. */
static int resume(struct tasks *tasks, const struct request *request)
{
	tasks->is_paused = true;
	if (tasks_thaw(tasks) < 0)
		return fail(tasks, request, errno, "the cgroup cannot be changed");
	OUTBOX_LINE(tasks->outbox, "done ", request->id);
	return 0;
}

int tasks_request(struct tasks *tasks, const struct request *request, bool runs,
		  struct error *error)
{
	if (request->kind == REQUEST_HELLO)
		return begin_session(tasks, request->id);
	if (!tasks->is_open) {
		tasks->body_left = request->length;
		tasks->receiver = TASKS_MAX;
		return ERROR(error, request_name(request->kind), ": comes before a hello");
	}
	if (request->kind == REQUEST_RESUME)
		return resume(tasks, request);
	return request->kind < REQUEST_EXEC ? take_about(tasks, request, error) :
					      take_new(tasks, request, runs, error);
}

size_t tasks_take_body(struct tasks *tasks, const char *bytes, size_t count)
{
	const size_t taken = count < tasks->body_left ? count : tasks->body_left;
	struct task *task;

	if (tasks->body)
		memcpy(tasks->body + tasks->body_length - tasks->body_left, bytes, taken);
	else if (tasks->receiver != TASKS_MAX)
		task_take_input(tasks, &tasks->list[tasks->receiver], bytes, taken);
	tasks->body_left -= taken;
	if (tasks->body_left || !tasks->body)
		return taken;
	tasks->body[tasks->body_length] = '\0';
	task = task_find(tasks, tasks->intake->request.id);
	if (task)
		start(tasks, task);
	tasks_drop_body(tasks);
	return taken;
}
