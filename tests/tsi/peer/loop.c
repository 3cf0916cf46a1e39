// SPDX-License-Identifier: Apache-2.0
#include "loop.h"

#include <errno.h>
#include <unistd.h>

int loop_open(struct loop *loop)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -1 : 0;
}

void loop_close(struct loop *loop)
{
	close(loop->epoll);
	loop->epoll = -1;
}

int loop_watch(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };
	int operation;

	if (events == watch->events)
		return 0;
	if (!events)
		operation = EPOLL_CTL_DEL;
	else
		operation = watch->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	if (epoll_ctl(loop->epoll, operation, watch->fd, &event))
		return -1;
	watch->events = events;
	return 0;
}

void loop_drop(struct loop *loop, struct watch *watch)
{
	if (watch->fd < 0)
		return;
	loop_watch(loop, watch, 0);
	watch->events = 0;
	close(watch->fd);
	watch->fd = -1;
}

int loop_turn(struct loop *loop, int milliseconds)
{
	struct epoll_event event;
	struct watch *watch;
	int count = epoll_wait(loop->epoll, &event, 1, milliseconds);

	if (count < 0)
		return errno == EINTR ? 0 : -1;
	if (count == 0)
		return 0;
	watch = event.data.ptr;
	watch->ready(watch, event.events);
	return 1;
}
