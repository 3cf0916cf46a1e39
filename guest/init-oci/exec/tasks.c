// SPDX-License-Identifier: Apache-2.0
/* The table of tasks, and what the VMM is told of them. */
#include "exec/tasks.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/task.h"
#include "life/exit_status.h"
#include "operations/freezer.h"
#include "operations/output.h"

/* Of tasks, before anything else of PID 1 has its turn. */
#define TURNS 16
/* PID 1's own: seven at most for each task, of which there are TASKS_MAX. */
#define DESCRIPTORS_MAX 4096
#define MEMORY (TASKS_MAX * sizeof(struct task))
/* The memory of so many is kept when there are none: one page. */
#define KEPT (4096 / sizeof(struct task))

int tasks_open(struct tasks *tasks)
{
	const struct rlimit limit = { DESCRIPTORS_MAX, DESCRIPTORS_MAX };

	tasks->list = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tasks->list == MAP_FAILED)
		return -1;
	tasks->receiver = TASKS_MAX;
	/* Every process gets its limits from a configuration. */
	return prlimit(0, RLIMIT_NOFILE, &limit, NULL);
}

struct task *task_find(struct tasks *tasks, const char *id)
{
	for (size_t i = 0; i < tasks->used; i++) {
		if (!strcmp(tasks->list[i].id, id))
			return &tasks->list[i];
	}
	return NULL;
}

struct task *task_new(struct tasks *tasks, const struct request *request)
{
	struct task *task;
	size_t i = 0;

	while (i < tasks->used && tasks->list[i].id[0])
		i++;
	if (i == TASKS_MAX)
		return NULL;
	if (i == tasks->used)
		tasks->used++;
	if (i == tasks->touched)
		tasks->touched++;
	task = &tasks->list[i];
	memset(task, 0, sizeof(*task));
	strcpy(task->id, request->id);
	task->kind = (unsigned char)request->kind;
	task->keep = request->keep;
	task->has_input = request->has_input;
	task->is_starting = true;
	task->report = task->sizes = -1;
	for (int stream = 0; stream < 3; stream++) {
		task->places[stream] = request->places[stream];
		task->streams[stream].fd = -1;
		task->streams[stream].credit = WINDOW;
	}
	return task;
}

void tasks_shrink(struct tasks *tasks)
{
	size_t used = tasks->used;

	while (used && !tasks->list[used - 1].id[0])
		used--;
	tasks->used = used;
	/* One task after the other needs no more. */
	if (used || tasks->touched <= KEPT)
		return;
	madvise(tasks->list, MEMORY, MADV_REMOVE);
	tasks->touched = 0;
}

/* Whether the VMM has yet to hear of it, or may still ask for it. */
static bool is_needed(const struct task *task)
{
	if (task->is_starting || task->process || task->has_ended || task->tell || task->keep)
		return true;
	for (unsigned int stream = 0; stream < 3; stream++) {
		if (task->streams[stream].fd >= 0 || task->streams[stream].pump)
			return true;
	}
	return false;
}

/*
 * What is held is not taken yet: a client that has credit for it, too, could send more
 * than can be held.
 */
static uint32_t new_credit(const struct task *task)
{
	return task->streams[0].due - (uint32_t)hold_count(task->streams[0].hold);
}

/* The line of one bit of what is to be told. */
static bool tell_line(struct tasks *tasks, const struct task *task, unsigned int what)
{
	const struct failure *failure = &task->failure;
	struct outbox *outbox = tasks->outbox;
	struct decimal number;

	switch (what) {
	case TELL_STARTED:
		return OUTBOX_LINE(outbox, "started ", task->id, " ",
				   decimal(&number, (uint64_t)task->first_process));
	case TELL_CREDIT:
		return !new_credit(task) || OUTBOX_LINE(outbox, "credit ", task->id, " 0 ",
						       decimal(&number, new_credit(task)));
	case TELL_EXIT:
		return OUTBOX_LINE(outbox, "exit ", task->id, " ",
				   decimal(&number, (uint64_t)task->status));
	case TELL_DONE:
		return OUTBOX_LINE(outbox, "done ", task->id);
	case TELL_FAILED:
		return OUTBOX_LINE(outbox, "failed ", task->id, " ",
				   errno_name(failure->error.number ? failure->error.number : EINVAL),
				   " ", failure->error.text);
	default:
		return OUTBOX_LINE(outbox, "close ", task->id, what == TELL_CLOSE     ? " 0" :
							       what == TELL_CLOSE * 2 ? " 1" :
											" 2");
	}
}

