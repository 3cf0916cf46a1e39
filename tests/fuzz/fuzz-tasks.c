// SPDX-License-Identifier: Apache-2.0
/*
 * What a VMM sends on the control channel, in pieces, while processes write, start and
 * end: the first byte of each piece says what happens, and whether the VMM reads what it
 * is told. Good when no line is wrong.
 */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../unit/init-oci/fake-tasks.h"
#include "exec/task.h"

/* What the VMM is told consists of lines, and of bodies where they say so. */
static void check_told(const struct outbox *outbox)
{
	const char *at = outbox->bytes + outbox->start, *end = outbox->bytes + outbox->end;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		bool is_data;

		CHECK(line_end && line_end - at < OUTBOX_LINE_MAX);
		is_data = !strncmp(at, "data ", 5);
		for (const char *c = at; c < line_end; c++)
			CHECK((unsigned char)*c >= 0x20);
		if (is_data) {
			const char *number = line_end;

			while (number[-1] != ' ')
				number--;
			line_end += strtoul(number, NULL, 10);
		}
		CHECK(line_end < end);
		at = line_end + 1;
	}
}

/* The VMM may still send what it has credit for. */
static void check_windows(const struct tasks *tasks)
{
	for (const struct task *task = tasks->list; task < tasks->list + tasks->used; task++)
		CHECK(!task->id[0] || hold_count(task->streams[0].hold) +
				      task->streams[0].credit <= WINDOW);
}

/* vmm_reads: what it is told. */
static void happen(struct fake *fake, bool vmm_reads)
{
	struct epoll_event events[16];
	const int count = epoll_wait(fake->tasks.events, events, 16, 0);

	for (int i = 0; i < count; i++)
		tasks_note_event(&fake->tasks, events[i].data.u32);
	tasks_step(&fake->tasks);
	check_told(&fake->outbox);
	check_windows(&fake->tasks);
	if (vmm_reads)
		fake->outbox.start = fake->outbox.end = 0;
}

static void send_half_the_credit(struct fake *fake, const struct task *task)
{
	static const char input[WINDOW];
	const size_t count = task->streams[0].credit / 2;
	char line[64];

	snprintf(line, sizeof(line), "data %s 0 %zu\n", task->id, count);
	fake_take(fake, line, strlen(line));
	fake_take(fake, input, count);
}

static void fill_outbox(struct fake *fake)
{
	while (OUTBOX_LINE(&fake->outbox, "x"))
		;
}

static void act(struct fake *fake, unsigned char what)
{
	static const char output[3000];
	const size_t index = what >> 3 & 15;
	struct task *task = &fake->tasks.list[index];
	int end;

	if ((what & 7) == 7) {
		tasks_hang_up(&fake->tasks);
		fake->intake.line.length = 0;
		fake->intake.line.too_long = false;
	}
	if (index >= fake->tasks.used || !task->id[0] || !task->process)
		return;
	switch (what & 7) {
	case 1:
	case 2:
		end = fake_their_end(fake, task->id, what & 7);
		if (end >= 0 && write(end, output, sizeof(output)) < 0)
			return;
		break;
	case 3:
		if (task->is_starting)
			fake_start(fake, task->id);
		break;
	case 4:
		fake_end(fake, task->id, index & 1 ? 9 : 0);
		break;
	case 5:
		end = fake_their_end(fake, task->id, 0);
		if (end >= 0) {
			static char input[WINDOW / 2];

			if (read(end, input, sizeof(input)) < 0)
				return;
		}
		break;
	case 6:
		if (task->kind == REQUEST_EXEC && !fake->tasks.body_left && !fake->intake.line.length)
			send_half_the_credit(fake, task);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct part rest = { (const char *)data, size };
	static struct fake fake;
	bool vmm_reads;

	signal(SIGPIPE, SIG_IGN);
	fake_open(&fake);
	while (rest.length) {
		struct part piece = cut(&rest, "\xff");

		if (!piece.length)
			continue;
		vmm_reads = !(piece.at[0] & 0x80);
		if (!vmm_reads)
			fill_outbox(&fake);
		act(&fake, (unsigned char)piece.at[0]);
		fake_take(&fake, piece.at + 1, piece.length - 1);
		happen(&fake, vmm_reads);
	}
	check_expected(!fake.errors);
	fake_close(&fake);
	return 0;
}
