// SPDX-License-Identifier: Apache-2.0
/* Tasks without processes. */
#include "fake-tasks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exec/task.h"

#define FIRST_PROCESS 1000

/* By the index of the task. */
static int theirs[TASKS_MAX][3];

int task_start(struct tasks *tasks, struct task *task, char *body, size_t length)
{
	const size_t index = (size_t)(task - tasks->list);

	(void)body;
	(void)length;
	for (unsigned int i = 0; i < 3; i++) {
		int ends[2];

		theirs[index][i] = -1;
		if (task->places[i].kind != PLACE_CHANNEL || pipe2(ends, O_CLOEXEC) < 0)
			continue;
		task->streams[i].fd = ends[i == 0];
		theirs[index][i] = ends[i != 0];
		fcntl(ends[i == 0], F_SETFL, O_NONBLOCK);
		fcntl(ends[i != 0], F_SETFL, O_NONBLOCK);
	}
	task->process = task->first_process = FIRST_PROCESS + (pid_t)index;
	if (task->kind != REQUEST_EXEC) {
		task->is_starting = false;
		task_watch_streams(tasks, task);
	}
	return 0;
}

void task_take_report(struct tasks *tasks, struct task *task, bool has_ended)
{
	(void)has_ended;
	(void)tasks;
	task->report = -1;
}

void fake_open(struct fake *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->container = calloc(1, sizeof(*fake->container));
	fake->container->cgroup = -1;
	fake->tasks.container = fake->container;
	fake->tasks.line = &fake->command_line;
	fake->tasks.outbox = &fake->outbox;
	fake->tasks.intake = &fake->intake;
	fake->tasks.state = "running";
	fake->tasks.events = epoll_create1(EPOLL_CLOEXEC);
	tasks_open(&fake->tasks);
}

void fake_close(struct fake *fake)
{
	for (size_t i = 0; i < fake->tasks.used; i++) {
		struct task *task = &fake->tasks.list[i];

		if (task->id[0])
			fake_end(fake, task->id, 0);
		if (task->id[0])
			task_close_streams(&fake->tasks, task);
	}
	tasks_drop_body(&fake->tasks);
	munmap(fake->tasks.list, TASKS_MAX * sizeof(struct task));
	close(fake->tasks.events);
	free(fake->container);
}

static void take_line(struct fake *fake, enum line_state state)
{
	struct request request;
	struct error error;
	int result = -1;

	if (state == LINE_TOO_LONG) {
		error.text[0] = '\0';
	} else if (!fake->intake.line.text[0]) {
		return;
	} else {
		result = request_parse(fake->intake.line.text, &request, &error);
		if (result < 0)
			result = tasks_refuse(&fake->tasks, &request, &error);
		else if (request.id)
			result = tasks_request(&fake->tasks, &request, true, &error);
	}
	if (result < 0) {
		fake->errors++;
		strcpy(fake->error, error.text);
	}
}

void fake_take(struct fake *fake, const char *bytes, size_t count)
{
	while (count) {
		size_t taken = 1;
		enum line_state state;

		if (fake->tasks.body_left) {
			taken = tasks_take_body(&fake->tasks, bytes, count);
		} else {
			state = line_add(&fake->intake.line, *bytes);
			if (state != LINE_INCOMPLETE)
				take_line(fake, state);
		}
		bytes += taken;
		count -= taken;
	}
}

int fake_their_end(struct fake *fake, const char *id, unsigned int stream)
{
	const struct task *task = task_find(&fake->tasks, id);

	return task ? theirs[task - fake->tasks.list][stream] : -1;
}

void fake_start(struct fake *fake, const char *id)
{
	struct task *task = task_find(&fake->tasks, id);

	task->is_starting = false;
	task_watch_streams(&fake->tasks, task);
	task_tell(&fake->tasks, task, TELL_STARTED);
}

void fake_end(struct fake *fake, const char *id, int wait_status)
{
	const struct task *task = task_find(&fake->tasks, id);
	const size_t index = (size_t)(task - fake->tasks.list);

	for (unsigned int i = 0; i < 3; i++) {
		if (theirs[index][i] >= 0)
			close(theirs[index][i]);
		theirs[index][i] = -1;
	}
	tasks_reap(&fake->tasks, FIRST_PROCESS + (pid_t)index, wait_status);
}