/* The list says what credit there is, and a client that adds to that must not have to guess. */
static bool is_being_listed(const struct tasks *tasks)
{
	for (const struct task *task = tasks->list; task < tasks->list + tasks->used; task++) {
		if (task->id[0] && task->kind == REQUEST_PS)
			return true;
	}
	return false;
}

void task_tell(struct tasks *tasks, struct task *task, unsigned int what)
{
	task->tell |= (unsigned char)what;
	for (unsigned int bit = 1; tasks->is_open && bit <= task->tell; bit <<= 1) {
		if (!(task->tell & bit) || (bit == TELL_CREDIT && is_being_listed(tasks)))
			continue;
		if (!tell_line(tasks, task, bit))
			return;
		task->tell &= (unsigned char)~bit;
		if (bit == TELL_CREDIT) {
			task->streams[0].credit += new_credit(task);
			task->streams[0].due -= new_credit(task);
		}
	}
	if (is_needed(task))
		return;
	task->id[0] = '\0';
	/* Credit may have waited for it. */
	tasks->outbox->had_no_room |= task->kind == REQUEST_PS;
}

void task_fail(struct tasks *tasks, struct task *task)
{
	task->keep = task->is_starting = false;
	task_close_streams(tasks, task);
	task_tell(tasks, task, TELL_FAILED);
}

/* Work is done when all that it has written is carried, too. */
static void tell_end(struct tasks *tasks, struct task *task)
{
	const bool has_failed = task->failure.status;

	if (task->process || !task->has_ended || task->kind == REQUEST_EXEC ||
	    task->streams[1].fd >= 0)
		return;
	/* Nothing reads it any more. */
	task_close_stream(tasks, task, 0, true);
	task->has_ended = false;
	task_tell(tasks, task, has_failed ? TELL_FAILED : TELL_DONE);
}

bool tasks_step(struct tasks *tasks)
{
	size_t turns = 0;
	bool more = false;

	for (size_t i = 0; i < tasks->used && turns < TURNS; i++) {
		struct task *task;

		if (tasks->next >= tasks->used)
			tasks->next = 0;
		task = &tasks->list[tasks->next++];
		if (!task->id[0])
			continue;
		if (task_carry(tasks, task)) {
			more = true;
			turns++;
		}
		if (task->id[0])
			tell_end(tasks, task);
		if (task->id[0])
			task_tell(tasks, task, 0);
	}
	tasks_shrink(tasks);
	return more;
}

bool tasks_have_output(const struct tasks *tasks)
{
	for (const struct task *task = tasks->list; task < tasks->list + tasks->used; task++) {
		for (unsigned int stream = 1; task->id[0] && stream < 3; stream++) {
			const struct task_stream *output = &task->streams[stream];

			if (output->pump || (output->fd >= 0 && output->credit))
				return true;
		}
	}
	return false;
}

static void explain(const struct task *task, int status, struct failure *failure)
{
	struct decimal number;

	if (failure->status)
		return;
	ERROR(&failure->error, request_name((enum request_kind)task->kind), ": ended by signal ",
	      decimal(&number, (unsigned int)(status - 128)));
	failure->error.number = ECANCELED;
	failure->status = EXIT_STATUS_KILLED;
}

