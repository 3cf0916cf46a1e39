// SPDX-License-Identifier: Apache-2.0
/* The streams of tasks: what flows between the VMM and their processes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exec/task.h"

int task_watch(struct tasks *tasks, struct task *task, int fd, unsigned int part)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLET,
		.data.u32 = tasks->first_event + (uint32_t)(task - tasks->list) * TASK_PARTS + part,
	};

	return epoll_ctl(tasks->events, EPOLL_CTL_ADD, fd, &event);
}

bool task_has_stream(const struct task *task, unsigned int stream)
{
	if (!task->id[0] || task->streams[stream].pump)
		return false;
	if (stream == 0 && task->kind == REQUEST_EXEC && task->is_starting)
		return task->places[0].kind == PLACE_CHANNEL || !task->has_input;
	return task->streams[stream].fd >= 0;
}

int task_set_size(struct task *task, unsigned short rows, unsigned short columns)
{
	const struct winsize size = { .ws_row = rows, .ws_col = columns };

	/* There may be no relay any more. */
	if (task->sizes < 0 || write(task->sizes, &size, sizeof(size)) == sizeof(size))
		return 0;
	return errno == EAGAIN ? -1 : 0;
}

void task_close_sizes(struct task *task)
{
	if (task->sizes < 0)
		return;
	/* A process that is frozen while it starts may have a copy. */
	shutdown(task->sizes, SHUT_RDWR);
	close(task->sizes);
	task->sizes = -1;
}

static void drop_hold(struct task_stream *stream)
{
	free(stream->hold);
	stream->hold = NULL;
}

void task_watch_streams(struct tasks *tasks, struct task *task)
{
	/* There is nothing that could read it. */
	if (task->streams[0].fd < 0)
		drop_hold(&task->streams[0]);
	for (unsigned int i = 0; i < 3; i++) {
		struct task_stream *stream = &task->streams[i];

		if (stream->pump) {
			task_watch(tasks, task, stream->pump->from, i);
			task_watch(tasks, task, stream->pump->to, i);
		} else if (stream->fd >= 0) {
			task_watch(tasks, task, stream->fd, i);
		}
	}
}

static void close_pump(struct task_stream *stream)
{
	if (stream->pump->from >= 0) {
		close(stream->pump->from);
		close(stream->pump->to);
	}
	free(stream->pump);
	stream->pump = NULL;
	stream->fd = -1;
}

void task_close_stream(struct tasks *tasks, struct task *task, unsigned int stream, bool tell)
{
	struct task_stream *closed = &task->streams[stream];

	if (stream == 1)
		task_close_sizes(task);
	if (closed->pump) {
		close_pump(closed);
		return;
	}
	/* Of a process that has not started, too. */
	drop_hold(closed);
	if (closed->fd < 0)
		return;
	close(closed->fd);
	closed->fd = -1;
	if (tell)
		task_tell(tasks, task, (unsigned int)TELL_CLOSE << stream);
}

void task_close_streams(struct tasks *tasks, struct task *task)
{
	/* The input last: its end would be typed at a terminal that is to be hung up. */
	for (unsigned int i = 3; i-- > 0;)
		task_close_stream(tasks, task, i, false);
}

/* When all of the input is written. */
static void finish_input(struct tasks *tasks, struct task *task)
{
	struct task_stream *input = &task->streams[0];

	if (input->hold)
		return;
	if (input->due >= WINDOW / 2)
		task_tell(tasks, task, TELL_CREDIT);
	if (input->ends)
		task_close_stream(tasks, task, 0, false);
}

static void write_input(struct tasks *tasks, struct task *task, const char *bytes, size_t count)
{
	struct task_stream *input = &task->streams[0];

	if (hold_write(&input->hold, input->fd, bytes, count) < 0)
		task_close_stream(tasks, task, 0, true);
	else
		finish_input(tasks, task);
}

void task_take_input(struct tasks *tasks, struct task *task, const char *bytes, size_t count)
{
	if (!task_has_stream(task, 0))
		return;
	task->streams[0].carried += count;
	task->streams[0].due += (uint32_t)count;
	if (!task->is_starting)
		write_input(tasks, task, bytes, count);
	else if (hold_add(&task->streams[0].hold, bytes, count) < 0)
		task_close_stream(tasks, task, 0, true);
}

void task_end_input(struct tasks *tasks, struct task *task)
{
	if (!task_has_stream(task, 0))
		return;
	task->streams[0].ends = true;
	if (!task->is_starting)
		write_input(tasks, task, NULL, 0);
}

static void end_output(struct tasks *tasks, struct task *task, unsigned int stream)
{
	/* Nobody has the terminal open any more who could read. */
	if (task->is_terminal)
		task_close_stream(tasks, task, 0, true);
	task_close_stream(tasks, task, stream, true);
}

/* Whether there is nothing to read, or nobody who reads what is written, and never will be. */
static bool has_ended(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLIN };

	return poll(&end, 1, 0) > 0 && ((end.revents & (POLLIN | POLLHUP)) == POLLHUP ||
					(end.revents & POLLERR));
}

/* Returns whether there may be more now. */
static bool carry_output(struct tasks *tasks, struct task *task, unsigned int stream)
{
	struct task_stream *output = &task->streams[stream];
	size_t room;
	char *space = outbox_space(tasks->outbox, &room);
	ssize_t got;

	/* It is ready again when there is credit. */
	if (!output->credit) {
		output->is_ready = false;
		if (has_ended(output->fd))
			end_output(tasks, task, stream);
		return false;
	}
	if (room > output->credit)
		room = output->credit;
	/* The channel takes no more now. */
	if (!room)
		return false;
	got = read(output->fd, space, room);
	if (got > 0) {
		outbox_data(tasks->outbox, task->id, stream, (size_t)got);
		output->credit -= (uint32_t)got;
		output->carried += (uint64_t)got;
		return true;
	}
	output->is_ready = false;
	if (got == 0 || errno != EAGAIN)
		end_output(tasks, task, stream);
	return false;
}

/* Whether nobody will take any more of what is carried. Of a port, that is not seen. */
static bool is_unread(const struct task *task, unsigned int stream)
{
	const int to = task->streams[stream].pump->to;

	if (stream == 0)
		return has_ended(to);
	/* It says so without a byte, and poll() says nothing. */
	return task->places[stream].kind == PLACE_VSOCK &&
	       send(to, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN;
}

static bool carry_to_elsewhere(struct tasks *tasks, struct task *task, unsigned int stream)
{
	struct task_stream *carried = &task->streams[stream];
	const bool more = pump_step(carried->pump);

	carried->is_ready = more;
	if (carried->pump->from >= 0 && (more || !is_unread(task, stream)))
		return more;
	task_close_stream(tasks, task, stream, false);
	/* A terminal is hung up. */
	if (task->is_terminal && stream == 1)
		task_close_stream(tasks, task, 0, true);
	return false;
}

bool task_carry(struct tasks *tasks, struct task *task)
{
	bool more = false;

	if (task->is_starting && task->kind == REQUEST_EXEC)
		return false;
	for (unsigned int i = 0; i < 3; i++) {
		struct task_stream *stream = &task->streams[i];

		if (!stream->is_ready || stream->fd < 0)
			continue;
		if (stream->pump) {
			more |= carry_to_elsewhere(tasks, task, i);
		} else if (i == 0) {
			stream->is_ready = false;
			if (has_ended(stream->fd))
				task_close_stream(tasks, task, 0, true);
			else
				write_input(tasks, task, NULL, 0);
		} else {
			more |= carry_output(tasks, task, i);
		}
	}
	return more;
}
