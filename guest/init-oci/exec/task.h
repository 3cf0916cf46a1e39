/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_TASK_H
#define INIT_OCI_TASK_H

/* What the files of this room share. */

#include "exec/tasks.h"

/* The task with this id; or a new one; NULL when there is none. */
struct task *task_find(struct tasks *tasks, const char *id);
struct task *task_new(struct tasks *tasks, const struct request *request);

/*
 * Gives the memory back that many tasks have had. Not before all is done with them: a look
 * at one would bring a page back.
 */
void tasks_shrink(struct tasks *tasks);

/* Tells what can be told now, and forgets the task if nothing is left of it. */
void task_tell(struct tasks *tasks, struct task *task, unsigned int what);
/* The same, with the failure's error. */
void task_fail(struct tasks *tasks, struct task *task);

/*
 * Makes the process. The body is the request's. Returns 0, or -1 with the task's failure
 * set; what was opened is then closed.
 */
int task_start(struct tasks *tasks, struct task *task, char *body, size_t length);
/*
 * Reads what that process reports of its start. has_ended: the process, which has then
 * reported all that it ever will.
 */
void task_take_report(struct tasks *tasks, struct task *task, bool has_ended);

/* Frees the body that comes, or has come. */
void tasks_drop_body(struct tasks *tasks);

/* The size of its terminal, if it still has one. Returns 0, or -1 with errno set. */
int task_set_size(struct task *task, unsigned short rows, unsigned short columns);

/* Tells the relay of its terminal that its process has ended, or its output. */
void task_close_sizes(struct task *task);

/* Watches the streams, from when the process has started. */
void task_watch_streams(struct tasks *tasks, struct task *task);
int task_watch(struct tasks *tasks, struct task *task, int fd, unsigned int part);
/* In place of a stream's number, for the report. */
#define TASK_PART_REPORT 3
#define TASK_PARTS 4

/* Closes PID 1's end. */
void task_close_stream(struct tasks *tasks, struct task *task, unsigned int stream, bool tell);
void task_close_streams(struct tasks *tasks, struct task *task);
/* Input, on the channel. */
void task_take_input(struct tasks *tasks, struct task *task, const char *bytes, size_t count);
void task_end_input(struct tasks *tasks, struct task *task);
/* Carries a piece of each stream. Returns whether there may be more now. */
bool task_carry(struct tasks *tasks, struct task *task);
/*
 * Whether a stream is on the channel and has not ended. Whether a process has an input is
 * not known before it has started: it may turn out to have a terminal.
 */
bool task_has_stream(const struct task *task, unsigned int stream);

#endif