int tasks_thaw(struct tasks *tasks)
{
	if (!tasks->is_paused)
		return 0;
	tasks->is_paused = false;
	for (struct task *task = tasks->list; task < tasks->list + tasks->used; task++)
		task->is_forgotten |= task->kind == REQUEST_PAUSE;
	return freezer_set(tasks->container->cgroup, false);
}

void tasks_reap(struct tasks *tasks, pid_t process, int wait_status)
{
	struct task *task = tasks->list;
	struct failure *failure;

	while (task < tasks->list + tasks->used && task->process != process)
		task++;
	if (task == tasks->list + tasks->used)
		return;
	if (task->report >= 0)
		task_take_report(tasks, task, true);
	task->process = 0;
	task_close_sizes(task);
	task->status = exit_status_of_wait(wait_status);
	failure = &task->failure;
	if (task->kind != REQUEST_EXEC) {
		if (wait_status)
			explain(task, task->status, failure);
		/* One that was ended by a resume has nothing to do with a later one. */
		if (failure->status && task->kind == REQUEST_PAUSE && !task->is_forgotten)
			tasks_thaw(tasks);
		task->has_ended = true;
		tell_end(tasks, task);
	} else if (task->is_starting) {
		explain(task, task->status, failure);
		task_fail(tasks, task);
	} else {
		task_tell(tasks, task, task->is_forgotten ? 0 : TELL_EXIT);
	}
	tasks_shrink(tasks);
}

void tasks_note_event(struct tasks *tasks, uint32_t number)
{
	const size_t index = number / TASK_PARTS;
	const unsigned int part = number % TASK_PARTS;
	struct task *task = &tasks->list[index];

	if (index >= tasks->used || !task->id[0])
		return;
	if (part == TASK_PART_REPORT)
		task_take_report(tasks, task, false);
	else
		task->streams[part].is_ready = true;
}

void tasks_hang_up(struct tasks *tasks)
{
	tasks->is_open = false;
	if (tasks->body) {
		struct task *task = task_find(tasks, tasks->intake->request.id);

		/* Half a request is none. */
		if (task)
			task->id[0] = '\0';
		tasks_drop_body(tasks);
	}
	/* What was announced and has not come may be sent again. */
	if (tasks->receiver != TASKS_MAX)
		tasks->list[tasks->receiver].streams[0].credit += (uint32_t)tasks->body_left;
	tasks->body_left = 0;
	tasks->receiver = TASKS_MAX;
	for (size_t i = 0; i < tasks->used; i++) {
		tasks->list[i].streams[1].credit = 0;
		tasks->list[i].streams[2].credit = 0;
	}
}

static int list_one(const struct task *task, int output, struct error *error)
{
	static const char *const names[] = { " in:", " out:", " err:" };
	struct decimal number, carried[3], credit;
	const char *parts[16] = { request_name((enum request_kind)task->kind), " ", task->id };
	const bool exited = !task->process && !task->is_starting;
	size_t count = 3;

	parts[count++] = exited ? " exited " : " running ";
	parts[count++] = decimal(&number, (uint64_t)(exited ? task->status : task->process));
	for (unsigned int i = 0; i < 3; i++) {
		const struct task_stream *stream = &task->streams[i];

		if (!task_has_stream(task, i))
			continue;
		parts[count++] = names[i];
		parts[count++] = decimal(&carried[i], stream->carried);
		if (i == 0) {
			parts[count++] = ":";
			parts[count++] = decimal(&credit, stream->credit);
		}
	}
	return output_line(output, parts, error);
}

int tasks_list(const struct tasks *tasks, int output, struct error *error)
{
	struct decimal number;

	if (output_line(output, (const char *const[]){
		"container ", tasks->is_paused ? "paused" : tasks->state, " ",
		decimal(&number, (uint64_t)tasks->container_process), NULL }, error) < 0)
		return -1;
	for (size_t i = 0; i < tasks->used; i++) {
		if (tasks->list[i].id[0] && list_one(&tasks->list[i], output, error) < 0)
			return -1;
	}
	return 0;
}
