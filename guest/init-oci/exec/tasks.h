/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_TASKS_H
#define INIT_OCI_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/errors.h"
#include "channel/outbox.h"
#include "channel/request.h"
#include "config/command_line.h"
#include "exec/hold.h"
#include "life/pump.h"
#include "life/start.h"

/*
 * What the VMM has asked for, beside the container's own process, and what is not done at
 * once: further processes of the container, and work such as the copying of files, which
 * processes of PID 1's own do. Each is a task, has an id, and up to three streams.
 *
 * PID 1 itself never waits for any of it, keeps no more of a stream than its window, and
 * has no memory for tasks when there are none.
 */

#define TASKS_MAX 512
#define BODY_MAX (256 * 1024)

/* What is still to be told of a task: bits, in the order in which it is told. */
enum {
	TELL_STARTED = 1,
	TELL_CREDIT = 2,	/* of the input */
	TELL_CLOSE = 4,		/* and the next two bits, for the other streams */
	TELL_EXIT = 32,
	TELL_DONE = 64,
	TELL_FAILED = 128,
};

struct task_stream {
	int fd;			/* PID 1's end of the pipe; -1: closed */
	bool is_ready;		/* there may be something to carry */
	bool ends;		/* the VMM has closed the input, which may not be written yet */
	uint32_t credit;	/* what one side may still send */
	uint32_t due;		/* input that is taken, and for which there is no new credit */
	uint64_t carried;
	struct hold *hold;	/* input that is not written yet */
	struct pump *pump;	/* in place of the above, to where the VMM is not */
};

struct task {
	char id[REQUEST_ID_MAX + 1];	/* empty: there is no such task */
	unsigned char kind;	/* enum request_kind */
	unsigned char tell;
	bool keep;
	bool is_starting;	/* it has not become its program yet, or has no process yet */
	bool is_terminal, has_input;
	unsigned short rows, columns;	/* asked for before there was a terminal; or 0 */
	bool is_forgotten;
	bool has_ended;		/* the process of work, but that is not told yet */
	pid_t process;		/* 0: there is none, or none any more */
	pid_t first_process;	/* as it was told */
	int report;		/* what descriptors.h brings; its end is that of the start */
	int sizes;		/* of its terminal: a socket to its relay; or -1 */
	int status;
	struct place places[3];
	struct task_stream streams[3];
	struct failure failure;	/* its process tells it so */
};

/*
 * What comes now. No other process has this memory: one for which a request is reads it
 * while PID 1 is taking the next.
 */
struct intake {
	struct line line;
	struct request request;	/* the last one with an id of its own; its strings are in the line */
	char body[1024];	/* of one that fits; its memory need not be found then */
};

struct tasks {
	struct container *container;
	const struct command_line *line;
	int container_end;	/* pidfd of the container's process */
	pid_t container_process;
	const char *state;	/* the container's, for people */
	int events;		/* epoll; data.u32 of a task's are from first_event on */
	uint32_t first_event;
	struct outbox *outbox;
	bool is_open;		/* a session */
	bool is_paused;
	/*
	 * TASKS_MAX; pages that are not used do not exist. They are shared with the
	 * processes, for their failures, and so that what PID 1 changes is not copied for
	 * each of them.
	 */
	struct task *list;
	size_t used;		/* the index of the last one, and 1 */
	size_t touched;		/* the same, of those whose memory there is */
	size_t next;		/* whose turn it is */
	struct intake *intake;
	char *body;		/* NULL: it is of data, or skipped */
	size_t body_length, body_left;
	size_t receiver;	/* the task that data is for; TASKS_MAX: none */
};

/* Returns 0, or -1 with errno set. */
int tasks_open(struct tasks *tasks);

/*
 * Carries out a request, or what can be done before its body has come; its strings stay
 * until then. runs: whether the container does. With -1, the VMM is told that the line
 * was wrong; what is wrong with a task is told with its id.
 */
int tasks_request(struct tasks *tasks, const struct request *request, bool runs,
		  struct error *error);

/* Refuses a request that could not be parsed. */
int tasks_refuse(struct tasks *tasks, const struct request *request, struct error *error);

/* A part of the body, or more. Returns how much of it was. */
size_t tasks_take_body(struct tasks *tasks, const char *bytes, size_t count);

/* An event of a task, whose data was so much above first_event. */
void tasks_note_event(struct tasks *tasks, uint32_t number);

/* Carries some of everything. Returns whether there may be more to carry now. */
bool tasks_step(struct tasks *tasks);

/* Whether something that a task has written is still to be carried, and may be. */
bool tasks_have_output(const struct tasks *tasks);

/* A child has ended, which may be one of a task. */
void tasks_reap(struct tasks *tasks, pid_t process, int wait_status);

/* Ends a pause, if there is one. Returns 0, or -1 with errno set. */
int tasks_thaw(struct tasks *tasks);

/* The other side has hung up. */
void tasks_hang_up(struct tasks *tasks);

/* Lines about all tasks, for `ps`. */
int tasks_list(const struct tasks *tasks, int output, struct error *error);

#endif
